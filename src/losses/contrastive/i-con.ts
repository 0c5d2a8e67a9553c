import { showShape, stack, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';
import { type ReductionOptions, reduceShares } from '../reduction.js';
import { type Kernel, kernelEntropy } from './kernels.js';

export interface IConOptions extends ReductionOptions {
  /**
   * Whether the entropy of the supervision is taken off, so that 0 is agreement (KL); without, the cross-entropy of the published code, which
   * has the same gradients with respect to what is learned. Of KL(p || q) alone. Default true.
   */
  readonly subtractEntropy?: boolean;
  /**
   * `forward`, KL(p || q), is the paper's. The published playground has two others: `reverse`, KL(q || p) with p held above 1e-10, which leaves out
   * what q need not cover; and `jensenShannon`, half of KL(p || m) + KL(q || m) with m = (p + q) / 2, at most log 2. Default `forward`.
   */
  readonly divergence?: 'forward' | 'reverse' | 'jensenShannon';
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
 * - {@link clusterKernel} of assignments, Gaussian of the data: k-means; Gaussian of a spectral embedding: spectral clustering
 * - {@link graphKernel} or {@link neighbourKernel}, a wide Gaussian of embeddings: that spectral embedding; each point alone in place of the
 *   graph: principal components
 * - a graph, {@link clusterKernel} of a network's assignments, both mixed by {@link mixUniform}: the paper's debiased clustering
 *
 * Alshammari et al. 2025 (arXiv 2504.16929), equation 1 and table 1.
 *
 * @param learned log q, [n, m].
 * @param supervision log p, of the same shape. Gradients flow through both: stop them where p is not to learn.
 * @returns a scalar, or [n] with reduction `none`, 0 in rows that are left out.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function iCon(learned: Kernel, supervision: Kernel, options: IConOptions = {}): Tensor {
  const { subtractEntropy = true, divergence = 'forward', reduction } = options;
  requireFloats('iCon', { learned, supervision });
  if (learned.rank !== 2 || learned.shape.join() !== supervision.shape.join())
    throw new RangeError(
      `iCon: learned ${showShape(learned.shape)} and supervision ${showShape(supervision.shape)} must have one shape [n, m]`,
    );
  const measure = divergences[divergence];
  if (!measure) throw new TypeError(`iCon: divergence ${divergence} must be ${Object.keys(divergences).join(', ')}`);
  if (!subtractEntropy && divergence !== 'forward')
    throw new TypeError(`iCon: subtractEntropy false is for the divergence forward, not ${divergence}`);
  const speaks = supervision.greater(-Infinity).any(1);
  const losses = subtractEntropy ? measure(supervision, learned) : crossEntropy(supervision, learned);
  return reduceShares(speaks.where(losses, 0), speaks.cast(losses.dtype), reduction);
}

const divergences: Record<NonNullable<IConOptions['divergence']>, (p: Kernel, q: Kernel) => Tensor> = {
  forward: (p, q) => kullbackLeibler(p, q),
  reverse: (p, q) => kullbackLeibler(q, p.maximum(Math.log(1e-10))),
  jensenShannon: (p, q) => {
    const middle = stack([p, q]).logSumExp(0).sub(Math.LN2);
    return kullbackLeibler(p, middle).add(kullbackLeibler(q, middle)).div(2);
  },
};

const kullbackLeibler = (p: Kernel, q: Kernel): Tensor => crossEntropy(p, q).sub(kernelEntropy(p));

/** -sum_j p(j | i) log q(j | i), [n]. Of pairs that p rules out q may say anything, -Infinity too. */
function crossEntropy(p: Kernel, q: Kernel): Tensor {
  const possible = p.greater(-Infinity);
  const probability = possible.where(possible.where(p, 0).exp(), 0);
  return probability.mul(possible.where(q, 0)).sum(1).neg();
}
