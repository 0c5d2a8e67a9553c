import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';
import { type ReductionOptions, reduceShares } from '../reduction.js';
import { type Kernel, kernelEntropy } from './kernels.js';

export interface IConOptions extends ReductionOptions {
  /**
   * Whether the entropy of the supervision is taken off, so that 0 is agreement (KL); without, the cross-entropy of the published code, which
   * has the same gradients with respect to what is learned. Default true.
   */
  readonly subtractEntropy?: boolean;
}

/**
 * I-Con, information contrastive learning: how far a learned distribution q of neighbours is from a supervisory one p, the mean over i of
 * KL(p(. | i) || q(. | i)) = sum_j p(j | i) (log p(j | i) - log q(j | i)), in nats. At least 0, and 0 where they agree; infinite where q
 * rules out what p allows. Rows about which p says nothing are left out of the mean.
 *
 * Which kernels stand for p and q names the method:
 * - {@link gaussianKernel} of the data by {@link perplexityWidths}, Gaussian of embeddings: SNE; {@link studentKernel} of embeddings: t-SNE
 * - {@link labelKernel} of the numbers of samples, Gaussian of cosines: SimCLR's NT-Xent; of labels: SupCon
 * - {@link classKernel} of row numbers, Gaussian of the cosines of two modalities: InfoNCE, CLIP; of labels, Gaussian of the inner products
 *   with class weights: cross-entropy
 * - {@link clusterKernel} of assignments, Gaussian of the data: k-means
 * - {@link graphKernel} or {@link neighbourKernel}, a wide Gaussian of embeddings: spectral clustering's embedding; each point alone in
 *   place of the graph: principal components
 * - a graph, {@link clusterKernel} of a network's assignments, both mixed by {@link mixUniform}: the paper's debiased clustering
 *
 * Alshammari et al. 2025 (arXiv 2504.16929).
 *
 * @param learned log q, [n, m].
 * @param supervision log p, of the same shape. Gradients flow through both: stop them where p is not to learn.
 * @returns a scalar, or [n] with reduction `none`, 0 in rows that are left out.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function iCon(learned: Kernel, supervision: Kernel, options: IConOptions = {}): Tensor {
  const { subtractEntropy = true, reduction } = options;
  requireFloats('iCon', { learned, supervision });
  if (learned.rank !== 2 || learned.shape.join() !== supervision.shape.join())
    throw new RangeError(
      `iCon: learned ${showShape(learned.shape)} and supervision ${showShape(supervision.shape)} must have one shape [n, m]`,
    );
  const possible = supervision.greater(-Infinity);
  // Of pairs that p rules out q may say anything, -Infinity too.
  const probability = possible.where(possible.where(supervision, 0).exp(), 0);
  const crossEntropy = probability.mul(possible.where(learned, 0)).sum(1).neg();
  const losses = subtractEntropy ? crossEntropy.sub(kernelEntropy(supervision)) : crossEntropy;
  return reduceShares(losses, possible.any(1).cast(losses.dtype), reduction);
}
