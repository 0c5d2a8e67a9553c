import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';
import { softenedDivergence } from './softened-divergence.js';

export interface DistillationOptions extends ReductionOptions {
  /** T, above 0: softens both distributions. Default 4. */
  readonly temperature?: number;
}

/**
 * Knowledge distillation: how far the softened predictions of a student are from those of a teacher, in nats,
 *
 *   T^2 KL(softmax(t / T) || softmax(z / T)),
 *
 * whose gradient has the same size at every temperature. No gradient goes to the teacher. Hinton, Vinyals and Dean 2015.
 *
 * @param student logits z [n, classes]; `teacher` logits t of the same samples, in evaluation mode.
 * @returns a scalar, or [n] with reduction `none`. 0 where both predict the same.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function distillationLoss(student: Tensor, teacher: Tensor, options: DistillationOptions = {}): Tensor {
  const { temperature = 4, reduction } = options;
  requireFloats('distillationLoss', { student, teacher });
  requireNumber('distillationLoss', 'temperature', temperature, { low: 0, open: true });
  if (student.rank !== 2 || student.shape.join() !== teacher.shape.join())
    throw new RangeError(
      `distillationLoss: student ${showShape(student.shape)} and teacher ${showShape(teacher.shape)} must be one shape [n, classes]`,
    );
  return reduce(softenedDivergence(student, teacher, temperature).mul(temperature ** 2), reduction);
}
