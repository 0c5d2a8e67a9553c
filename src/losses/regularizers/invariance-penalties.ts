import { grad } from '../../autodiff/index.js';
import { eigh, eye, isFloat, isInteger, showShape, solve, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';
import { crossEntropy } from '../classification/cross-entropy.js';
import { meanSquaredError } from '../regression/mean-squared-error.js';

export interface PenaltyOptions {
  /**
   * Take the product of the gradients of the two halves of the batch (samples 0, 2, ... and 1, 3, ...) in place of the square of one
   * gradient, whose expectation has the variance of the gradient in it, as DomainBed does. May be negative. Default false, as in the code of
   * Arjovsky et al.
   */
  readonly splitBatch?: boolean;
}

export interface GramianOptions {
  /**
   * What is added to the diagonal of the Gramian, as a share of its mean: relative, so that small features have no smaller penalty. Decides
   * where there are fewer samples than features. Positive. Default 1e-6.
   */
  readonly ridge?: number;
}

/** The Gramian M = E[phi phi^T] of features [n, d] of one domain: [d, d]. @throws RangeError for features that are none. */
export function featureGramian(features: Tensor): Tensor {
  requireFeatures('featureGramian', features);
  return features.transpose().matmul(features).div(features.shape[0]);
}

/**
 * The least and the largest eigenvalue of the Gramian of features [n, d], and their ratio, infinite where the least is 0. A large ratio says
 * that {@link irmPenalty} tells little of the excess risk: 4 min rho2 <= rho1 <= 4 max rho2. Khezeli et al. 2021 (arXiv 2106.09777).
 *
 * @throws RangeError for features that are none.
 */
export function gramianSpectrum(features: Tensor): {
  readonly min: Tensor;
  readonly max: Tensor;
  readonly condition: Tensor;
} {
  requireFeatures('gramianSpectrum', features);
  const [values] = eigh(featureGramian(features));
  const [min, max] = [values.at(0).relu(), values.at(-1).relu()];
  // Features of nothing but zeros have no ratio of their own.
  const nothing = max.equal(0);
  return { min, max, condition: nothing.where(Infinity, max.div(nothing.where(1, min))) };
}

/**
 * The penalty of invariant risk minimisation (IRMv1) in one domain, for a linear head w on features phi: rho1 = ||g||^2 with
 * g = gradient of the risk R(w) by w. For the squared loss R(w) = E (w . phi - y)^2, with M the Gramian of the features and w* the domain's
 * best head, g = 2 M (w - w*): features that shrink make the penalty vanish whatever they are, which {@link irmExcessRiskPenalty} mends.
 * Arjovsky et al. 2019, equation (IRMv1).
 *
 * @param features phi, [n, d], of the samples of one domain.
 * @param head w, [d] with the squared loss, or [classes, d] with cross-entropy.
 * @param targets floats [n] for the squared loss; integer labels [n] for cross-entropy.
 * @returns one number; derivatives flow to features, head and targets.
 * @throws RangeError where shapes do not fit, or there are no two halves to split into.
 */
export function irmPenalty(features: Tensor, head: Tensor, targets: Tensor, options: PenaltyOptions = {}): Tensor {
  const [a, b] = gradientPair('irmPenalty', features, head, targets, options);
  return a.mul(b).sum();
}

/**
 * The penalty that weighs the gradient by the inverse Gramian (IRMv2), in one domain: rho2 = 1/4 g^T M^-1 g.
 *
 * For the squared loss it is the excess risk of the head, R(w) - R(w*) = (w - w*)^T M (w - w*): not negative, 0 for the domain's best head
 * alone, and the same for features A phi with head A^-T w. For cross-entropy it sums the rows of the gradient, 1/4 tr(G M^-1 G^T), with the
 * same Gramian: a lower bound of the scaled excess risk, whose Hessian is at most M / 2. Features of nothing but zeros have penalty 0.
 * Khezeli et al. 2021 (arXiv 2106.09777), whose code is not public; the factor 1/4, which makes it the excess risk, and the form for
 * cross-entropy are ours.
 *
 * Arguments as for {@link irmPenalty}. Derivatives flow through the gradient and the Gramian.
 *
 * @throws RangeError as {@link irmPenalty}, and for a ridge that is not positive.
 */
export function irmExcessRiskPenalty(
  features: Tensor,
  head: Tensor,
  targets: Tensor,
  options: PenaltyOptions & GramianOptions = {},
): Tensor {
  const [a, b] = gradientPair('irmExcessRiskPenalty', features, head, targets, options);
  const gramian = ridged('irmExcessRiskPenalty', featureGramian(features), options);
  return rowsOf(a)
    .mul(solve(gramian, rowsOf(b).transpose()).transpose())
    .sum()
    .mul(0.25);
}

/**
 * {@link irmPenalty} with the weight that makes it at least the excess risk (IRMv1A), in one domain: rho1 / (4 m), m the least eigenvalue of
 * the Gramian, a constant here. Khezeli et al. 2021; the factor 1/4 is
 * ours, so that it bounds {@link irmExcessRiskPenalty}.
 *
 * Arguments as for {@link irmExcessRiskPenalty}.
 */
export function irmAdaptivePenalty(
  features: Tensor,
  head: Tensor,
  targets: Tensor,
  options: PenaltyOptions & GramianOptions = {},
): Tensor {
  const [a, b] = gradientPair('irmAdaptivePenalty', features, head, targets, options);
  const [values] = eigh(ridged('irmAdaptivePenalty', featureGramian(features), options));
  return a.mul(b).sum().div(values.at(0).mul(4).stopGradient());
}

/**
 * The squared distance of a head from the domain's best for the squared loss, ||w - M^-1 E[phi y]||^2: the penalty that
 * Arjovsky et al. 2019 start from (section 3.1) and give up because it jumps where the Gramian loses rank.
 *
 * @param features [n, d]; `head` [d]; `targets` floats [n].
 * @throws RangeError where shapes do not fit, and for a ridge that is not positive.
 */
export function irmHeadDistance(features: Tensor, head: Tensor, targets: Tensor, options: GramianOptions = {}): Tensor {
  if (head.rank !== 1)
    throw new RangeError(`irmHeadDistance: head ${showShape(head.shape)} must be [d]: the squared loss alone has it`);
  requireFit('irmHeadDistance', features, head, targets);
  const moment = features.transpose().matmul(targets).div(features.shape[0]);
  const best = solve(ridged('irmHeadDistance', featureGramian(features), options), moment);
  return head.sub(best).square().sum();
}

/**
 * {@link irmPenalty} in its popular form, in one domain: the prediction itself is the feature and the head a fixed scale of 1, so that
 * rho1 = (dR(s f) / ds)^2 at s = 1. Arjovsky et al. 2019, section 3.1.
 *
 * @param predictions f: floats [n] with float targets for the squared loss, where dR/ds = 2 E f (f - y), or logits [n, classes] with
 * integer labels for cross-entropy.
 * @param targets of the samples of one domain, [n].
 * @throws RangeError where shapes do not fit, or there are no two halves to split into.
 */
export function irmScalePenalty(predictions: Tensor, targets: Tensor, options: PenaltyOptions = {}): Tensor {
  const [a, b] = scaleGradientPair('irmScalePenalty', predictions, targets, options);
  return a.mul(b);
}

/**
 * {@link irmExcessRiskPenalty} with a scale of the prediction as the head, in one domain: rho2 = g^2 / (4 E f^2), with
 * g = dR(s f) / ds at s = 1; for logits f^2 is the mean square over classes. Unlike {@link irmScalePenalty} it does not vanish with f:
 * towards f = 0 it tends to the share of the targets that f explains, E[f y]^2 / E[f^2]. At f = 0 itself it is 0. Khezeli et al. 2021.
 *
 * Arguments as for {@link irmScalePenalty}.
 */
export function irmScaleExcessRiskPenalty(predictions: Tensor, targets: Tensor, options: PenaltyOptions = {}): Tensor {
  const [a, b] = scaleGradientPair('irmScaleExcessRiskPenalty', predictions, targets, options);
  const power = predictions.square().mean();
  const nothing = power.equal(0);
  return nothing.where(0, a.mul(b).div(nothing.where(1, power).mul(4)));
}

function gradientPair(
  who: string,
  features: Tensor,
  head: Tensor,
  targets: Tensor,
  options: PenaltyOptions,
): [Tensor, Tensor] {
  requireFit(who, features, head, targets);
  return halves(who, features, targets, options, (phi, y) =>
    grad((w: Tensor) =>
      w.rank === 1 ? meanSquaredError(phi.matmul(w), y) : crossEntropy(phi.matmul(w.transpose()), y),
    )(head),
  );
}

function scaleGradientPair(
  who: string,
  predictions: Tensor,
  targets: Tensor,
  options: PenaltyOptions,
): [Tensor, Tensor] {
  requireFloats(who, isFloat(targets.dtype) ? { predictions, targets } : { predictions });
  const classified = predictions.rank === 2 && isInteger(targets.dtype);
  const regressed = predictions.rank === 1 && isFloat(targets.dtype);
  if (!(classified || regressed) || targets.shape.join() !== `${predictions.shape[0]}` || predictions.size === 0)
    throw new RangeError(
      `${who}: predictions ${showShape(predictions.shape)} and targets ${targets.dtype}${showShape(targets.shape)} must be floats [n] both, or logits [n, classes] and integers [n]`,
    );
  const risk = classified ? crossEntropy : meanSquaredError;
  return halves(who, predictions, targets, options, (f, y) =>
    grad((scale: Tensor) => risk(f.mul(scale), y))(predictions.sum().onesLike()),
  );
}

/** The gradients of both halves of a batch, or that of all of it two times. */
function halves(
  who: string,
  x: Tensor,
  y: Tensor,
  { splitBatch = false }: PenaltyOptions,
  gradient: (x: Tensor, y: Tensor) => Tensor,
): [Tensor, Tensor] {
  if (!splitBatch) {
    const whole = gradient(x, y);
    return [whole, whole];
  }
  if (x.shape[0] < 2) throw new RangeError(`${who}: ${x.shape[0]} sample(s) cannot be split into two halves`);
  const half = (first: number) => gradient(x.slice([[first, null, 2]]), y.slice([[first, null, 2]]));
  return [half(0), half(1)];
}

function rowsOf(gradient: Tensor): Tensor {
  return gradient.rank === 1 ? gradient.expandDims(0) : gradient;
}

/** A Gramian with the ridge on its diagonal; the identity in place of one of zeros, so that it can be solved. */
function ridged(who: string, gramian: Tensor, { ridge = 1e-6 }: GramianOptions): Tensor {
  if (!(ridge > 0)) throw new RangeError(`${who}: ridge ${ridge} must be positive`);
  const d = gramian.shape[0];
  const trace = gramian.trace();
  const share = trace.equal(0).where(1, trace.mul(ridge / d));
  return gramian.add(eye(d, d, gramian.dtype).mul(share));
}

function requireFeatures(who: string, features: Tensor): void {
  requireFloats(who, { features });
  if (features.rank !== 2 || features.size === 0)
    throw new RangeError(`${who}: features ${showShape(features.shape)} must be [n, d], not empty`);
}

function requireFit(who: string, features: Tensor, head: Tensor, targets: Tensor): void {
  requireFeatures(who, features);
  const [n, d] = features.shape;
  const classified = head.rank === 2 && isInteger(targets.dtype);
  const regressed = head.rank === 1 && isFloat(targets.dtype);
  if (!(classified || regressed) || head.shape[head.rank - 1] !== d || targets.shape.join() !== `${n}`)
    throw new RangeError(
      `${who}: head ${showShape(head.shape)} and targets ${targets.dtype}${showShape(targets.shape)} must be [${d}] and floats [${n}], or [classes, ${d}] and integers [${n}], for features ${showShape(features.shape)}`,
    );
  requireFloats(who, isFloat(targets.dtype) ? { features, head, targets } : { features, head });
}
