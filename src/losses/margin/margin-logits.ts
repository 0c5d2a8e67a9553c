import type { Tensor } from '../../tensor/index.js';
import { requireLabels, requireNumber } from '../checks.js';
import { labelPlaces, readLabels, writeLabels } from '../label-places.js';

export interface MarginOptions {
  /** By what all cosines are multiplied (s), above 0. Default 64. */
  readonly scale?: number;
  /**
   * `analytic`: the derivative of the margin. `straightThrough`: that of the plain cosine, as published ArcFace code has it, which changes
   * the logit of the label out of the derivative's sight. Default `analytic`.
   */
  readonly gradient?: 'analytic' | 'straightThrough';
}

/**
 * Logits of a softmax with a margin: s cos_j, and s margin(cos_y) for the label y. Every margin softmax is this with a margin of its own;
 * fed to {@link crossEntropy}. Deng et al. 2019, equation 4.
 *
 * @param cosine between features and classes, [n, classes]; see {@link classCosines}.
 * @param labels integers [n].
 * @param margin of the labels' cosines [n, 1], elementwise.
 * @returns [n, classes].
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function marginLogits(
  cosine: Tensor,
  labels: Tensor,
  margin: (cosine: Tensor) => Tensor,
  options: MarginOptions = {},
  who = 'marginLogits',
): Tensor {
  const { scale = 64, gradient = 'analytic' } = options;
  requireNumber(who, 'scale', scale, { low: 0, open: true });
  if (gradient !== 'analytic' && gradient !== 'straightThrough')
    throw new TypeError(`${who}: gradient ${gradient} must be 'analytic' or 'straightThrough'`);
  requireLabels(who, cosine, labels);
  const places = labelPlaces(labels, cosine.shape[1]);
  const scaled = cosine.mul(scale);
  const target = readLabels(scaled, places).div(scale);
  const moved = margin(target);
  const shown = gradient === 'straightThrough' ? target.add(moved.sub(target).stopGradient()) : moved;
  return writeLabels(scaled, places, shown.mul(scale));
}
