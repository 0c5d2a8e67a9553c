export type Interval = readonly [low: number, high: number];

/**
 * The mean of independent numbers and its 95% confidence interval, mean +- t s / sqrt(n), with the standard deviation s (n - 1 in the
 * denominator) and Student's t of n - 1 degrees of freedom.
 *
 * @throws RangeError when there are fewer than two numbers, or one is not finite.
 */
export function meanInterval(values: readonly number[]): { readonly mean: number; readonly interval: Interval } {
  const n = values.length;
  if (n < 2) throw new RangeError(`meanInterval: ${n} numbers have no interval; there must be two or more`);
  if (!values.every(Number.isFinite)) throw new RangeError(`meanInterval: ${values.join(', ')} are not all finite`);
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((total, v) => total + (v - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile(n - 1) * Math.sqrt(variance / n);
  return { mean, interval: [mean - half, mean + half] };
}

/** The 97.5% quantile of Student's t. */
function studentQuantile(freedom: number): number {
  let [low, high] = [0, 1000];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (upperTail(middle, freedom) > 0.025) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(T > t) for whole degrees of freedom: finite sums, Abramowitz and Stegun 26.7.3 and 26.7.4. */
function upperTail(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  let term = freedom % 2 === 0 ? 1 : cos;
  let sum = freedom === 1 ? 0 : term;
  for (let k = freedom % 2 === 0 ? 1 : 2; k < freedom - 1; k += 2) {
    term *= (k / (k + 1)) * cos * cos;
    sum += term;
  }
  const inside = freedom % 2 === 0 ? sin * sum : (2 / Math.PI) * (angle + sin * sum);
  return (1 - inside) / 2;
}
