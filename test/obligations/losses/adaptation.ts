import { constant, type Tensor } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { choice, type Example, loss, quantity } from '../differentiable.js';
import { floats, labels } from '../given.js';

const features = floats(['n', 2]);
/** Two classes around (1, 0) and (0, 1), the second twice as wide. */
const gaussians = ({ dtype }: Tensor): losses.ClassGaussians => ({
  means: constant(
    [
      [1, 0],
      [0, 1],
    ],
    dtype,
  ),
  whitening: constant(
    [
      [1, 1],
      [0.5, 0.5],
    ],
    dtype,
  ),
  present: constant([1, 1], dtype),
});
const notEmpty = { refuses: { none: /not empty/ } };

export const adaptation: Record<string, Example> = {
  cafaLoss: loss(
    { features, predicted: labels(2) },
    ['n'],
    ({ features, predicted }, o) => losses.cafaLoss(features, predicted, gaussians(features), o),
    { least: -Infinity },
  ),
  mahalanobisToClasses: quantity(
    { features },
    ['n', 2],
    ({ features }) => losses.mahalanobisToClasses(features, gaussians(features)),
    { least: 0 },
  ),
  fitClassGaussians: choice(
    { features, labels: labels(2) },
    [2, 2],
    undefined,
    ({ features, labels }) => {
      const { means, whitening } = losses.fitClassGaussians(features, labels, { classes: 2 });
      return means.add(whitening.sum(-1));
    },
    notEmpty,
  ),
  classCorrelationLoss: quantity(
    { logits: floats(['n', 3]) },
    [],
    ({ logits }) => losses.classCorrelationLoss(logits),
    {
      least: 0,
      ...notEmpty,
    },
  ),
};
