import { classLabelsOf, mean, rowsOf, sum, type Values } from '../../metrics/values.js';

/** Probabilities from the logits of a classifier. */
export interface LogitCalibration {
  /** [classes] from [classes]. */
  readonly probabilities: (logits: ArrayLike<number>) => number[];
}

export interface TemperatureScaling extends LogitCalibration {
  /** T: above 1 where the classifier was too sure. */
  readonly temperature: number;
}

function softmax(logits: ArrayLike<number>, inverse = 1): number[] {
  const scaled = Array.from(logits, (z) => z * inverse);
  const peak = Math.max(...scaled);
  const masses = scaled.map((z) => Math.exp(z - peak));
  const total = sum(masses);
  return masses.map((m) => m / total);
}

/**
 * The temperature T under which softmax(z / T) has the least negative log-likelihood on held-out data. Accuracy stays as it is. Guo et al. 2017,
 * section 4.2. The likelihood is concave in 1 / T, so its best is found to machine precision by bisecting the derivative; T is held to
 * [0.001, 1000], the lower end where every sample is right, the upper where logits tell nothing.
 *
 * @param logits [n, classes] of held-out data; `labels` integers [n].
 */
export function temperatureScaling(logits: Values, labels: Values): TemperatureScaling {
  const rows = rowsOf('temperatureScaling', 'logits', logits);
  if (rows.length === 0) throw new RangeError('temperatureScaling: there must be held-out data');
  const y = classLabelsOf('temperatureScaling', labels, rows.length, rows[0].length);
  /** The derivative of the mean negative log-likelihood by 1 / T; it grows with 1 / T. */
  const slope = (inverse: number) =>
    mean(
      rows.map((row, i) => {
        const expected = sum(softmax(row, inverse).map((p, k) => p * row[k]));
        return expected - row[y[i]];
      }),
    );
  let [low, high] = [1e-3, 1e3];
  if (slope(low) >= 0) high = low;
  else if (slope(high) <= 0) low = high;
  while (high - low > 1e-14 * high) {
    const middle = Math.sqrt(low * high);
    if (middle <= low || middle >= high) break;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  const temperature = 1 / high;
  return { temperature, probabilities: (z) => softmax(z, high) };
}
