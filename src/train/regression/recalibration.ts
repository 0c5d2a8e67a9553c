import { conformalShifts, linearRecalibration } from '../../calibration/index.js';
import { type Key, permutation } from '../../runtime/random/index.js';
import { type NDArray, ndarray } from '../../tensor/index.js';
import { type Coverage, calibrationError, coverageOf, type RowAnswers } from './answers.js';

/** How forecasts fit what came true, as they are and recalibrated. */
export interface Recalibrated {
  readonly before: readonly Coverage[];
  readonly after: readonly Coverage[];
  /** Mean distance of levels and what was observed. */
  readonly errorBefore: number;
  readonly errorAfter: number;
}

/**
 * What recalibration makes of forecasts: each half of the data is corrected by what the other half says, so that nothing is measured on what it was
 * fitted to. Distributions by straight lines through the transforms of the other half, quantiles by conformal shifts.
 *
 * @returns undefined for what is no forecast of several levels.
 */
export function recalibrated(answers: RowAnswers, key: Key): Recalibrated | undefined {
  const before = coverageOf(answers);
  if (!before || before.length < 2) return undefined;
  const corrected = inHalves(answers, key);
  const after = coverageOf(corrected) as readonly Coverage[];
  return { before, after, errorBefore: calibrationError(answers), errorAfter: calibrationError(corrected) };
}

function inHalves(answers: RowAnswers, key: Key): RowAnswers {
  const { targets, quantiles, distributions } = answers;
  const n = targets.shape[0];
  const order = permutation(key, n).data;
  const halves = [order.slice(0, n >> 1), order.slice(n >> 1)];
  const pairs = [halves, [...halves].reverse()];
  const rows = ({ data }: NDArray<'float32'>, at: ArrayLike<number>, width = 1) =>
    Float32Array.from({ length: at.length * width }, (_, k) => data[at[Math.floor(k / width)] * width + (k % width)]);
  if (distributions) {
    const pits = distributions.pits.data.slice();
    for (const [own, other] of pairs) {
      const { cdf } = linearRecalibration(ndarray(rows(distributions.pits, other)));
      for (const i of own) pits[i] = cdf(distributions.pits.data[i]);
    }
    return { ...answers, distributions: { ...distributions, pits: { ...distributions.pits, data: pits } } };
  }
  if (!quantiles) return answers;
  const { levels, values } = quantiles;
  const moved = values.data.slice();
  for (const [own, other] of pairs) {
    const held = ndarray(rows(values, other, levels.length), { shape: [other.length, levels.length] });
    const shifts = conformalShifts(held, ndarray(rows(targets, other)), [...levels]);
    for (const i of own)
      levels.forEach((_, k) => {
        moved[i * levels.length + k] += shifts[k];
      });
  }
  return { ...answers, quantiles: { levels, values: { ...values, data: moved } } };
}
