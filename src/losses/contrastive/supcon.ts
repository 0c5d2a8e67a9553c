import type { Tensor } from '../../tensor/index.js';
import { requireLabelled } from '../checks.js';
import { type ReductionOptions, reduceShares } from '../reduction.js';
import { isSelf } from './info-nce.js';
import { overPairs, type PairwiseOptions, requireTemperature, unitRows } from './pairwise.js';

export interface SupConOptions extends ReductionOptions, PairwiseOptions {
  /** A positive number, or a scalar, which may be learned. Default 0.1, the paper's. */
  readonly temperature?: number | Tensor;
  /** The mean over positives outside the logarithm (equation 2, better in the paper), or inside (equation 3). Default `out`. */
  readonly form?: 'out' | 'in';
  /** Rows without a positive: 0, counted in the mean as in the official code, or left out of it. Default `zero`. */
  readonly emptyAnchors?: 'zero' | 'skip';
  /** Give rows length 1 first. Default true. */
  readonly normalize?: boolean;
}

/**
 * Supervised contrastive loss: for each row i the mean over its positives p, the other rows of its label, of -log of exp(z_i . z_p / tau) over
 * the sum of exp(z_i . z_a / tau) over all other rows a. Khosla et al. 2020, equations 2 and 3. Two views of an item are two rows of one label;
 * with a label for each item it is NT-Xent.
 *
 * @param embeddings [n, d]; `labels` integers [n].
 * @returns a scalar, or [n] with reduction `none`. A batch without positives costs 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function supCon(embeddings: Tensor, labels: Tensor, options: SupConOptions = {}): Tensor {
  const { temperature = 0.1, form = 'out', emptyAnchors = 'zero', normalize = true, chunk, reduction } = options;
  requireLabelled('supCon', 'embeddings', embeddings, labels);
  requireTemperature('supCon', temperature);
  if (form !== 'out' && form !== 'in') throw new TypeError(`supCon: form ${form} must be 'out' or 'in'`);
  const z = unitRows(embeddings, normalize);
  const positivesOf = (scores: Tensor, rows: Tensor) => {
    const self = isSelf(scores, rows);
    return { self, positive: labels.gather(rows).expandDims(1).equal(labels).and(self.not()) };
  };
  const losses = overPairs(
    'supCon',
    z,
    z,
    (products, rows) => {
      const scores = products.div(temperature);
      const { self, positive } = positivesOf(scores, rows);
      const all = self.where(-1e30, scores).logSumExp(1);
      const count = positive.cast(z.dtype).sum(1);
      const has = count.greater(0);
      const mean =
        form === 'out'
          ? positive.where(scores, 0).sum(1).div(count.maximum(1))
          : positive.where(scores, -1e30).logSumExp(1).sub(count.maximum(1).log());
      return has.where(all.sub(mean), 0);
    },
    { chunk },
  );
  const counted = labels.expandDims(1).equal(labels).cast(z.dtype).sum(1).greater(1);
  return reduceShares(losses, (emptyAnchors === 'skip' ? counted : counted.onesLike()).cast(z.dtype), reduction);
}
