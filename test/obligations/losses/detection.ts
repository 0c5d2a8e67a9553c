import * as losses from '../../../src/losses/index.js';
import { type Example, loss, quantity } from '../differentiable.js';
import { bools, boxes, fixed, floats, labels, shares } from '../given.js';

const pair = { predictions: boxes(['n', 4]), targets: fixed(boxes(['n', 4])) };

export const detection: Record<string, Example> = {
  boxIou: quantity(
    { boxes: boxes(['n', 1, 4]), others: boxes([1, 3, 4]) },
    ['n', 3],
    ({ boxes, others }) => losses.boxIou(boxes, others),
    { least: 0, free: { boxes: 'they broadcast', others: 'they broadcast' } },
  ),
  iouLoss: loss(pair, ['n'], ({ predictions, targets }, o) => losses.iouLoss(predictions, targets, o)),
  generalizedIouLoss: loss(pair, ['n'], ({ predictions, targets }, o) =>
    losses.generalizedIouLoss(predictions, targets, o),
  ),
  distanceIouLoss: loss(pair, ['n'], ({ predictions, targets }, o) => losses.distanceIouLoss(predictions, targets, o)),
  completeIouLoss: loss(pair, ['n'], ({ predictions, targets }, o) => losses.completeIouLoss(predictions, targets, o), {
    detached: 'the weight of the aspect ratio counts as a constant; detection.test.ts has the derivative',
  }),
  yoloLoss: loss(
    {
      boxes: floats(['n', 2, 4]),
      confidence: floats(['n', 2]),
      logits: floats(['n', 2, 3]),
      targetBoxes: fixed(floats(['n', 2, 4])),
      targetConfidence: fixed(shares(['n', 2])),
      labels: labels(3, ['n', 2]),
      responsible: bools(['n', 2]),
    },
    ['n'],
    ({ boxes, confidence, logits, targetBoxes, targetConfidence, labels, responsible }, o) =>
      losses.yoloLoss(
        { boxes, confidence, logits },
        { boxes: targetBoxes, confidence: targetConfidence, labels, responsible },
        o,
      ),
    { uncounted: 'which predictions count is said by `responsible`' },
  ),
};
