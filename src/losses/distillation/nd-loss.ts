import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireLabelled } from '../checks.js';
import { labelPlaces, readLabels } from '../label-places.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';

/** <s_i, e_c> of every class, [n, classes], with e_c the unit vector of its mean, 0 for a mean of zeros. */
function alongMeans(who: string, student: Tensor, means: Tensor, labels: Tensor): Tensor {
  requireFloats(who, { student, means });
  requireLabelled(who, 'student', student, labels);
  if (means.rank !== 2 || means.shape[0] < 1 || means.shape[1] !== student.shape[1])
    throw new RangeError(
      `${who}: means ${showShape(means.shape)} must be [classes, ${student.shape[1]}] for student ${showShape(student.shape)}`,
    );
  return student.matmul(means.stopGradient().normalize(1).transpose());
}

/** 1 - <s_i, e_y> / length; 1 where the length is 0, without a derivative, and for labels that are no class. */
function shortfall(who: string, along: Tensor, labels: Tensor, length: Tensor, options: LabelledOptions): Tensor {
  const own = readLabels(along, labelPlaces(labels, along.shape[1])).squeeze(-1);
  const nothing = length.equal(0);
  // The inner `where` keeps 0 / 0 out of the derivative.
  const losses = nothing.where(1, own.div(nothing.where(1, length)).neg().add(1));
  return reduceLabelled(who, losses, along, labels, options);
}

/**
 * ND loss: the features of a student drawn to the direction of the teacher's class means, and lengthened as long as they are shorter than the
 * teacher's,
 *
 *   1 - <s, e_y> / max(||s||, ||t||),   e_c = c_c / ||c_c||.
 *
 * Where the student is as long as the teacher or longer this is 1 - cos(s, e_y), whose gradient only turns s; where it is shorter, 1 - <s, e_y> / ||t||,
 * whose gradient -e_y / ||t|| turns and lengthens it. It is added to any loss of distillation: as X++ to a method X, weighing 0.5 to 4. Wang et al.
 * 2023 (arXiv 2305.17007).
 *
 * Where widths differ the authors put batch normalisation, dropout of 0.5 and a linear layer between the student's features and this loss,
 * in training alone; the student's classifier keeps its own features.
 *
 * @param student features s [n, d] that the student's last linear layer takes.
 * @param teacher features t of the same samples, [n, d], which count as constants.
 * @param means c [classes, d] of the teacher's features over the whole training set, constants, as `classFeatureMeans` of `cotangent/diagnostics`
 * gives them; a class without samples is zeros and costs 1.
 * @param labels integers [n].
 * @returns in [0, 2]: a scalar, or [n] with reduction `none`. 1 where both features are zeros.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function ndLoss(
  student: Tensor,
  teacher: Tensor,
  means: Tensor,
  labels: Tensor,
  options: LabelledOptions = {},
): Tensor {
  requireFloats('ndLoss', { student, teacher });
  const along = alongMeans('ndLoss', student, means, labels);
  if (teacher.shape.join() !== student.shape.join())
    throw new RangeError(
      `ndLoss: student ${showShape(student.shape)} and teacher ${showShape(teacher.shape)} must be one shape [n, d]`,
    );
  const [own, wanted] = [student.norm(1), teacher.stopGradient().norm(1)];
  return shortfall('ndLoss', along, labels, own.greaterEqual(wanted).where(own, wanted), options);
}

/**
 * The direction alone of {@link ndLoss}: 1 - cos(s, c_y), whatever the lengths. Wang et al. 2023 (arXiv 2305.17007).
 *
 * @param student as for {@link ndLoss}.
 * @param means as for {@link ndLoss}.
 * @param labels as for {@link ndLoss}.
 * @returns as {@link ndLoss}.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function classDirectionLoss(
  student: Tensor,
  means: Tensor,
  labels: Tensor,
  options: LabelledOptions = {},
): Tensor {
  const along = alongMeans('classDirectionLoss', student, means, labels);
  return shortfall('classDirectionLoss', along, labels, student.norm(1), options);
}
