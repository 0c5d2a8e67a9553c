import { valueAndGrad } from '../../autodiff/index.js';
import { type ArraysIn, type ArraysOut, compile } from '../../runtime/index.js';
import { type MapTree, type NDArray, ndarray, type Tensor } from '../../tensor/index.js';
import { leavesOf, unflatten } from '../../tensor/tree.js';
import { type LinePoint, strongWolfe, type WolfeOptions } from './wolfe.js';

export interface LbfgsOptions {
  /** Pairs of steps and gradient changes that stand for the curvature. Default 10. */
  readonly history?: number;
  /** Default 100. */
  readonly iterations?: number;
  /** It has converged when no element of the gradient is larger. Default 1e-6. */
  readonly gradientTolerance?: number;
  /** It has converged when a step changes the value by less than this share of it. Default 1e-12. */
  readonly valueTolerance?: number;
  /** Of the search along each direction. Default: {@link strongWolfe}'s own. */
  readonly lineSearch?: WolfeOptions;
  /** Called after every iteration. Default: nothing is. */
  readonly onIteration?: (state: {
    readonly iteration: number;
    readonly value: number;
    readonly gradient: number;
  }) => void;
}

export interface Minimum<X> {
  readonly x: X;
  readonly value: number;
  /** Largest element of the gradient there. */
  readonly gradient: number;
  readonly iterations: number;
  /** How often the function and its gradient were computed. */
  readonly evaluations: number;
  /** `line search`: no lower point along the direction, as at the end of the dtype's precision. */
  readonly reason: 'gradient' | 'value' | 'iterations' | 'line search';
}

/**
 * Minimises a smooth function of a tree of arrays by limited-memory BFGS with a line search that satisfies the strong Wolfe conditions, on
 * the whole function: no batches, no noise. Nocedal and Wright 2006, algorithm 7.5. Directions are worked out in float64; the function runs
 * in the dtype of its arguments, of which float64 lets it come closer to the minimum.
 *
 * @param fn of the unknowns and of further arguments, one number.
 * @param start where it begins; not changed.
 * @throws RangeError when the function is not finite at the start.
 */
export async function lbfgs<P, A extends unknown[]>(
  fn: (x: MapTree<P, NDArray, Tensor>, ...rest: A) => Tensor,
  start: P,
  rest: { [K in keyof A]: ArraysIn<A[K]> },
  options: LbfgsOptions = {},
): Promise<Minimum<P>> {
  const { history = 10, iterations = 100, gradientTolerance = 1e-6, valueTolerance = 1e-12, onIteration } = options;
  if (!Number.isInteger(history) || history < 1)
    throw new RangeError(`lbfgs: history ${history} must be a positive integer`);
  const run = compile(valueAndGrad(fn), { name: 'lbfgs' });
  let evaluations = 0;
  const at = async (x: Float64Array): Promise<Point> => {
    evaluations++;
    const [value, gradient] = (await run(
      unflattened(start, x) as ArraysIn<MapTree<P, NDArray, Tensor>>,
      ...rest,
    )) as ArraysOut<[Tensor, P]>;
    return { x, value: Number((value as NDArray).data[0]), gradient: flattened(gradient) };
  };
  try {
    let point = await at(flattened(start));
    if (!Number.isFinite(point.value)) throw new RangeError(`lbfgs: the function is ${point.value} at the start`);
    const pairs: Pair[] = [];
    const finish = (iteration: number, reason: Minimum<P>['reason']): Minimum<P> => ({
      x: unflattened(start, point.x) as P,
      value: point.value,
      gradient: largest(point.gradient),
      iterations: iteration,
      evaluations,
      reason,
    });
    for (let i = 0; i < iterations; i++) {
      if (largest(point.gradient) <= gradientTolerance) return finish(i, 'gradient');
      const direction = scaled(inverseHessianTimes(pairs, point.gradient), -1);
      const found = await search(at, point, direction, pairs.length === 0, options.lineSearch);
      if (!found) return finish(i, 'line search');
      const change = point.value - found.value;
      const pair = { s: minus(found.x, point.x), y: minus(found.gradient, point.gradient) };
      // The strong Wolfe conditions make it positive; the lowest point of a search that ran out need not.
      if (dot(pair.s, pair.y) > 0) pairs.push(pair);
      if (pairs.length > history) pairs.shift();
      point = found;
      onIteration?.({ iteration: i + 1, value: point.value, gradient: largest(point.gradient) });
      if (change <= valueTolerance * Math.max(1, Math.abs(point.value))) return finish(i + 1, 'value');
    }
    return finish(iterations, 'iterations');
  } finally {
    await run.release();
  }
}

interface Point {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A step and the change of the gradient along it. */
interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
}

async function search(
  at: (x: Float64Array) => Promise<Point>,
  from: Point,
  direction: Float64Array,
  first: boolean,
  options?: WolfeOptions,
): Promise<Point | undefined> {
  const evaluate = async (step: number): Promise<LinePoint & { readonly point: Point }> => {
    const point = await at(from.x.map((v, i) => v + step * direction[i]));
    return { step, value: point.value, slope: dot(point.gradient, direction), point };
  };
  const start = { step: 0, value: from.value, slope: dot(from.gradient, direction) };
  // Nothing is known of the scale before the first step.
  const firstStep = first ? Math.min(1, 1 / from.gradient.reduce((total, g) => total + Math.abs(g), 0)) : 1;
  return (await strongWolfe(evaluate, start, firstStep, options))?.point;
}

/** The two loops of algorithm 7.4: the product of the gradient with the inverse Hessian that the pairs describe. */
function inverseHessianTimes(pairs: readonly Pair[], gradient: Float64Array): Float64Array {
  let q = gradient;
  const alphas: number[] = [];
  for (const { s, y } of [...pairs].reverse()) {
    const alpha = dot(s, q) / dot(s, y);
    alphas.unshift(alpha);
    q = plus(q, y, -alpha);
  }
  const last = pairs.at(-1);
  let r = last ? scaled(q, dot(last.s, last.y) / dot(last.y, last.y)) : q;
  pairs.forEach(({ s, y }, i) => {
    r = plus(r, s, alphas[i] - dot(y, r) / dot(s, y));
  });
  return r;
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((total, v, i) => total + v * b[i], 0);
const plus = (a: Float64Array, b: Float64Array, by: number) => a.map((v, i) => v + by * b[i]);
const minus = (a: Float64Array, b: Float64Array) => plus(a, b, -1);
const scaled = (a: Float64Array, by: number) => a.map((v) => v * by);
const largest = (a: Float64Array) => a.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

function flattened(tree: unknown): Float64Array {
  return Float64Array.from(leavesOf<NDArray>(tree).flatMap(({ value }) => Array.from(value.data as Float64Array)));
}

function unflattened(like: unknown, x: Float64Array): unknown {
  let next = 0;
  const leaves = leavesOf<NDArray>(like).map(({ value: { data, shape, dtype } }) => {
    const part = x.slice(next, next + data.length);
    next += data.length;
    return ndarray(part, { shape, dtype });
  });
  return unflatten(like, leaves);
}
