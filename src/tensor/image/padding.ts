import { constant } from '../ops/constant.js';
import { showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';

/** `[before, after]` for each of the last axes. */
export type Widths = readonly (readonly [number, number])[];

/** Which position of an axis of length n stands at position i outside or inside it. */
type Fold = (i: number, n: number) => number;

function padBy(who: string, x: Tensor, widths: Widths, most: (n: number) => number, fold: Fold): Tensor {
  const first = x.rank - widths.length;
  return widths.reduce((y, [before, after], k) => {
    const n = x.shape[first + k];
    if (first < 0 || ![before, after].every((w) => Number.isInteger(w) && w >= 0 && w <= most(n))) {
      throw new RangeError(
        `${who}: widths [${before}, ${after}] do not fit axis ${first + k} of x ${showShape(x.shape)}`,
      );
    }
    if (before === 0 && after === 0) return y;
    const positions = Array.from({ length: before + n + after }, (_, i) => fold(i - before, n));
    return y.gather(constant(positions, 'int32'), first + k);
  }, x);
}

/** The last axes of `x` continued by reflection at their first and last elements, which are not repeated: widths below the length. */
export function padReflect(x: Tensor, widths: Widths): Tensor {
  return padBy(
    'padReflect',
    x,
    widths,
    (n) => n - 1,
    (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  );
}

/** The last axes of `x` continued by their first and last elements. */
export function padReplicate(x: Tensor, widths: Widths): Tensor {
  return padBy(
    'padReplicate',
    x,
    widths,
    (n) => (n > 0 ? Number.POSITIVE_INFINITY : 0),
    (i, n) => Math.min(Math.max(i, 0), n - 1),
  );
}

/** The last axes of `x` continued periodically: widths up to the length. */
export function padCircular(x: Tensor, widths: Widths): Tensor {
  return padBy(
    'padCircular',
    x,
    widths,
    (n) => n,
    (i, n) => (i + n) % n,
  );
}
