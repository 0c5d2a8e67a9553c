import { arange, ones, showShape, type Tensor, zeros } from '../../tensor/index.js';
import { requireLabelled, requireNumber } from '../checks.js';
import { type ReductionOptions, reduceShares } from '../reduction.js';
import { overPairs, type PairwiseOptions, requireTemperature, unitRows, withoutSelf } from './pairwise.js';

export interface SupConOptions extends ReductionOptions, PairwiseOptions {
  /** A positive number, or a scalar, which may be learned. Default 0.1, the paper's; 0.07 in the authors' code. */
  readonly temperature?: number | Tensor;
  /**
   * Multiplies the loss by temperature / baseTemperature, as the authors' PyTorch code does with 0.07, so that gradients keep their size when
   * the temperature changes. Default: the loss as the equation has it.
   */
  readonly baseTemperature?: number;
  /**
   * How many rows, the first ones, look for their positives; all rows are looked among. With the first views in front this is the authors'
   * contrast mode `one`. Default: all rows, `all`.
   */
  readonly anchors?: number;
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
 * @returns a scalar, or [anchors] with reduction `none`. A batch without positives costs 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function supCon(embeddings: Tensor, labels: Tensor, options: SupConOptions = {}): Tensor {
  const { temperature = 0.1, baseTemperature, form = 'out', emptyAnchors = 'zero', normalize = true } = options;
  const { anchors = embeddings.shape[0], chunk, reduction } = options;
  requireLabelled('supCon', 'embeddings', embeddings, labels);
  requireTemperature('supCon', temperature);
  if (baseTemperature !== undefined)
    requireNumber('supCon', 'baseTemperature', baseTemperature, { low: 0, open: true });
  if (form !== 'out' && form !== 'in') throw new TypeError(`supCon: form ${form} must be 'out' or 'in'`);
  if (!Number.isInteger(anchors) || anchors < 0 || anchors > embeddings.shape[0])
    throw new RangeError(
      `supCon: anchors ${anchors} must be an integer from 0 to the rows of embeddings ${showShape(embeddings.shape)}`,
    );
  const z = unitRows(embeddings, normalize);
  const ofAnchors = (x: Tensor) => (anchors === z.shape[0] ? x : x.slice([[0, anchors]]));
  const scaled = ofAnchors(z).div(temperature);
  const { sumOver, counts } = groupsOf(labels, z.dtype);
  const positives = ofAnchors(counts).sub(1);
  const has = positives.greater(0);
  const many = positives.maximum(1);
  const scoresOf = (ofRows: (scores: Tensor, rows: Tensor) => Tensor) =>
    overPairs('supCon', scaled, z, (products, rows) => ofRows(withoutSelf(products, rows), rows), { chunk });
  const losses =
    form === 'out'
      ? scoresOf((scores) => scores.logSumExp(1)).sub(
          scaled
            .mul(ofAnchors(sumOver(z).sub(z)))
            .sum(1)
            .div(many),
        )
      : scoresOf((scores, rows) => {
          const positive = labels.gather(rows).expandDims(1).equal(labels);
          return scores.logSumExp(1).sub(positive.where(scores, -1e30).logSumExp(1));
        }).add(many.log());
  const counted = has.cast(z.dtype);
  const shares = emptyAnchors === 'skip' ? counted : counted.onesLike();
  const reduced = reduceShares(has.where(losses, 0), shares, reduction);
  return baseTemperature === undefined ? reduced : reduced.mul(temperature).div(baseTemperature);
}

/** Rows of one label: how many there are for each row, itself among them, [n], and the sum over them of the rows of an x [n, d], [n, d]. */
function groupsOf(labels: Tensor, dtype: Tensor['dtype']): { counts: Tensor; sumOver: (x: Tensor) => Tensor } {
  const [n] = labels.shape;
  // Sorted, each label has the number of those that differ from the one before them so far.
  const order = labels.cast('int64').argsort();
  const sorted = labels.gather(order);
  const begins = sorted.notEqual(sorted.roll(1, 0)).cast('int32').mul(arange(n).minimum(1));
  const group = zeros([n], 'int32').scatterElements(order, begins.cumsum(), 0);
  return {
    counts: ones([n], dtype).segmentSum(group, n).gather(group),
    sumOver: (x) => x.segmentSum(group, n).gather(group),
  };
}
