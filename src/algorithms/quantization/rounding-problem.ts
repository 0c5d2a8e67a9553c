import { type NDArray, toNumbers } from '../../tensor/index.js';

export interface RoundingProblem {
  /** One row of a layer's weights, [n], none of which the grid clips. */
  readonly weights: readonly number[];
  /** Second moments of the layer's inputs, E[x x^T], [n, n]. */
  readonly gram: NDArray | readonly (readonly number[])[];
  /** Distance of levels. Default 1. */
  readonly scale?: number;
}

export interface RoundingSolution {
  /** 1 where a weight rounds up, 0 where down. */
  readonly up: readonly number[];
  /** d G d^T of the changes d of the weights: the mean squared change of the output. */
  readonly cost: number;
}

function prepared({ weights, gram, scale = 1 }: RoundingProblem) {
  const n = weights.length;
  const flat = 'shape' in gram ? toNumbers(gram) : gram.flat();
  if (flat.length !== n * n) throw new RangeError(`rounding: gram of ${flat.length} numbers must be [${n}, ${n}]`);
  const down = weights.map((w) => Math.floor(w / scale) * scale - w);
  const costOf = (up: readonly number[]) => {
    const change = down.map((d, i) => d + up[i] * scale);
    return change.reduce((total, d, i) => total + d * change.reduce((sum, e, j) => sum + flat[i * n + j] * e, 0), 0);
  };
  return { n, flat, down, scale, costOf };
}

/** Each weight to its nearest level, halves up. */
export function roundNearest(problem: RoundingProblem): RoundingSolution {
  const { scale = 1 } = problem;
  const up = problem.weights.map((w) => (w / scale - Math.floor(w / scale) >= 0.5 ? 1 : 0));
  return { up, cost: prepared(problem).costOf(up) };
}

/**
 * The best of all 2^n ways to round a row: the quadratic unconstrained binary problem min d G d^T that AdaRound relaxes, solved by walking
 * through all choices, one weight changed at a time (Gray code). Nagel et al. 2020 (arXiv 2004.10568).
 *
 * @throws RangeError for more than 24 weights.
 */
export function roundExhaustively(problem: RoundingProblem): RoundingSolution {
  const { n, flat, down, scale, costOf } = prepared(problem);
  if (n > 24) throw new RangeError(`roundExhaustively: ${n} weights; 2^${n} choices are too many, 24 are the most`);
  const up = new Array<number>(n).fill(0);
  // G d of the present choice, so that turning weight k costs 2 s (G d)_k + s^2 G_kk.
  const slope = down.map((_, i) => down.reduce((sum, d, j) => sum + flat[i * n + j] * d, 0));
  let cost = costOf(up);
  let best = { cost, up: [...up] };
  for (let i = 1; i < 2 ** n; i++) {
    const k = 31 - Math.clz32(i & -i);
    const by = up[k] === 0 ? scale : -scale;
    cost += 2 * by * slope[k] + by * by * flat[k * n + k];
    up[k] = 1 - up[k];
    for (let j = 0; j < n; j++) slope[j] += by * flat[j * n + k];
    if (cost < best.cost) best = { cost, up: [...up] };
  }
  return { up: best.up, cost: costOf(best.up) };
}
