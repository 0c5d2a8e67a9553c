import { showShape, type Tensor } from '../tensor/index.js';

/** @throws RangeError naming both arguments unless they have one shape. */
export function requireSameShape(who: string, predictions: Tensor, targets: Tensor): void {
  if (predictions.shape.join() !== targets.shape.join()) {
    throw new RangeError(
      `${who}: predictions ${showShape(predictions.shape)} and targets ${showShape(targets.shape)} must have one shape`,
    );
  }
}

/** @throws RangeError naming the option `name` unless its value broadcasts to the shape of `predictions`, adding no axis or length to it. */
export function requireBroadcast(who: string, name: string, value: Tensor, predictions: Tensor): void {
  const lead = predictions.rank - value.rank;
  if (lead < 0 || value.shape.some((n, i) => n !== 1 && n !== predictions.shape[lead + i])) {
    throw new RangeError(
      `${who}: ${name} ${showShape(value.shape)} must broadcast to predictions ${showShape(predictions.shape)}`,
    );
  }
}
