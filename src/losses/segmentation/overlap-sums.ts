import { showShape, type Tensor } from '../../tensor/index.js';
import { requireClassTargets, requireNumber } from '../checks.js';
import { requireLabelledOptions } from '../labelled.js';
import type { ReductionOptions } from '../reduction.js';

export interface OverlapOptions extends ReductionOptions {
  /** Added to both sides of the fraction, not negative. Default 0. */
  readonly smooth?: number;
  /** Take the sums over the whole batch, a loss for each class, in place of each image. Default false. */
  readonly batch?: boolean;
  /** Weight w of each class, not negative, [classes]: its losses are multiplied by it, and the mean is sum w_c L_c / sum w_c. Default 1. */
  readonly weight?: Tensor;
  /** Integer label of positions that do not count, as if the images were without them. Default: none. */
  readonly ignoreIndex?: number;
}

/** What is predicted and what is there, with 0 where a position does not count. */
export interface Counted {
  /** [n, classes, ...positions]. */
  readonly predicted: Tensor;
  /** Of the same shape. */
  readonly target: Tensor;
  /** The axes that sums are taken over: those of the positions, with `batch` that of the images too. */
  readonly axes: number[];
}

/** Probabilities and targets of overlaps, checked. @throws TypeError or RangeError where arguments or options do not fit. */
export function countedPositions(
  who: string,
  probabilities: Tensor,
  targets: Tensor,
  options: OverlapOptions,
): Counted {
  const { smooth = 0, batch = false, ignoreIndex } = options;
  requireNumber(who, 'smooth', smooth, { low: 0 });
  if (probabilities.rank < 3)
    throw new RangeError(`${who}: probabilities ${showShape(probabilities.shape)} must be [n, classes, ...positions]`);
  const soft = requireClassTargets(who, probabilities, targets);
  requireLabelledOptions(who, probabilities, targets, options);
  const all = soft ? targets : targets.oneHot(probabilities.shape[1], 'bool').cast(probabilities.dtype).moveAxis(-1, 1);
  const counted = ignoreIndex === undefined ? undefined : targets.notEqual(ignoreIndex).expandDims(1);
  const [predicted, target] = [probabilities, all].map((x) => (counted ? counted.where(x, 0) : x));
  return { predicted, target, axes: probabilities.shape.map((_, i) => i).filter((i) => i !== 1 && (batch || i > 0)) };
}

/** 1 - (a + s) / (b + s); 0 where b + s is 0: nothing there and nothing found. */
export function lack(a: Tensor, b: Tensor, { smooth = 0 }: Pick<OverlapOptions, 'smooth'>): Tensor {
  const below = b.add(smooth);
  const nothing = below.equal(0);
  return nothing.where(0, a.add(smooth).div(nothing.where(1, below)).neg().add(1));
}
