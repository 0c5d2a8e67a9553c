import { z } from 'zod';
import {
  absoluteProbabilityError,
  acls,
  activePassive,
  crammerSinger,
  crossEntropy,
  focalLoss,
  generalizedCrossEntropy,
  marginLabelSmoothing,
  maxSup,
  multiclassHinge,
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
} from '../losses/index.js';
import type { Tensor } from '../tensor/index.js';
import { type Choice, choice } from './choice.js';

/** From logits [n, classes] and labels [n] to one number. */
export type ClassifierLoss = (logits: Tensor, labels: Tensor) => Tensor;

const share = z.number().min(0).lt(1).optional();
const factor = z.number().min(0).optional();

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
  crammerSinger: choice({}, () => (z, y) => crammerSinger(z, y)),
  crossEntropy: choice({ labelSmoothing: share }, (options) => (z, y) => crossEntropy(z, y, options)),
  focalLoss: choice({ gamma: factor }, (options) => (z, y) => focalLoss(z, y, options)),
  generalizedCrossEntropy: choice(
    { exponent: z.number().positive().max(1).optional() },
    (options) => (z, y) => generalizedCrossEntropy(z, y, options),
  ),
  marginLabelSmoothing: choice(
    { alpha: factor, margin: factor },
    (options) => (z, y) => marginLabelSmoothing(z, y, options),
  ),
  maxSup: choice({ alpha: factor }, (options) => (z, y) => maxSup(z, y, options)),
  multiclassHinge: choice({}, () => (z, y) => multiclassHinge(z, y)),
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
