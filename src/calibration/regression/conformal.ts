import { numbersOf, rowsOf, type Values } from '../../metrics/values.js';
import { showShape } from '../../tensor/index.js';

/**
 * What to add to predicted quantiles so that they cover: for each level t the ceil((n + 1) t)-th smallest of y - q over held-out data, the rank
 * held to 1 .. n. For exchangeable data P(Y <= q + shift) lies in [t, t + 1 / (n + 1)] where the rank is not held back. Romano et al. 2019 (conformalised
 * quantile regression, one-sided).
 *
 * @param quantiles q of held-out data, [n, levels]; `targets` y [n]; `levels` t [levels], in [0, 1].
 * @returns a shift for each level, in the units of the targets.
 * @throws RangeError without held-out data.
 */
export function conformalShifts(quantiles: Values, targets: Values, levels: Values): number[] {
  const rows = rowsOf('conformalShifts', 'quantiles', quantiles);
  const [y, t] = [targets, levels].map(numbersOf);
  if (rows.length === 0 || y.shape.join() !== `${rows.length}` || t.shape.join() !== `${rows[0].length}`)
    throw new RangeError(
      `conformalShifts: targets ${showShape(y.shape)} and levels ${showShape(t.shape)} must be [n] and [levels] for ${rows.length} rows of quantiles`,
    );
  return Array.from(t.data, (level, k) =>
    conformalQuantile(
      Float64Array.from(rows, (row, i) => y.data[i] - row[k]),
      level,
    ),
  );
}

/** The ceil((n + 1) level)-th smallest of n scores, the rank held to 1 .. n: a bound that a new exchangeable score keeps with that probability. */
export function conformalQuantile(scores: Values | Float64Array, level: number): number {
  const sorted = (scores instanceof Float64Array ? scores.slice() : numbersOf(scores).data.slice()).sort();
  const n = sorted.length;
  if (n === 0) throw new RangeError('conformalQuantile: there must be scores');
  if (!(level >= 0 && level <= 1)) throw new RangeError(`conformalQuantile: level ${level} must lie in [0, 1]`);
  // Rounding must not push the product beyond the whole number it is.
  const rank = Math.ceil((n + 1) * level - 1e-9);
  return sorted[Math.min(n, Math.max(1, rank)) - 1];
}
