import { z } from 'zod';
import {
  absoluteProbabilityError,
  acls,
  activePassive,
  binaryCrossEntropyWithLogits,
  binaryFocalLoss,
  binaryPolyFocalLoss,
  crammerSinger,
  crossEntropy,
  focalLoss,
  generalizedCrossEntropy,
  hinge,
  marginLabelSmoothing,
  maxSup,
  multiclassHinge,
  negativeLogLikelihood,
  normalizedAbsoluteProbabilityError,
  normalizedCrossEntropy,
  normalizedFocalLoss,
  normalizedGeneralizedCrossEntropy,
  polyFocalLoss,
  polyLoss,
  rescaledSquareLoss,
  reverseCrossEntropy,
  sparsemaxLoss,
  squentropy,
  truncatedCrossEntropy,
} from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../options/choice.js';

/** From logits [n, classes, ...] and labels [n, ...] to one number. */
export type ClassifierLoss = (logits: Tensor, labels: Tensor) => Tensor;

type OfTargets = (logits: Tensor, targets: Tensor) => Tensor;

/** A loss of each logit alone, of the sigmoid of it: every class against all others, 1 for the label and 0 for the rest. */
const oneVersusAll =
  (loss: OfTargets): ClassifierLoss =>
  (z, y) =>
    loss(z, y.oneHot(z.shape[1], 'float32').cast(z.dtype).moveAxis(-1, 1));

const margin = z.number().positive().optional();
const share = z.number().min(0).lt(1).optional();
const factor = z.number().min(0).optional();
const unit = z.number().min(0).max(1).optional();

/** What {@link activePassive} can be made of. */
const robust = {
  active: { normalizedCrossEntropy, normalizedFocalLoss, normalizedGeneralizedCrossEntropy },
  passive: { absoluteProbabilityError, reverseCrossEntropy },
} as const;

/** The losses that classifiers can be trained with, by the names of their functions; each takes its function's options. */
export const classifierLosses: Readonly<Record<string, Choice<ClassifierLoss>>> = {
  absoluteProbabilityError: choice({}, () => (z, y) => absoluteProbabilityError(z, y)),
  acls: choice(
    { alpha: factor, margin: factor, winnerWeight: factor, loserWeight: factor },
    (options) => (z, y) => acls(z, y, options),
  ),
  activePassive: choice(
    {
      active: z.enum(['normalizedCrossEntropy', 'normalizedFocalLoss', 'normalizedGeneralizedCrossEntropy']).optional(),
      passive: z.enum(['absoluteProbabilityError', 'reverseCrossEntropy']).optional(),
      activeWeight: factor,
      passiveWeight: factor,
    },
    ({ active, passive, ...weights }) => {
      const parts = { active: active && robust.active[active], passive: passive && robust.passive[passive] };
      return (z, y) => activePassive(z, y, { ...parts, ...weights });
    },
  ),
  binaryCrossEntropyWithLogits: choice({}, () => oneVersusAll((z, t) => binaryCrossEntropyWithLogits(z, t))),
  binaryFocalLoss: choice({ gamma: factor, alpha: unit }, (options) =>
    oneVersusAll((z, t) => binaryFocalLoss(z, t, options)),
  ),
  binaryPolyFocalLoss: choice({ coefficients: z.array(z.number()).optional(), gamma: factor, alpha: unit }, (options) =>
    oneVersusAll((z, t) => binaryPolyFocalLoss(z, t, options)),
  ),
  crammerSinger: choice({ margin }, (options) => (z, y) => crammerSinger(z, y, options)),
  crossEntropy: choice({ labelSmoothing: share }, (options) => (z, y) => crossEntropy(z, y, options)),
  focalLoss: choice({ gamma: factor }, (options) => (z, y) => focalLoss(z, y, options)),
  generalizedCrossEntropy: choice(
    { exponent: z.number().positive().max(1).optional() },
    (options) => (z, y) => generalizedCrossEntropy(z, y, options),
  ),
  hinge: choice({ margin }, (options) => oneVersusAll((z, t) => hinge(z, t.mul(2).sub(1), options))),
  marginLabelSmoothing: choice(
    { alpha: factor, margin: factor },
    (options) => (z, y) => marginLabelSmoothing(z, y, options),
  ),
  maxSup: choice({ alpha: factor }, (options) => (z, y) => maxSup(z, y, options)),
  multiclassHinge: choice({ margin }, (options) => (z, y) => multiclassHinge(z, y, options)),
  // Cross-entropy in two steps.
  negativeLogLikelihood: choice({}, () => (z, y) => negativeLogLikelihood(z.logSoftmax(1), y)),
  normalizedAbsoluteProbabilityError: choice({}, () => (z, y) => normalizedAbsoluteProbabilityError(z, y)),
  normalizedCrossEntropy: choice({}, () => (z, y) => normalizedCrossEntropy(z, y)),
  normalizedFocalLoss: choice({ gamma: factor }, (options) => (z, y) => normalizedFocalLoss(z, y, options)),
  normalizedGeneralizedCrossEntropy: choice(
    { exponent: z.number().positive().max(1).optional() },
    (options) => (z, y) => normalizedGeneralizedCrossEntropy(z, y, options),
  ),
  polyFocalLoss: choice(
    { coefficients: z.array(z.number()).optional(), gamma: factor },
    (options) => (z, y) => polyFocalLoss(z, y, options),
  ),
  polyLoss: choice(
    { coefficients: z.array(z.number()).optional(), labelSmoothing: share },
    (options) => (z, y) => polyLoss(z, y, options),
  ),
  rescaledSquareLoss: choice({}, () => (z, y) => rescaledSquareLoss(z, y)),
  reverseCrossEntropy: choice({}, () => (z, y) => reverseCrossEntropy(z, y)),
  sparsemaxLoss: choice({}, () => (z, y) => sparsemaxLoss(z, y)),
  squentropy: choice({ squareWeight: factor }, (options) => (z, y) => squentropy(z, y, options)),
  // The function asks for a number of terms: where p is 0 the slope is minus that number, cross-entropy's has no bound.
  truncatedCrossEntropy: choice(
    { terms: z.number().int().positive().optional() },
    ({ terms = 8 }) =>
      (z, y) =>
        truncatedCrossEntropy(z, y, { terms }),
  ),
};
