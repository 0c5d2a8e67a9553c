import { randint } from '../../runtime/random/index.js';
import { constant, showShape, type Tensor } from '../../tensor/index.js';
import { type Mixture, mixExamples } from './mixture.js';
import { requireExamples } from './mixup.js';

/**
 * Midpoint mixup: every example mixed half and half with another of its batch, drawn for itself alone, any of them equally likely,
 *
 *   x~_i = (x_i + x_j) / 2,   j uniform.
 *
 * The least loss for a pair of two classes, log 2, asks for both with probability 1/2 however strong either's features are in the pair: where a class
 * has several features that would each do, all of them must then count as much, while plain training stops once one of them does. The targets are
 * mixed alike: {@link mixedLoss}. Chidambaram et al. 2023 (arXiv 2210.13512).
 *
 * @param x [n, ...], floats.
 * @param key of the partners.
 * @throws TypeError or RangeError for other x.
 */
export function midpointMixup(x: Tensor, key: Tensor): Mixture {
  requireExamples('midpointMixup', x);
  const [n] = x.shape;
  const share = constant(0.5, x.dtype);
  const partner = randint(key, [n], { high: Math.max(1, n) });
  return { x: mixExamples(x, x.gather(partner), share), partner, share };
}

/**
 * The expected loss of mixup at a share, over all pairs of examples, those with themselves too: what batches of {@link midpointMixup} are drawn from,
 *
 *   1 / n^2 sum over i, j of lambda loss(y_i) + (1 - lambda) loss(y_j),   for the prediction at lambda x_i + (1 - lambda) x_j.
 *
 * The model is applied to n^2 mixtures at once. Chidambaram et al. 2023 (arXiv 2210.13512).
 *
 * @param model to logits or whatever the loss takes, of [n^2, ...].
 * @param x [n, ...]; `targets` [n, ...].
 * @param loss of predictions and targets, a number or [n^2] of which the mean is taken.
 * @param share lambda, in [0, 1]. Default 1/2.
 * @returns a scalar; with share 1 the loss of the examples themselves.
 * @throws TypeError or RangeError where arguments do not fit.
 */
export function allPairsMixupLoss(
  model: (x: Tensor) => Tensor,
  x: Tensor,
  targets: Tensor,
  loss: (predictions: Tensor, targets: Tensor) => Tensor,
  share = 0.5,
): Tensor {
  requireExamples('allPairsMixupLoss', x);
  const [n, ...rest] = x.shape;
  if (targets.rank < 1 || targets.shape[0] !== n || n === 0)
    throw new RangeError(
      `allPairsMixupLoss: x ${showShape(x.shape)} and targets ${showShape(targets.shape)} must be of as many examples, one or more`,
    );
  if (!(share >= 0 && share <= 1)) throw new RangeError(`allPairsMixupLoss: share ${share} must lie in [0, 1]`);
  const all = (own: Tensor, axis: 0 | 1) => {
    const [, ...shape] = own.shape;
    return own
      .expandDims(axis)
      .broadcastTo([n, n, ...shape])
      .reshape([n * n, ...shape]);
  };
  const predictions = model(
    all(x, 1)
      .mul(share)
      .add(all(x, 0).mul(1 - share))
      .reshape([n * n, ...rest]),
  );
  const [first, second] = [loss(predictions, all(targets, 1)), loss(predictions, all(targets, 0))];
  return first
    .mul(share)
    .add(second.mul(1 - share))
    .mean();
}

/**
 * The least that the loss of {@link midpointMixup} can be with cross-entropy, for classes with as many examples each: (1 - 1 / classes) log 2, as
 * pairs of two classes have log 2 of entropy and others none. Reached only where both classes of every pair are given 1/2.
 *
 * @throws RangeError unless there are classes.
 */
export function midpointLossFloor(classes: number): number {
  if (!Number.isInteger(classes) || classes < 1)
    throw new RangeError(`midpointLossFloor: classes ${classes} must be a positive integer`);
  return (1 - 1 / classes) * Math.LN2;
}
