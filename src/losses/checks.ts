import { isFloat, isInteger, showShape, type Tensor } from '../tensor/index.js';

/** @throws TypeError naming the arguments unless all are floats of one dtype. */
export function requireFloats(who: string, tensors: Readonly<Record<string, Tensor>>): void {
  const named = Object.entries(tensors);
  for (const [name, x] of named)
    if (!isFloat(x.dtype)) throw new TypeError(`${who}: ${name} must be float32 or float64, not ${x.dtype}`);
  for (const [name, x] of named)
    if (x.dtype !== named[0][1].dtype)
      throw new TypeError(`${who}: ${named[0][0]} ${named[0][1].dtype} and ${name} ${x.dtype} must have one dtype`);
}

/** @throws TypeError or RangeError naming both arguments unless they are floats of one dtype and shape. */
export function requireSameShape(who: string, predictions: Tensor, targets: Tensor): void {
  requireFloats(who, { predictions, targets });
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

/**
 * Checks logits [n, classes, ...] and targets: integer labels [n, ...], or probabilities of the shape and dtype of the logits.
 *
 * @returns whether the targets are probabilities.
 * @throws TypeError or RangeError naming what does not fit.
 */
export function requireClassTargets(who: string, logits: Tensor, targets: Tensor, leastClasses = 1): boolean {
  const given = `logits ${showShape(logits.shape)}`;
  if (!isFloat(logits.dtype)) throw new TypeError(`${who}: logits must be float32 or float64, not ${logits.dtype}`);
  if (logits.rank < 2 || logits.shape[1] < leastClasses)
    throw new RangeError(
      `${who}: ${given} must be [n, classes, ...], with ${leastClasses === 1 ? 'classes' : `${leastClasses} classes or more`}`,
    );
  if (isFloat(targets.dtype)) {
    if (targets.shape.join() !== logits.shape.join())
      throw new RangeError(`${who}: soft targets ${showShape(targets.shape)} must have the shape of ${given}`);
    return true;
  }
  if (!isInteger(targets.dtype))
    throw new TypeError(`${who}: targets must be integer labels or probabilities, not ${targets.dtype}`);
  const positions = logits.shape.filter((_, axis) => axis !== 1);
  if (targets.shape.join() !== positions.join())
    throw new RangeError(`${who}: labels ${showShape(targets.shape)} must be ${showShape(positions)} for ${given}`);
  return false;
}

/** @throws TypeError or RangeError unless `x`, called `name`, is floats [n, d] and has integer labels [n]. */
export function requireLabelled(who: string, name: string, x: Tensor, labels: Tensor): void {
  requireFloats(who, { [name]: x });
  if (x.rank !== 2 || !isInteger(labels.dtype) || labels.shape.join() !== `${x.shape[0]}`)
    throw new RangeError(
      `${who}: ${name} ${showShape(x.shape)} and labels ${labels.dtype}${showShape(labels.shape)} must be [n, d] and integers [n]`,
    );
}

/** {@link requireClassTargets} for losses that are defined for integer labels alone. @throws TypeError for probabilities too. */
export function requireLabels(who: string, logits: Tensor, labels: Tensor, leastClasses = 1): void {
  if (requireClassTargets(who, logits, labels, leastClasses))
    throw new TypeError(`${who}: labels must be integers, not ${labels.dtype}`);
}

/** @throws RangeError naming the option `name` unless it is a number of at least `low` (above it with `open`) and at most `high`. */
export function requireNumber(
  who: string,
  name: string,
  value: number,
  { low = -Infinity, high = Infinity, open = false }: { low?: number; high?: number; open?: boolean },
): void {
  if ((open ? value > low : value >= low) && value <= high) return;
  const bounds = [
    ...(low === -Infinity ? [] : [`${open ? 'above' : 'at least'} ${low}`]),
    ...(high === Infinity ? [] : [`at most ${high}`]),
  ];
  throw new RangeError(`${who}: ${name} ${value} must be a number ${bounds.join(' and ')}`);
}
