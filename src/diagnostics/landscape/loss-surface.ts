import { isFloat, type NDArray, ndarray, zipTrees } from '../../tensor/index.js';

/** The loss, or any other number, of concrete variables: as a rule a compiled program and a mean over the batches of a data set. */
export type Evaluation<P> = (variables: P) => number | Promise<number>;

export interface CurveOptions {
  /** Where the positions begin and end, in units of the direction. Default -1 to 1. For an interpolation the authors' code takes -0.5 to 1.5. */
  readonly range?: readonly [from: number, to: number];
  /** Number of positions, evenly spaced, at least 2. An odd number in an even range has 0 among them. Default 51. */
  readonly points?: number;
}

/** A number for each position along a direction. */
export interface LossCurve {
  readonly positions: readonly number[];
  readonly losses: readonly number[];
}

/** A number for each position on a plane: `losses[i][j]` at `y[i]` along the second direction and `x[j]` along the first. */
export interface LossSurface {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly losses: readonly (readonly number[])[];
}

/**
 * The loss along a direction: L(theta + a d) for each position a. Li et al. 2018, section 3.
 *
 * What the loss is evaluated on is the caller's: usually the training set, as in evaluation, without augmentation. Losses are given as they
 * come, also where they are not finite. `variables` are not changed.
 *
 * @param direction a tree of arrays of the structure of `variables`, such as a compiled `randomDirection` gives.
 * @throws TypeError where the trees differ, RangeError where shapes or options do not fit.
 */
export async function lossCurve<P>(
  evaluate: Evaluation<P>,
  variables: P,
  direction: P,
  options: CurveOptions = {},
): Promise<LossCurve> {
  const positions = grid('lossCurve', options);
  const losses: number[] = [];
  for (const a of positions) losses.push(await evaluate(moved(variables, [[a, direction]])));
  return { positions, losses };
}

/**
 * The loss on the plane of two directions: L(theta + a d1 + b d2) for each pair of positions, row by row. The cost is `points`^2 evaluations,
 * 2601 by default. Li et al. 2018, section 3. Arguments as for {@link lossCurve}.
 */
export async function lossSurface<P>(
  evaluate: Evaluation<P>,
  variables: P,
  [first, second]: readonly [P, P],
  options: CurveOptions = {},
): Promise<LossSurface> {
  const positions = grid('lossSurface', options);
  const losses: number[][] = [];
  for (const b of positions) {
    const row: number[] = [];
    for (const a of positions) {
      row.push(
        await evaluate(
          moved(variables, [
            [a, first],
            [b, second],
          ]),
        ),
      );
    }
    losses.push(row);
  }
  return { x: positions, y: positions, losses };
}

/**
 * How much the loss rises around a minimum, as one number: the mean of L(theta + a d) - L(theta) over directions d and positions a, by default
 * +-0.25, +-0.5 and +-1. With directions scaled filter by filter it compares networks of different weights. The summary is ours; Li et al. 2018
 * compare curves by eye.
 *
 * Arguments as for {@link lossCurve}.
 *
 * @throws RangeError where there is no direction or no position.
 */
export async function lossRise<P>(
  evaluate: Evaluation<P>,
  variables: P,
  directions: readonly P[],
  { positions = [-1, -0.5, -0.25, 0.25, 0.5, 1] }: { readonly positions?: readonly number[] } = {},
): Promise<number> {
  if (directions.length === 0 || positions.length === 0)
    throw new RangeError(
      `lossRise: ${directions.length} directions and ${positions.length} positions; both must be some`,
    );
  const least = await evaluate(variables);
  let total = 0;
  for (const direction of directions)
    for (const a of positions) total += (await evaluate(moved(variables, [[a, direction]]))) - least;
  return total / (directions.length * positions.length);
}

function grid(who: string, { range: [from, to] = [-1, 1], points = 51 }: CurveOptions): number[] {
  if (!Number.isInteger(points) || points < 2)
    throw new RangeError(`${who}: points ${points} must be an integer of at least 2`);
  if (!(from < to && Number.isFinite(to - from)))
    throw new RangeError(`${who}: range from ${from} to ${to} must rise and be finite`);
  return Array.from({ length: points }, (_, i) => from + ((to - from) * i) / (points - 1));
}

/** The variables plus steps along directions. */
function moved<P>(variables: P, steps: readonly (readonly [amount: number, direction: P])[]): P {
  return steps.reduce(
    (at, [amount, direction]) =>
      zipTrees('loss landscape: direction', at, direction, (x: NDArray, d: NDArray, path) => {
        if (x.shape.join() !== d.shape.join())
          throw new RangeError(`loss landscape: direction ${path} [${d.shape}] must have the shape [${x.shape}]`);
        if (!isFloat(x.dtype)) return x;
        const data = (x.data as Float64Array).map((value, i) => value + amount * Number(d.data[i]));
        return ndarray(data, { shape: x.shape, dtype: x.dtype });
      }) as P,
    variables,
  );
}
