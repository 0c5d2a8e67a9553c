import { pairOf, type Values } from '../../metrics/values.js';

/** The probability of the positive class from a score. */
export interface ScoreCalibration {
  readonly probability: (score: number) => number;
}

/**
 * The non-decreasing step function of scores that is closest to the outcomes of held-out data in squares, with straight lines between the pools and
 * constants beyond the ends. Zadrozny and Elkan 2002; pool adjacent violators.
 *
 * @param scores of held-out data, of any shape; `outcomes` 0 or 1 of the same.
 */
export function isotonicCalibration(scores: Values, outcomes: Values): ScoreCalibration {
  const [s, y] = pairOf('isotonicCalibration', scores, outcomes);
  if (s.data.length === 0) throw new RangeError('isotonicCalibration: there must be held-out data');
  const order = Array.from(s.data.keys()).sort((a, b) => s.data[a] - s.data[b]);
  const pools: { from: number; to: number; total: number; count: number }[] = [];
  for (const i of order) {
    let pool = { from: s.data[i], to: s.data[i], total: y.data[i], count: 1 };
    for (let last = pools.at(-1); last; last = pools.at(-1)) {
      // Equal scores are one point, whatever their outcomes.
      if (last.to < pool.from && last.total / last.count < pool.total / pool.count) break;
      pools.pop();
      pool = { from: last.from, to: pool.to, total: last.total + pool.total, count: last.count + pool.count };
    }
    pools.push(pool);
  }
  const knots = pools.flatMap(({ from, to, total, count }) => {
    const value = total / count;
    return from === to
      ? [{ at: from, value }]
      : [
          { at: from, value },
          { at: to, value },
        ];
  });
  return {
    probability: (score) => {
      const next = knots.findIndex(({ at }) => at >= score);
      if (next < 0) return knots[knots.length - 1].value;
      const [a, b] = [knots[Math.max(0, next - 1)], knots[next]];
      return a.at === b.at ? b.value : a.value + ((b.value - a.value) * (score - a.at)) / (b.at - a.at);
    },
  };
}

export interface PlattScaling extends ScoreCalibration {
  readonly slope: number;
  readonly offset: number;
}

/**
 * The sigmoid of a straight line through the scores, sigmoid(slope s + offset), of least negative log-likelihood on held-out data, with targets
 * pulled in to (n_1 + 1) / (n_1 + 2) and 1 / (n_0 + 2) so that separable data has a best line. Platt 1999; Newton's method with halved steps.
 *
 * @param scores of held-out data, of any shape; `outcomes` 0 or 1 of the same.
 */
export function plattScaling(scores: Values, outcomes: Values): PlattScaling {
  const [s, y] = pairOf('plattScaling', scores, outcomes);
  if (s.data.length === 0) throw new RangeError('plattScaling: there must be held-out data');
  const positives = y.data.filter((outcome) => outcome > 0).length;
  const negatives = y.data.length - positives;
  const target = y.data.map((outcome) => (outcome > 0 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2)));
  const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const loss = (a: number, b: number) =>
    s.data.reduce((total, x, i) => total + softplus(a * x + b) - target[i] * (a * x + b), 0);
  let [slope, offset] = [0, Math.log((positives + 1) / (negatives + 1))];
  for (let iteration = 0; iteration < 100; iteration++) {
    let [ga, gb, aa, ab, bb] = [0, 0, 1e-12, 0, 1e-12];
    s.data.forEach((x, i) => {
      const p = 1 / (1 + Math.exp(-(slope * x + offset)));
      ga += (p - target[i]) * x;
      gb += p - target[i];
      aa += p * (1 - p) * x * x;
      ab += p * (1 - p) * x;
      bb += p * (1 - p);
    });
    if (Math.hypot(ga, gb) < 1e-12 * s.data.length) break;
    const determinant = aa * bb - ab * ab;
    const [da, db] = [(bb * ga - ab * gb) / determinant, (aa * gb - ab * ga) / determinant];
    let step = 1;
    while (step > 1e-10 && !(loss(slope - step * da, offset - step * db) <= loss(slope, offset))) step /= 2;
    slope -= step * da;
    offset -= step * db;
  }
  return { slope, offset, probability: (score) => 1 / (1 + Math.exp(-(slope * score + offset))) };
}
