import { showShape, type Tensor } from '../../tensor/index.js';
import { type ReductionOptions, reduce } from '../reduction.js';
import { overPairs, ownScores, type PairwiseOptions, requirePairs, unitRows } from './pairwise.js';

export interface SigmoidPairOptions extends ReductionOptions, PairwiseOptions {
  /** Logarithm of the factor of the products, t', learned; a number or a scalar. Default log 10, the paper's start. */
  readonly logScale?: number | Tensor;
  /** What is added to them, b, learned; a number or a scalar. Default -10, the paper's start. */
  readonly bias?: number | Tensor;
  /** True for pairs that belong together, [n, n]. Default: row i and row i. Not for chunks. */
  readonly pairs?: Tensor;
  /** Give rows length 1 first. Default true. */
  readonly normalize?: boolean;
}

/**
 * The sigmoid loss of pairs: for each x_i the sum over all y_j of log(1 + exp(-s_ij l_ij)), l_ij = exp(t') x_i . y_j + b, s_ij = 1 where the two
 * belong together and -1 elsewhere. Every pair is a problem of its own, so nothing is normalised over the batch. Zhai, Mustafa, Kolesnikov and
 * Beyer 2023 (SigLIP, arXiv 2303.15343).
 *
 * @param x [n, d]; `y` of the same shape.
 * @returns the mean over rows of x, a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function sigmoidPairLoss(x: Tensor, y: Tensor, options: SigmoidPairOptions = {}): Tensor {
  const { logScale = Math.log(10), bias = -10, pairs, normalize = true, chunk, reduction } = options;
  requirePairs('sigmoidPairLoss', x, y);
  if (pairs && chunk !== undefined) throw new TypeError('sigmoidPairLoss: pairs and chunk do not go together');
  if (pairs && (pairs.dtype !== 'bool' || pairs.shape.join() !== [x.shape[0], x.shape[0]].join()))
    throw new RangeError(
      `sigmoidPairLoss: pairs ${pairs.dtype}${showShape(pairs.shape)} must be bool [${x.shape[0]}, ${x.shape[0]}]`,
    );
  for (const [name, value] of Object.entries({ logScale, bias }))
    if (typeof value !== 'number' && (value.rank !== 0 || value.dtype !== x.dtype))
      throw new RangeError(
        `sigmoidPairLoss: ${name} ${value.dtype}${showShape(value.shape)} must be a number or a ${x.dtype} scalar`,
      );
  const scale = typeof logScale === 'number' ? Math.exp(logScale) : logScale.exp();
  const losses = overPairs(
    'sigmoidPairLoss',
    unitRows(x, normalize).mul(scale),
    unitRows(y, normalize),
    (products, rows) => {
      const logits = products.add(bias);
      const signed = pairs
        ? pairs.where(logits.neg(), logits)
        : logits.scatterElements(rows.expandDims(1), ownScores(logits, rows).neg(), 1);
      return signed.softplus().sum(1);
    },
    { chunk },
  );
  return reduce(losses, reduction);
}
