import { z } from 'zod';
import { huber, logCosh, meanAbsoluteError, meanSquaredError } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../choice.js';

/** From predictions [n] and targets [n] to one number. */
export type RegressionLoss = (predictions: Tensor, targets: Tensor) => Tensor;

/** The losses that regressions can be trained with, by the names of their functions. */
export const regressionLosses: Readonly<Record<string, Choice<RegressionLoss>>> = {
  huber: choice({ delta: z.number().positive().optional() }, (options) => (p, y) => huber(p, y, options)),
  logCosh: choice({}, () => (p, y) => logCosh(p, y)),
  meanAbsoluteError: choice({}, () => (p, y) => meanAbsoluteError(p, y)),
  meanSquaredError: choice({}, () => (p, y) => meanSquaredError(p, y)),
};
