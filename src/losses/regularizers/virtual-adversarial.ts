import { grad, hvp } from '../../autodiff/index.js';
import { normal } from '../../runtime/random/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';
import { requireRadius, unitPerSample } from './adversarial-perturbation.js';

/** From inputs [n, ...] to logits [n, classes]. */
export type Classifier = (x: Tensor) => Tensor;

export interface VirtualAdversarialOptions {
  /** Length of the perturbation of each sample in the 2-norm over all its elements, in units of the input; epsilon, the one to tune. */
  readonly radius: number;
  /** Steps K towards the dominant direction, one gradient each. Default 1. */
  readonly powerIterations?: number;
  /**
   * Distance xi from x at which the gradient that is a step is taken; 0 stands for the limit, by exact Hessian-vector products, at the cost
   * of a second derivative. Default 1e-6 in float64, as the authors have it, and 1e-3 in float32, where 1e-6 drowns in rounding.
   */
  readonly differenceStep?: number;
}

/**
 * How much the prediction of each sample changes under a perturbation: KL(p(x) || p(x + r)) in nats, with p the softmax of the logits; minus
 * the local distributional smoothness. p(x) is a constant here: derivatives flow through the perturbed side alone, or the model would learn
 * to be constant. Miyato et al. 2018, equation 5 (arXiv 1704.03976).
 *
 * @param model logits of inputs. It is applied to x and to x + r: where it draws dropout masks, let it draw the same both times, and where it
 * has batch statistics, keep the updates of neither pass, by a new context for each application.
 * @param x [n, ...].
 * @param perturbation r, of the shape of x.
 * @returns the mean over samples, or [n] with reduction `none`; never negative but for rounding, 0 for a constant model.
 * @throws RangeError where shapes do not fit.
 */
export function predictionChange(
  model: Classifier,
  x: Tensor,
  perturbation: Tensor,
  { reduction }: ReductionOptions = {},
): Tensor {
  if (perturbation.shape.join() !== x.shape.join())
    throw new RangeError(
      `predictionChange: perturbation ${showShape(perturbation.shape)} must have the shape of x ${showShape(x.shape)}`,
    );
  requireFloats('predictionChange', { x, perturbation });
  return reduce(divergence(referenceOf(model, x), model(x.add(perturbation))), reduction);
}

/**
 * The virtual adversarial perturbation: the r with ||r||_2 = radius of each sample that changes its prediction most, approximated by the
 * dominant eigenvector of the Hessian of KL(p(x) || p(x + r)) at r = 0. From the directions `start` it takes K power iterations
 *
 *   d <- gradient by d of KL(p(x) || p(x + xi u)),  u = d / ||d||_2;     r = radius * u.
 *
 * No labels are needed, and no derivative flows through r. Its sign is arbitrary: the Hessian knows none. A model that is constant around x
 * has r = 0. Miyato et al. 2018, section 3.3 and algorithm 1.
 *
 * @param model as for {@link predictionChange}.
 * @param x [n, ...].
 * @param start of the shape of x, as a rule normal numbers; only directions matter.
 * @returns r, of the shape of x.
 * @throws RangeError where shapes do not fit or an option is out of range.
 */
export function virtualAdversarialPerturbation(
  model: Classifier,
  x: Tensor,
  start: Tensor,
  options: VirtualAdversarialOptions,
): Tensor {
  const { radius, powerIterations = 1, differenceStep = x.dtype === 'float64' ? 1e-6 : 1e-3 } = options;
  requireRadius('virtualAdversarialPerturbation', radius, x);
  if (!Number.isInteger(powerIterations) || powerIterations < 1)
    throw new RangeError(
      `virtualAdversarialPerturbation: powerIterations ${powerIterations} must be a positive integer`,
    );
  if (!(differenceStep >= 0 && differenceStep < Infinity))
    throw new RangeError(`virtualAdversarialPerturbation: differenceStep ${differenceStep} must not be negative`);
  if (start.shape.join() !== x.shape.join() || start.dtype !== x.dtype)
    throw new RangeError(
      `virtualAdversarialPerturbation: start ${start.dtype}${showShape(start.shape)} must be as x ${x.dtype}${showShape(x.shape)}`,
    );
  const reference = referenceOf(model, x);
  const change = (r: Tensor) => divergence(reference, model(x.add(r))).sum();
  const towardsDominant = (u: Tensor) =>
    differenceStep === 0 ? hvp(change, x.zerosLike(), u) : grad(change)(u.mul(differenceStep));
  let direction = unitPerSample(start);
  for (let k = 0; k < powerIterations; k++) direction = unitPerSample(towardsDominant(direction).stopGradient());
  return direction.mul(radius);
}

/**
 * The regulariser of virtual adversarial training: KL(p(x) || p(x + r)) at the virtual adversarial r, started from normal noise. Added to a
 * loss with weight 1 (the authors' alpha), on labelled and unlabelled inputs alike.
 *
 * Radii of the paper: CIFAR-10, whitened, 10 (8 with augmentation); SVHN 2.5 (3.5).
 *
 * @param model as for {@link predictionChange}.
 * @param x as for {@link predictionChange}.
 * @param key of the noise.
 * @returns the mean over samples, or [n] with reduction `none`.
 * @throws as {@link virtualAdversarialPerturbation}.
 */
export function virtualAdversarialLoss(
  model: Classifier,
  x: Tensor,
  key: Tensor,
  { reduction, ...options }: VirtualAdversarialOptions & ReductionOptions,
): Tensor {
  const start = normal(key, x.shape, { dtype: x.dtype === 'float64' ? 'float64' : 'float32' });
  return predictionChange(model, x, virtualAdversarialPerturbation(model, x, start, options), { reduction });
}

/** The clean log-probabilities, held fixed. */
function referenceOf(model: Classifier, x: Tensor): Tensor {
  const logits = model(x);
  if (logits.rank !== 2 || logits.shape[0] !== x.shape[0] || logits.shape[1] === 0)
    throw new RangeError(
      `virtual adversarial training: logits ${showShape(logits.shape)} must be [n, classes] for x ${showShape(x.shape)}`,
    );
  return logits.logSoftmax(1).stopGradient();
}

/** KL(p || q) of each sample. */
function divergence(logP: Tensor, logits: Tensor): Tensor {
  return logP
    .exp()
    .mul(logP.sub(logits.logSoftmax(1)))
    .sum(1);
}
