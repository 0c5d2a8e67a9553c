import * as losses from '../../../src/losses/index.js';
import { type Example, loss, quantity } from '../differentiable.js';
import { binary, distributions, floats, labels, shares } from '../given.js';

const elements = { logits: floats(['n', 3], -2, 2), targets: binary(['n', 3]) };
const masks = { probabilities: shares(['n', 3, 2]), labels: labels(3, ['n', 2]) };

const uncounted = 'it is of classes and positions: segmentation.test.ts ignores and weighs those';

export const segmentation: Record<string, Example> = {
  lovaszHinge: loss(elements, ['n'], ({ logits, targets }, o) => losses.lovaszHinge(logits, targets, o)),
  lovaszSoftmax: quantity(
    { probabilities: distributions(['n', 3, 2]), labels: labels(3, ['n', 2]) },
    [],
    ({ probabilities, labels }) => losses.lovaszSoftmax(probabilities, labels),
    { least: 0 },
  ),
  diceLoss: loss(masks, ['n', 3], ({ probabilities, labels }, o) => losses.diceLoss(probabilities, labels, o), {
    uncounted,
  }),
  'diceLoss: of masks over the batch': loss(
    { probabilities: shares(['n', 3, 2]), targets: binary(['n', 3, 2]) },
    [3],
    ({ probabilities, targets }, o) => losses.diceLoss(probabilities, targets, { batch: true, ...o }),
  ),
  jaccardLoss: loss(masks, ['n', 3], ({ probabilities, labels }, o) => losses.jaccardLoss(probabilities, labels, o), {
    uncounted,
  }),
  tverskyLoss: loss(masks, ['n', 3], ({ probabilities, labels }, o) => losses.tverskyLoss(probabilities, labels, o), {
    uncounted,
  }),
  focalTverskyLoss: loss(
    masks,
    ['n', 3],
    ({ probabilities, labels }, o) => losses.focalTverskyLoss(probabilities, labels, o),
    { uncounted },
  ),
};
