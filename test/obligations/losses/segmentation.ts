import * as losses from '../../../src/losses/index.js';
import { choice, type Example, loss, quantity } from '../differentiable.js';
import { binary, distributions, fixed, floats, labels, shares } from '../given.js';

const elements = { logits: floats(['n', 3], -2, 2), targets: binary(['n', 3]) };
const masks = { probabilities: shares(['n', 3, 2]), labels: labels(3, ['n', 2]) };

const soft = { probabilities: shares(['n', 3, 2]), targets: fixed(shares(['n', 3, 2])) };

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
  jaccardMetricLoss: loss(
    masks,
    [3],
    ({ probabilities, labels }, o) => losses.jaccardMetricLoss(probabilities, labels, { classes: 'all', ...o }),
    { uncounted },
  ),
  'jaccardMetricLoss: of soft targets, each image': loss(soft, ['n', 3], ({ probabilities, targets }, o) =>
    losses.jaccardMetricLoss(probabilities, targets, { batch: false, ...o }),
  ),
  jaccardMetricLoss2: loss(soft, [3], ({ probabilities, targets }, o) =>
    losses.jaccardMetricLoss2(probabilities, targets, o),
  ),
  diceSemimetricLoss: loss(soft, [3], ({ probabilities, targets }, o) =>
    losses.diceSemimetricLoss(probabilities, targets, o),
  ),
  boundaryLabelSmoothing: choice(
    { labels: labels(3, ['n', 3, 4]) },
    ['n', 3, 3, 4],
    'float32',
    ({ labels }) => losses.boundaryLabelSmoothing(labels, { classes: 3 }),
    { least: 0 },
  ),
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
