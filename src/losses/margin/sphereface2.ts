import { showShape, type Tensor } from '../../tensor/index.js';
import { requireLabels, requireNumber } from '../checks.js';
import { labelPlaces, readLabels, writeLabels } from '../label-places.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { classCosines } from './cosines.js';

export interface SphereFace2MarginOptions {
  /**
   * What the margin does. `cosine` (the paper's type C): the adjusted similarity to the label is lessened by it, those to the others grow by
   * it. `angular` (A): it is added to the angle to the label, in radians, up to pi. `multiplicative` (M): that angle is multiplied by it, up
   * to pi. Default `cosine`.
   */
  readonly kind?: 'cosine' | 'angular' | 'multiplicative';
  /** Margin m, not negative; at least 1 where it multiplies. Default 0.4, or 1.7 where it multiplies. */
  readonly margin?: number;
  /** By what similarities are multiplied (r), above 0. Default 40, the published code's. */
  readonly scale?: number;
  /** How much similarities are spread near 1 (t), at least 1; 1 leaves them. Default 3. */
  readonly exponent?: number;
}

export interface SphereFace2BiasOptions extends SphereFace2MarginOptions {
  /** What a positive counts, a negative counting the rest of 1 (lambda), in (0, 1). Default 0.7. */
  readonly positiveWeight?: number;
}

export interface SphereFace2LogitsOptions extends SphereFace2MarginOptions {
  /** What is added to all logits (b), learned; a number or a scalar. Default 0. */
  readonly bias?: number | Tensor;
  /**
   * `straightThrough`: the derivative of r cos + b, as the published code has it, which hides adjustment and margin from the derivative.
   * `analytic`: that of the equation. Default `straightThrough`.
   */
  readonly gradient?: 'analytic' | 'straightThrough';
}

/** How near to -1 and 1 a cosine may come whose angle is taken: there it has no derivative. */
const edge = 1 - 1e-7;

/** The options of a margin with their defaults. */
function checked(who: string, options: SphereFace2MarginOptions) {
  const { kind = 'cosine', scale = 40, exponent = 3 } = options;
  const { margin = kind === 'multiplicative' ? 1.7 : 0.4 } = options;
  if (kind !== 'cosine' && kind !== 'angular' && kind !== 'multiplicative')
    throw new TypeError(`${who}: kind ${kind} must be 'cosine', 'angular' or 'multiplicative'`);
  requireNumber(who, 'margin', margin, { low: kind === 'multiplicative' ? 1 : 0 });
  requireNumber(who, 'scale', scale, { low: 0, open: true });
  requireNumber(who, 'exponent', exponent, { low: 1 });
  return { kind, margin, scale, exponent };
}

/**
 * Logits of SphereFace2, one for each class against all others: u_y = r (g(cos_y) - m) + b for the label and u_j = r (g(cos_j) + m) + b for
 * the others, or with the margin in the angle u_y = r g(cos(min(pi, theta_y + m))) + b and u_j = r g(cos_j) + b, theta_y = acos(cos_y). g(c) = 2
 * ((c + 1) / 2)^t - 1 keeps -1 and 1 and spreads what is near 1. Wen et al. 2022.
 *
 * @param cosine [n, classes], see {@link classCosines}; `labels` integers [n]; one that is no class makes all classes others.
 * @returns [n, classes].
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function sphereFace2Logits(cosine: Tensor, labels: Tensor, options: SphereFace2LogitsOptions = {}): Tensor {
  requireLabels('sphereFace2Logits', cosine, labels);
  return logitsOf('sphereFace2Logits', cosine, labels, options);
}

function logitsOf(who: string, cosine: Tensor, labels: Tensor, options: SphereFace2LogitsOptions): Tensor {
  const { kind, margin, scale, exponent } = checked(who, options);
  const { bias = 0, gradient = 'straightThrough' } = options;
  if (typeof bias !== 'number' && (bias.rank !== 0 || bias.dtype !== cosine.dtype))
    throw new RangeError(
      `${who}: bias ${bias.dtype}${showShape(bias.shape)} must be a number or a ${cosine.dtype} scalar`,
    );
  const adjust = (c: Tensor) => c.add(1).mul(0.5).relu().pow(exponent).mul(2).sub(1);
  const withMargin = (c: Tensor) => {
    const own = labels.oneHot(c.shape[1], 'bool');
    if (kind === 'cosine') return own.where(adjust(c).sub(margin), adjust(c).add(margin));
    const places = labelPlaces(labels, c.shape[1]);
    const angle = readLabels(c, places).clip(-edge, edge).acos();
    const moved = kind === 'angular' ? angle.add(margin) : angle.mul(margin);
    return adjust(writeLabels(c, places, moved.minimum(Math.PI).cos()));
  };
  const similarity =
    gradient === 'analytic' ? withMargin(cosine) : cosine.add(withMargin(cosine).sub(cosine).stopGradient());
  return similarity.mul(scale).add(bias);
}

/**
 * The bias b with which positives and negatives pull equally hard where all cosines are 0, as at the start: lambda sigma(-u_y) = (1 -
 * lambda) (classes - 1) sigma(u_j). With b = 0 the negatives of many classes would hide the positives. Wen et al. 2022, the published code.
 *
 * @param classes at least 2.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function sphereFace2Bias(classes: number, options: SphereFace2BiasOptions = {}): number {
  const { kind, margin, scale, exponent } = checked('sphereFace2Bias', options);
  const { positiveWeight = 0.7 } = options;
  requireWeight('sphereFace2Bias', positiveWeight);
  if (!Number.isInteger(classes) || classes < 2)
    throw new RangeError(`sphereFace2Bias: classes ${classes} must be an integer of at least 2`);
  const adjust = (c: number) => 2 * ((c + 1) / 2) ** exponent - 1;
  const angle = kind === 'angular' ? Math.PI / 2 + margin : (Math.PI / 2) * margin;
  const [own, other] =
    kind === 'cosine'
      ? [adjust(0) - margin, adjust(0) + margin]
      : [adjust(Math.cos(Math.min(Math.PI, angle))), adjust(0)];
  // x = e^b solves p (1 + e^n x) = q e^n x (1 + e^y x) with y, n the logits without b: of both forms of the root, the one that subtracts nothing.
  const odds = positiveWeight / ((1 - positiveWeight) * (classes - 1));
  const root = Math.sqrt((1 - odds) ** 2 + 4 * odds * Math.exp(scale * (own - other)));
  return odds < 1
    ? Math.log(2 * odds) - scale * other - Math.log(1 - odds + root)
    : Math.log((root + odds - 1) / 2) - scale * own;
}

function requireWeight(who: string, positiveWeight: number): void {
  if (!(positiveWeight > 0 && positiveWeight < 1))
    throw new RangeError(`${who}: positiveWeight ${positiveWeight} must lie in (0, 1)`);
}

export interface SphereFace2Options extends SphereFace2LogitsOptions, SphereFace2BiasOptions, LabelledOptions {
  /** What is added to all logits (b), learned; a number or a scalar. Default {@link sphereFace2Bias}. */
  readonly bias?: number | Tensor;
}

/**
 * SphereFace2: a binary classifier for each class, (lambda / r) log(1 + exp(-u_y)) + ((1 - lambda) / r) sum over j other than y of log(1 +
 * exp(u_j)), of {@link sphereFace2Logits}. Nothing is normalised over the classes: parts of them can be computed apart, and a sample of none of
 * them is a negative of all. Wen et al. 2022. The published code has 50 times this, for its SGD.
 *
 * @param features [n, d]; `weights` of the classes, [classes, d] or [classes, subCenters, d], two classes or more; `labels` integers [n],
 * and some other integer for a sample of none of the classes, whose weight is 0 where classes have weights.
 * @returns a scalar, or [n] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function sphereFace2(
  features: Tensor,
  weights: Tensor,
  labels: Tensor,
  options: SphereFace2Options = {},
): Tensor {
  const { scale = 40, positiveWeight = 0.7 } = options;
  requireWeight('sphereFace2', positiveWeight);
  const cosine = classCosines(features, weights, 'sphereFace2');
  requireLabels('sphereFace2', cosine, labels, options.bias === undefined ? 2 : 1);
  const { bias = sphereFace2Bias(cosine.shape[1], options) } = options;
  const logits = logitsOf('sphereFace2', cosine, labels, { ...options, bias });
  const own = labels.oneHot(cosine.shape[1], 'bool');
  const misses = own.where(logits.neg(), logits).softplus();
  const losses = own
    .where(misses.mul(positiveWeight), misses.mul(1 - positiveWeight))
    .sum(1)
    .div(scale);
  return reduceLabelled('sphereFace2', losses, cosine, labels, options);
}
