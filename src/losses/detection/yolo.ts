import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireSameShape } from '../checks.js';
import { crossEntropy } from '../classification/cross-entropy.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface YoloPredictions {
  /** Centre, width and height [n, boxes, 4], in whatever units the targets have; the first version takes the roots of width and height. */
  readonly boxes: Tensor;
  /** [n, boxes]. */
  readonly confidence: Tensor;
  /** Logits [n, boxes, classes]. */
  readonly logits: Tensor;
}

export interface YoloTargets {
  /** [n, boxes, 4]; read where `responsible`. */
  readonly boxes: Tensor;
  /** The confidence [n, boxes] that a responsible box should have, such as its IoU with the object, or 1. */
  readonly confidence: Tensor;
  /** Integers [n, boxes]; read where `responsible`. */
  readonly labels: Tensor;
  /** bool [n, boxes]: boxes that an object was given to. */
  readonly responsible: Tensor;
}

export interface YoloOptions extends ReductionOptions {
  /** Factor of the coordinates. Default 5. */
  readonly coordinateWeight?: number;
  /** Factor of the confidence of boxes without an object. Default 0.5. */
  readonly emptyWeight?: number;
}

/**
 * YOLO's loss of an image: over responsible boxes 5 times the squared errors of the coordinates, the squared error of the confidence and the
 * cross-entropy of the class; over all others half the squared confidence. Redmon et al. 2016, equation 3, with cross-entropy in place of the
 * squared error of class probabilities, as later versions have it.
 *
 * @returns a scalar, or [n] with reduction `none`. The mean over no images is 0.
 * @throws RangeError when shapes do not fit.
 */
export function yoloLoss(predictions: YoloPredictions, targets: YoloTargets, options: YoloOptions = {}): Tensor {
  const { coordinateWeight = 5, emptyWeight = 0.5, reduction } = options;
  const { responsible } = targets;
  if (responsible.dtype !== 'bool' || responsible.rank !== 2)
    throw new RangeError(
      `yoloLoss: responsible ${responsible.dtype}${showShape(responsible.shape)} must be bool [n, boxes]`,
    );
  const { logits } = predictions;
  requireFloats('yoloLoss', { logits });
  for (const [name, x, rank] of [
    ['boxes', predictions.boxes, 3],
    ['confidence', predictions.confidence, 2],
    ['logits', logits, 3],
    ['labels', targets.labels, 2],
  ] as const)
    if (x.rank !== rank || x.shape.slice(0, 2).join() !== responsible.shape.join())
      throw new RangeError(
        `yoloLoss: ${name} ${showShape(x.shape)} must begin with the axes of responsible ${showShape(responsible.shape)}, ${rank} in all`,
      );
  requireSameShape('yoloLoss: boxes', predictions.boxes, targets.boxes);
  requireSameShape('yoloLoss: confidence', predictions.confidence, targets.confidence);
  const coordinates = predictions.boxes.sub(targets.boxes).square().sum(-1).mul(coordinateWeight);
  const found = predictions.confidence.sub(targets.confidence).square();
  const empty = predictions.confidence.square().mul(emptyWeight);
  const classes = crossEntropy(logits.moveAxis(-1, 1), targets.labels, { reduction: 'none' });
  const losses = responsible.where(coordinates.add(found).add(classes), empty);
  return reduce(losses.sum(-1), reduction);
}
