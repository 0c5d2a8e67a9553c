import { z } from 'zod';
import {
  balancedL1,
  berHu,
  huber,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
  type ReductionOptions,
  smoothL1,
  wing,
} from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../options/choice.js';

/** From predictions and targets of one shape to one number; 0 of errors that are 0. */
export type RegressionLoss = (predictions: Tensor, targets: Tensor, options?: ReductionOptions) => Tensor;

const positive = z.number().positive().optional();

/** A loss with options of this shape, which are handed to its function. */
const ofErrors = <S extends z.ZodRawShape>(
  shape: S,
  loss: (predictions: Tensor, targets: Tensor, options: z.output<z.ZodObject<S>> & ReductionOptions) => Tensor,
): Choice<RegressionLoss> => choice(shape, (options) => (p, y, reduction) => loss(p, y, { ...options, ...reduction }));

/** The losses of errors that regressions can be trained with, by the names of their functions; each takes its function's options. */
export const regressionLosses: Readonly<Record<string, Choice<RegressionLoss>>> = {
  balancedL1: ofErrors({ alpha: positive, gamma: positive }, balancedL1),
  berHu: ofErrors({ threshold: positive }, berHu),
  huber: ofErrors({ delta: positive }, huber),
  logCosh: ofErrors({}, logCosh),
  meanAbsoluteError: ofErrors({}, meanAbsoluteError),
  meanSquaredError: ofErrors({}, meanSquaredError),
  smoothL1: ofErrors({ beta: z.number().min(0).optional() }, smoothL1),
  wing: ofErrors({ width: positive, curvature: positive }, wing),
};
