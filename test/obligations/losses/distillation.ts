import * as losses from '../../../src/losses/index.js';
import { type Example, loss } from '../differentiable.js';
import { fixed, floats, labels } from '../given.js';

const features = { student: floats(['n', 4]), means: fixed(floats([3, 4])), labels: labels(3) };

export const distillation: Record<string, Example> = {
  distillationLoss: loss(
    { student: floats(['n', 3], -2, 2), teacher: fixed(floats(['n', 3], -2, 2)) },
    ['n'],
    ({ student, teacher }, o) => losses.distillationLoss(student, teacher, o),
    { least: -1e-12 },
  ),
  ndLoss: loss({ ...features, teacher: fixed(floats(['n', 4])) }, ['n'], ({ student, teacher, means, labels }, o) =>
    losses.ndLoss(student, teacher, means, labels, o),
  ),
  classDirectionLoss: loss(features, ['n'], ({ student, means, labels }, o) =>
    losses.classDirectionLoss(student, means, labels, o),
  ),
};
