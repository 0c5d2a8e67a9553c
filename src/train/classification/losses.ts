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
  type ReductionOptions,
  rescaledSquareLoss,
  reverseCrossEntropy,
  sparsemaxLoss,
  squentropy,
  truncatedCrossEntropy,
} from '../../losses/index.js';
import { reduceLabelled } from '../../losses/labelled.js';
import { type Tensor, zeros } from '../../tensor/index.js';
import { type Choice, type Chosen, choice, made } from '../options/choice.js';
import { type CountOptions, type Counts, counted, countOptions, onTrial } from './counts.js';

/** From logits [n, classes, ...] and labels [n, ...] to one number. */
export type ClassifierLoss = (logits: Tensor, labels: Tensor) => Tensor;

/** A loss of a function of labels: it takes options of this shape, and how much samples count. */
const ofLabels = <S extends z.ZodRawShape>(
  shape: S,
  loss: (logits: Tensor, labels: Tensor, options: z.output<z.ZodObject<S>> & Counts) => Tensor,
): Choice<ClassifierLoss> =>
  choice(
    { ...shape, ...countOptions },
    (options) => (z, y) => loss(z, y, counted(options as CountOptions, z) as never),
  );

/** A loss of each logit alone, of the sigmoid of it: every class against all others, 1 for the label and 0 for the rest. */
const oneVersusAll = <S extends z.ZodRawShape>(
  name: string,
  shape: S,
  loss: (logits: Tensor, targets: Tensor, options: z.output<z.ZodObject<S>> & ReductionOptions) => Tensor,
): Choice<ClassifierLoss> =>
  ofLabels(shape, (z, y, { weight, ignoreIndex, ...options }) => {
    const targets = y.oneHot(z.shape[1], 'float32').cast(z.dtype).moveAxis(-1, 1);
    const losses = loss(z, targets, { ...options, reduction: 'none' } as never);
    // All classes of a sample count as its label does.
    return reduceLabelled(name, losses, z, y.expandDims(1).broadcastTo(z.shape), { weight, ignoreIndex });
  });

const margin = z.number().positive().optional();
const share = z.number().min(0).lt(1).optional();
const factor = z.number().min(0).optional();
const unit = z.number().min(0).max(1).optional();
const coefficients = z.array(z.number()).optional();
const exponent = z.number().positive().max(1).optional();

/** What {@link activePassive} can be made of. */
const robust = {
  active: { normalizedCrossEntropy, normalizedFocalLoss, normalizedGeneralizedCrossEntropy },
  passive: { absoluteProbabilityError, reverseCrossEntropy },
} as const;

/** The losses that classifiers can be trained with, by the names of their functions; each takes its function's options. */
export const classifierLosses: Readonly<Record<string, Choice<ClassifierLoss>>> = {
  absoluteProbabilityError: ofLabels({}, absoluteProbabilityError),
  acls: ofLabels({ alpha: factor, margin: factor, winnerWeight: factor, loserWeight: factor }, acls),
  activePassive: ofLabels(
    {
      active: z.enum(['normalizedCrossEntropy', 'normalizedFocalLoss', 'normalizedGeneralizedCrossEntropy']).optional(),
      passive: z.enum(['absoluteProbabilityError', 'reverseCrossEntropy']).optional(),
      activeWeight: factor,
      passiveWeight: factor,
    },
    (z, y, { active, passive, ...options }) => {
      const parts = { active: active && robust.active[active], passive: passive && robust.passive[passive] };
      return activePassive(z, y, { ...parts, ...options });
    },
  ),
  binaryCrossEntropyWithLogits: oneVersusAll('binaryCrossEntropyWithLogits', {}, binaryCrossEntropyWithLogits),
  binaryFocalLoss: oneVersusAll('binaryFocalLoss', { gamma: factor, alpha: unit }, binaryFocalLoss),
  binaryPolyFocalLoss: oneVersusAll(
    'binaryPolyFocalLoss',
    { coefficients, gamma: factor, alpha: unit },
    binaryPolyFocalLoss,
  ),
  crammerSinger: ofLabels({ margin }, crammerSinger),
  crossEntropy: ofLabels({ labelSmoothing: share }, crossEntropy),
  focalLoss: ofLabels({ gamma: factor }, focalLoss),
  generalizedCrossEntropy: ofLabels({ exponent }, generalizedCrossEntropy),
  hinge: oneVersusAll('hinge', { margin }, (z, t, options) => hinge(z, t.mul(2).sub(1), options)),
  marginLabelSmoothing: ofLabels({ alpha: factor, margin: factor }, marginLabelSmoothing),
  maxSup: ofLabels({ alpha: factor }, maxSup),
  multiclassHinge: ofLabels({ margin }, multiclassHinge),
  // Cross-entropy in two steps.
  negativeLogLikelihood: ofLabels({}, (z, y, options) => negativeLogLikelihood(z.logSoftmax(1), y, options)),
  normalizedAbsoluteProbabilityError: ofLabels({}, normalizedAbsoluteProbabilityError),
  normalizedCrossEntropy: ofLabels({}, normalizedCrossEntropy),
  normalizedFocalLoss: ofLabels({ gamma: factor }, normalizedFocalLoss),
  normalizedGeneralizedCrossEntropy: ofLabels({ exponent }, normalizedGeneralizedCrossEntropy),
  polyFocalLoss: ofLabels({ coefficients, gamma: factor }, polyFocalLoss),
  polyLoss: ofLabels({ coefficients, labelSmoothing: share }, polyLoss),
  rescaledSquareLoss: ofLabels({}, rescaledSquareLoss),
  reverseCrossEntropy: ofLabels({}, reverseCrossEntropy),
  sparsemaxLoss: ofLabels({ labelSmoothing: share }, sparsemaxLoss),
  squentropy: ofLabels({ squareWeight: factor, labelSmoothing: share }, squentropy),
  // The function asks for a number of terms: where p is 0 the slope is minus that number, cross-entropy's has no bound.
  truncatedCrossEntropy: ofLabels(
    { terms: z.number().int().positive().optional(), labelSmoothing: share },
    (z, y, { terms = 8, ...options }) => truncatedCrossEntropy(z, y, { terms, ...options }),
  ),
};

/** Puts a loss in a program of two made-up samples. @throws what the loss throws for its options. */
export function attemptClassifierLoss(loss: Chosen): void {
  const { chosen, classes } = onTrial(loss);
  made(classifierLosses, chosen)(zeros([2, Math.max(2, classes)]), zeros([2], 'int32'));
}
