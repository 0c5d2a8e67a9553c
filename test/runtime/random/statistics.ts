/** What the tests of random numbers measure. Seeds are fixed, so a test that passes once always does. */

/** Mean and variance, and their standard errors. */
export function moments(x: readonly number[]) {
  const average = (of: (x: number) => number) => x.reduce((total, v) => total + of(v), 0) / x.length;
  const mean = average((v) => v);
  const variance = average((v) => (v - mean) ** 2);
  const fourth = average((v) => (v - mean) ** 4);
  return {
    mean,
    variance,
    meanError: Math.sqrt(variance / x.length),
    varianceError: Math.sqrt((fourth - variance ** 2) / x.length),
  };
}

/** The Kolmogorov-Smirnov statistic times sqrt(n): below 1.95 with probability 0.999 for numbers of that distribution. */
export function kolmogorovSmirnov(x: readonly number[], cumulative: (x: number) => number): number {
  const sorted = [...x].sort((a, b) => a - b);
  let largest = 0;
  sorted.forEach((value, i) => {
    const f = cumulative(value);
    largest = Math.max(largest, f - i / sorted.length, (i + 1) / sorted.length - f);
  });
  return largest * Math.sqrt(sorted.length);
}

/** Pearson's statistic of counts against their probabilities. */
export function chiSquare(counts: readonly number[], probabilities: readonly number[]): number {
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.reduce(
    (sum, count, i) => sum + (count - total * probabilities[i]) ** 2 / (total * probabilities[i]),
    0,
  );
}

/** How often each of 0 .. classes - 1 occurs. */
export function countsOf(x: Iterable<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const i of x) counts[i]++;
  return counts;
}

/** The quantile 0.999 of chi-square, by Wilson and Hilferty's approximation (within 1% from 3 degrees of freedom on). */
export function chiSquareLimit(degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + 3.0902323 * Math.sqrt(spread)) ** 3;
}

/** The correlation of two lists of uniform numbers: standard error 1/sqrt(n). */
export function uniformCorrelation(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, x, i) => total + (x - 0.5) * (b[i] - 0.5), 0) / (a.length / 12);
}

/** Distribution function of a gamma variate of shape k; `gammaOfNext` is Gamma(k + 1). */
export function gammaCumulative(k: number, gammaOfNext: number): (x: number) => number {
  return (x) => {
    let term = 1;
    let sum = 1;
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= x / (k + n);
      sum += term;
    }
    return (Math.exp(k * Math.log(x) - x) / gammaOfNext) * sum;
  };
}
