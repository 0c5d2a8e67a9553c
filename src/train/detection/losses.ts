import { z } from 'zod';
import {
  balancedL1,
  binaryCrossEntropyWithLogits,
  binaryFocalLoss,
  binaryPolyFocalLoss,
  boxIou,
  completeIouLoss,
  crossEntropy,
  distanceIouLoss,
  focalLoss,
  generalizedCrossEntropy,
  generalizedIouLoss,
  huber,
  iouLoss,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
  polyFocalLoss,
  polyLoss,
  smoothL1,
  squentropy,
  uncertaintyWeighting,
  yoloLoss,
} from '../../losses/index.js';
import { ndarray, stack, type Tensor } from '../../tensor/index.js';
import { type Choice, type Chosen, choice, chosenFrom, made } from '../options/choice.js';
import type { Arrays, Tensors } from '../step.js';
import type { GridPrediction, GridTarget } from './grid.js';

/** A loss of what a detector says of a grid, with parameters of its own if it has any. */
export interface DetectionObjective {
  params?(): Arrays;
  loss(prediction: GridPrediction, target: GridTarget, params: Tensors): Tensor;
}

/** The loss of each cell's box, [n, cells]. */
type BoxLoss = (prediction: GridPrediction, target: GridTarget) => Tensor;
/** From logits and targets 0 or 1 to losses, all [n, cells]. */
type ObjectnessLoss = (logits: Tensor, targets: Tensor) => Tensor;
/** From logits [n, classes, cells] and labels [n, cells] to losses [n, cells]. */
type ClassLoss = (logits: Tensor, labels: Tensor) => Tensor;

const factor = z.number().min(0).optional();
const positive = z.number().positive().optional();
const none = { reduction: 'none' } as const;
const ofBoxes =
  (fn: (predictions: Tensor, targets: Tensor, options: typeof none) => Tensor): BoxLoss =>
  (prediction, target) =>
    fn(prediction.boxes, target.boxes, none);
const ofOffsets =
  (fn: (predictions: Tensor, targets: Tensor) => Tensor): BoxLoss =>
  (prediction, target) =>
    fn(prediction.offsets, target.offsets).sum(-1);

/** Losses of boxes: of their overlap in the picture, or of the four numbers that the detector says, summed. */
const boxLosses: Readonly<Record<string, Choice<BoxLoss>>> = {
  balancedL1: choice({ alpha: positive, gamma: positive }, (options) =>
    ofOffsets((p, t) => balancedL1(p, t, { ...options, ...none })),
  ),
  completeIouLoss: choice({}, () => ofBoxes(completeIouLoss)),
  distanceIouLoss: choice({}, () => ofBoxes(distanceIouLoss)),
  generalizedIouLoss: choice({}, () => ofBoxes(generalizedIouLoss)),
  huber: choice({ delta: positive }, (options) => ofOffsets((p, t) => huber(p, t, { ...options, ...none }))),
  iouLoss: choice({}, () => ofBoxes(iouLoss)),
  logCosh: choice({}, () => ofOffsets((p, t) => logCosh(p, t, none))),
  meanAbsoluteError: choice({}, () => ofOffsets((p, t) => meanAbsoluteError(p, t, none))),
  meanSquaredError: choice({}, () => ofOffsets((p, t) => meanSquaredError(p, t, none))),
  smoothL1: choice({ beta: factor }, (options) => ofOffsets((p, t) => smoothL1(p, t, { ...options, ...none }))),
};

const objectnessLosses: Readonly<Record<string, Choice<ObjectnessLoss>>> = {
  binaryCrossEntropyWithLogits: choice({}, () => (z, t) => binaryCrossEntropyWithLogits(z, t, none)),
  binaryFocalLoss: choice(
    { gamma: factor, alpha: z.number().min(0).max(1).optional() },
    (options) => (z, t) => binaryFocalLoss(z, t, { ...options, ...none }),
  ),
  binaryPolyFocalLoss: choice(
    { coefficients: z.array(z.number()).optional(), gamma: factor, alpha: z.number().min(0).max(1).optional() },
    (options) => (z, t) => binaryPolyFocalLoss(z, t, { ...options, ...none }),
  ),
};

const classLosses: Readonly<Record<string, Choice<ClassLoss>>> = {
  crossEntropy: choice(
    { labelSmoothing: z.number().min(0).lt(1).optional() },
    (options) => (z, y) => crossEntropy(z, y, { ...options, ...none }),
  ),
  focalLoss: choice({ gamma: factor }, (options) => (z, y) => focalLoss(z, y, { ...options, ...none })),
  generalizedCrossEntropy: choice(
    { exponent: z.number().positive().max(1).optional() },
    (options) => (z, y) => generalizedCrossEntropy(z, y, { ...options, ...none }),
  ),
  polyFocalLoss: choice(
    { coefficients: z.array(z.number()).optional(), gamma: factor },
    (options) => (z, y) => polyFocalLoss(z, y, { ...options, ...none }),
  ),
  polyLoss: choice(
    { coefficients: z.array(z.number()).optional() },
    (options) => (z, y) => polyLoss(z, y, { ...options, ...none }),
  ),
  squentropy: choice({ squareWeight: factor }, (options) => (z, y) => squentropy(z, y, { ...options, ...none })),
};

/** What a loss of a detector adds up, each one number. */
interface Terms {
  /** Means over objects. */
  readonly box: Tensor;
  readonly classification: Tensor;
  /** Sum over cells by the number of objects: there are many more cells without one. */
  readonly objectness: Tensor;
}

interface TermLosses {
  readonly box: Chosen;
  readonly objectness: Chosen;
  readonly classification: Chosen;
}

function termsOf({ box, objectness, classification }: TermLosses) {
  const boxLoss = made(boxLosses, box);
  const objectnessLoss = made(objectnessLosses, objectness);
  const classLoss = made(classLosses, classification);
  return (prediction: GridPrediction, target: GridTarget): Terms => {
    const found = target.responsible;
    const shares = found.cast(prediction.confidence.dtype);
    const objects = shares.sum().maximum(1);
    const overObjects = (losses: Tensor) => found.where(losses, 0).sum().div(objects);
    return {
      box: overObjects(boxLoss(prediction, target)),
      objectness: objectnessLoss(prediction.confidence, shares).sum().div(objects),
      classification: overObjects(classLoss(prediction.logits.swapAxes(1, 2), target.labels)),
    };
  };
}

/** The other terms beside a box loss, by the names of their functions. */
const others = {
  objectness: chosenFrom('loss of objectness', objectnessLosses).prefault('binaryCrossEntropyWithLogits'),
  classification: chosenFrom('loss of the class', classLosses).prefault('crossEntropy'),
};

/** A box loss as the loss of a detector: its own options, the other terms, and the weight of each. */
const withOthers = (name: string): Choice<DetectionObjective> => {
  const { shape } = boxLosses[name].schema as unknown as z.ZodObject;
  return choice(
    { ...shape, ...others, boxWeight: factor, objectnessWeight: factor, classificationWeight: factor },
    (options) => {
      const { objectness, classification, boxWeight = 1, objectnessWeight = 1, classificationWeight = 1 } = options;
      const own = Object.fromEntries(Object.entries(options).filter(([key]) => Object.hasOwn(shape, key)));
      const terms = termsOf({ box: { name, options: own }, objectness, classification });
      return {
        loss: (prediction, target) => {
          const { box, objectness: found, classification: named } = terms(prediction, target);
          return box.mul(boxWeight).add(found.mul(objectnessWeight)).add(named.mul(classificationWeight));
        },
      };
    },
  );
};

/**
 * The losses of detectors by the names of their functions. A loss of boxes takes those of the other two terms as its options `objectness` and
 * `classification`; `uncertaintyWeighting` takes all three, `box` too, and learns how much each counts.
 */
export const detectionLosses: Readonly<Record<string, Choice<DetectionObjective>>> = {
  ...Object.fromEntries(Object.keys(boxLosses).map((name) => [name, withOthers(name)])),
  uncertaintyWeighting: choice(
    { box: chosenFrom('loss of boxes', boxLosses).prefault('generalizedIouLoss'), ...others },
    (options) => {
      const terms = termsOf(options);
      return {
        params: () => ({ logVariances: ndarray([0, 0, 0]) }),
        loss: (prediction, target, params) => {
          const { box, objectness, classification } = terms(prediction, target);
          return uncertaintyWeighting(stack([box, objectness, classification]), params.logVariances as Tensor);
        },
      };
    },
  ),
  // As in its paper: confidence in [0, 1] that shall be the overlap of the box, and the roots of widths and heights.
  yoloLoss: choice({ coordinateWeight: factor, emptyWeight: factor }, (options) => ({
    loss: (prediction, target) => {
      const overlap = boxIou(prediction.boxes, target.boxes).stopGradient();
      return yoloLoss(
        { boxes: rooted(prediction.offsets), confidence: prediction.confidence.sigmoid(), logits: prediction.logits },
        { ...target, boxes: rooted(target.offsets), confidence: overlap },
        options,
      );
    },
  })),
};

/** Centre, and roots of width and height over the typical ones, from their logarithms. */
function rooted(offsets: Tensor): Tensor {
  return offsets.slice([null, null, [0, 2]]).concat(
    offsets
      .slice([null, null, [2, 4]])
      .mul(0.5)
      .exp(),
    2,
  );
}
