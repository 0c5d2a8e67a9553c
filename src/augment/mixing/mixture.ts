import { requireFloats } from '../../losses/checks.js';
import { reduce } from '../../losses/reduction.js';
import { showShape, type Tensor } from '../../tensor/index.js';

/** Examples of a batch, each mixed with another one of it. */
export interface Mixture {
  /** The mixed inputs, of the shape of the batch. */
  readonly x: Tensor;
  /** Which example each was mixed with: positions in the batch, int32 [n]. */
  readonly partner: Tensor;
  /** The share lambda in [0, 1] that an example keeps of itself: one for the batch, [], or one each, [n]. */
  readonly share: Tensor;
}

/**
 * lambda x + (1 - lambda) x' of two batches of examples. Zhang et al. 2018 (arXiv 1710.09412).
 *
 * @param x floats [n, ...]; inputs, or targets that are numbers.
 * @param other floats of the same shape, the partner of each.
 * @param share lambda, [] or [n].
 * @throws RangeError where shapes do not fit, TypeError for integers.
 */
export function mixExamples(x: Tensor, other: Tensor, share: Tensor): Tensor {
  requireFloats('mixExamples', { x, other, share });
  if (x.rank < 1 || x.shape.join() !== other.shape.join() || (share.rank > 0 && share.shape.join() !== `${x.shape[0]}`))
    throw new RangeError(
      `mixExamples: x ${showShape(x.shape)} and other ${showShape(other.shape)} must have one shape [n, ...], and share ${showShape(share.shape)} be [] or [n]`,
    );
  const own = share.rank === 0 ? share : share.reshape([x.shape[0], ...x.shape.slice(1).map(() => 1)]);
  return x.mul(own).add(other.mul(own.neg().add(1)));
}

/**
 * The loss of predictions for mixed inputs: lambda loss(y) + (1 - lambda) loss(y'), with y' the targets of the partners. For cross-entropy and
 * every other loss that is linear in its targets this is the loss for the mixed targets; it asks for no such targets, so any loss will do.
 *
 * @param mixture only `partner` and `share` are looked at.
 * @param targets of the batch before it was mixed, [n, ...]; labels, or anything that the loss takes.
 * @param loss of the predictions for the mixed inputs, given targets: a number, or [n] where shares are [n].
 * @returns a scalar; the mean over examples where the loss is [n], 0 over none.
 * @throws RangeError where shares are [n] and the loss is not.
 */
export function mixedLoss(
  { partner, share }: Omit<Mixture, 'x'>,
  targets: Tensor,
  loss: (targets: Tensor) => Tensor,
): Tensor {
  const [own, other] = [loss(targets), loss(targets.gather(partner))];
  if (share.rank > 0 && own.shape.join() !== share.shape.join())
    throw new RangeError(
      `mixedLoss: the loss ${showShape(own.shape)} must be ${showShape(share.shape)}, one an example, for shares of each: use reduction 'none'`,
    );
  return reduce(own.mul(share).add(other.mul(share.neg().add(1))));
}
