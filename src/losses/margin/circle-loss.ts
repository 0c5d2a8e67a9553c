import { onesLike, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireLabels, requireNumber } from '../checks.js';
import { type PairwiseOptions, treeOverPairs } from '../contrastive/pairwise.js';
import { allPairs, type PairMiner } from '../metric/miners.js';
import { comparedWith, type Reference } from '../metric/pair-masks.js';
import { type ReducerOptions, reduceCounted } from '../metric/reducers.js';

export interface CircleOptions {
  /** Relaxation m, in [0, 1): similarities of positives should exceed 1 - m, those of negatives should be below m. Default: as each function says. */
  readonly margin?: number;
  /** Scale gamma, above 0. Default: as each function says. */
  readonly scale?: number;
}

function checked(who: string, options: CircleOptions, margin: number, scale: number): Required<CircleOptions> {
  const given = { margin: options.margin ?? margin, scale: options.scale ?? scale };
  requireNumber(who, 'margin', given.margin, { low: 0, high: 1 });
  requireNumber(who, 'scale', given.scale, { low: 0, open: true });
  return given;
}

/** gamma alpha_p (s_p - (1 - m)), alpha_p = max(0, 1 + m - s_p) constant: how well positives do. */
const positiveLogits = (s: Tensor, { margin, scale }: Required<CircleOptions>): Tensor =>
  s
    .neg()
    .add(1 + margin)
    .relu()
    .stopGradient()
    .mul(s.sub(1 - margin))
    .mul(scale);
/** gamma alpha_n (s_n - m), alpha_n = max(0, s_n + m) constant: how badly negatives do. */
const negativeLogits = (s: Tensor, { margin, scale }: Required<CircleOptions>): Tensor =>
  s.add(margin).relu().stopGradient().mul(s.sub(margin)).mul(scale);

export interface CircleLossOptions extends CircleOptions, ReducerOptions {
  /** Which of the positives count, bool of their shape. Default all. */
  readonly positiveMask?: Tensor;
  /** Which of the negatives count, bool of their shape. Default all. */
  readonly negativeMask?: Tensor;
}

/**
 * Circle loss of anchors, given the similarities of each with its positives s_p and its negatives s_n:
 *
 * log(1 + sum_j exp(gamma alpha_n^j (s_n^j - m)) sum_i exp(-gamma alpha_p^i (s_p^i - (1 - m)))), alpha_p = max(0, 1 + m - s_p), alpha_n =
 * max(0, s_n + m), which count as constants: each similarity is pulled by how far it is from where it should be. For one pair the boundary
 * is the circle s_n^2 + (s_p - 1)^2 = 2 m^2. Sun et al. 2020, equations 5, 6 and 8. An anchor without positives or without negatives costs 0
 * and does not count.
 *
 * @param positives similarities in [-1, 1], [..., positives]; `negatives` [..., negatives], the same leading axes.
 * @param options `margin` default 0.25, `scale` default 256, the paper's for faces.
 * @returns a scalar, or [...] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function circleLoss(positives: Tensor, negatives: Tensor, options: CircleLossOptions = {}): Tensor {
  const given = checked('circleLoss', options, 0.25, 256);
  const { positiveMask = onesLike(positives).cast('bool'), negativeMask = onesLike(negatives).cast('bool') } = options;
  requireAnchors(positives, negatives, positiveMask, negativeMask);
  const miss = positiveLogits(positives, given).neg().logSumExp(-1, { where: positiveMask });
  const intrusion = negativeLogits(negatives, given).logSumExp(-1, { where: negativeMask });
  const counted = positiveMask.any(-1).and(negativeMask.any(-1));
  // Inside, so that no derivative goes through infinities; outside, as softplus of 0 is not 0.
  const losses = counted.where(counted.where(miss.add(intrusion), 0).softplus(), 0);
  return reduceCounted(losses, counted, options.reduction);
}

function requireAnchors(positives: Tensor, negatives: Tensor, positiveMask: Tensor, negativeMask: Tensor): void {
  requireFloats('circleLoss', { positives, negatives });
  if (positives.rank < 1 || positives.shape.slice(0, -1).join() !== negatives.shape.slice(0, -1).join())
    throw new RangeError(
      `circleLoss: positives ${showShape(positives.shape)} and negatives ${showShape(negatives.shape)} must have the same leading axes`,
    );
  for (const [name, mask, of] of [
    ['positiveMask', positiveMask, positives],
    ['negativeMask', negativeMask, negatives],
  ] as const)
    if (mask.dtype !== 'bool' || mask.shape.join() !== of.shape.join())
      throw new RangeError(
        `circleLoss: ${name} ${mask.dtype}${showShape(mask.shape)} must be bool${showShape(of.shape)}`,
      );
}

/**
 * Logits whose cross-entropy is circle loss with the label's class weight as the one positive and all others as negatives: gamma alpha_p
 * (cos_y - (1 - m)) for the label, gamma alpha_n (cos_j - m) for the others. Sun et al. 2020, equation 6 for class-level labels.
 *
 * @param cosine between features and classes, [n, classes], see {@link classCosines}; `labels` integers [n].
 * @param options `margin` default 0.25, `scale` default 256.
 * @returns [n, classes].
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function circleLogits(cosine: Tensor, labels: Tensor, options: CircleOptions = {}): Tensor {
  const given = checked('circleLogits', options, 0.25, 256);
  requireLabels('circleLogits', cosine, labels);
  const own = labels.oneHot(cosine.shape[1], 'bool');
  return own.where(positiveLogits(cosine, given), negativeLogits(cosine, given));
}

export interface CirclePairOptions extends CircleOptions, ReducerOptions, PairwiseOptions {
  /** Which pairs count, by their cosine distances; with `chunk`, those of some of the anchors at a time. Default all. */
  readonly miner?: PairMiner;
  /** What the embeddings are compared with. Default: each other. */
  readonly reference?: Reference;
}

/**
 * {@link circleLoss} of a labelled batch: each embedding is an anchor, those of its class its positives, the others its negatives,
 * similarities are cosines.
 *
 * @param embeddings [n, d]; `labels` integers [n].
 * @param options `margin` default 0.4, `scale` default 80, the paper's for retrieval.
 * @returns a scalar, or [n] with reduction `none`; 0 where no anchor has both positives and negatives.
 * @throws RangeError where arguments or options do not fit.
 */
export function circlePairLoss(embeddings: Tensor, labels: Tensor, options: CirclePairOptions = {}): Tensor {
  const { margin, scale } = checked('circlePairLoss', options, 0.4, 80);
  const { miner = allPairs, reference, reduction, chunk } = options;
  const { others, pairsOf } = comparedWith('circlePairLoss', embeddings, labels, reference);
  const ofRows = (cosine: Tensor, rows: Tensor) => {
    const { positive, negative } = miner(cosine.neg().add(1), pairsOf(rows));
    const masks = { positiveMask: positive, negativeMask: negative };
    const losses = circleLoss(cosine, cosine, { margin, scale, ...masks, reduction: 'none' });
    return { losses, counted: positive.any(-1).and(negative.any(-1)) };
  };
  const [a, b] = [embeddings, others].map((x) => x.normalize(-1));
  const none = embeddings.sum(1);
  if (none.size === 0) return reduceCounted(none, none.notEqual(none), reduction);
  const { losses, counted } = treeOverPairs('circlePairLoss', a, b, ofRows, { chunk });
  return reduceCounted(losses, counted, reduction);
}
