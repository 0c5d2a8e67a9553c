import { z } from 'zod';
import { sampledAlongRows } from '../../losses/depth/stereo.js';
import {
  alignScaleShift,
  edgeAwareSmoothness,
  gradientLoss,
  leftRightConsistency,
  minimumReprojection,
  photometricLoss,
  scaleInvariantLog,
  scaleShiftInvariantLoss,
} from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { perImage } from '../images/losses.js';
import { type Choice, choice } from '../options/choice.js';
import { regressionLosses } from '../regression/losses.js';

/** Depths that can be predicted, in metres. */
export const depthRange = { nearest: 1, farthest: 20 } as const;

/** How far away a model says everything in n images is, each [n, 1, height, width]. */
export interface PredictedDepth {
  /** In metres, within {@link depthRange}. */
  readonly depth: Tensor;
  /** 1 / depth, in 1 / metres. */
  readonly inverse: Tensor;
}

/** The depths of a model's outputs: their sigmoid says where 1 / depth is between that of the farthest and that of the nearest. */
export function predictedDepth(outputs: Tensor): PredictedDepth {
  const [low, high] = [1 / depthRange.farthest, 1 / depthRange.nearest];
  const inverse = outputs
    .sigmoid()
    .mul(high - low)
    .add(low);
  return { depth: inverse.reciprocal(), inverse };
}

/** What a loss of depths may look at: true depths, or other views of the scenes. */
export interface DepthInput {
  readonly predicted: PredictedDepth;
  /** In metres, [n, 1, height, width]. */
  readonly depths: Tensor;
  /** [n, 3, height, width] in [0, 1]. */
  readonly images: Tensor;
  /** The same from a camera to the left and one to the right; where the loss or a regulariser asks for them. */
  readonly views?: { readonly left: Tensor; readonly right: Tensor };
  /** Predicted for the mirrored right view; where a regulariser asks for it. */
  readonly mirrored?: PredictedDepth;
  /** The focal length in pixels times the distance of the cameras: what a disparity in pixels times the depth is. */
  readonly parallax: number;
}

/** A loss of depths by name. */
export interface DepthObjective {
  /** Whether it learns from other views, and not from true depths. */
  readonly stereo?: boolean;
  /** Whether it says nothing of scale and shift of 1 / depth, which are then fitted, image by image, before depths are measured. */
  readonly upToScale?: boolean;
  /** Of each image, [n]. */
  loss(input: DepthInput): Tensor;
}

/** Something that is added to a loss of depths. */
export interface DepthRegularizer {
  readonly stereo?: boolean;
  /** Whether it needs what is predicted for the mirrored right view. */
  readonly mirrored?: boolean;
  penalty(input: DepthInput): Tensor;
}

const none = { reduction: 'none' } as const;
const share = z.number().min(0).max(1).optional();
const scales = z.number().int().positive().optional();
const weight = z.number().min(0).optional();

/** The photometric error, [n, height, width], of an image and what the predicted depth makes of another view; -1 is the left one. */
function reprojectionError(input: DepthInput, side: 1 | -1, options: { readonly alpha?: number }): Tensor {
  const { predicted, images, views, parallax } = input;
  if (!views) throw new TypeError('train: a loss of views needs scenes with a left and a right view');
  const disparities = predicted.inverse.mul(side * parallax);
  return photometricLoss(sampledAlongRows(side === 1 ? views.right : views.left, disparities), images, {
    ...options,
    ...none,
  });
}

const ofErrors = Object.fromEntries(
  Object.entries(regressionLosses).map(([name, { schema, make }]): [string, Choice<DepthObjective>] => [
    name,
    {
      schema,
      make: (options) => ({ loss: ({ predicted, depths }) => perImage(make(options)(predicted.depth, depths, none)) }),
    },
  ]),
);

/**
 * The losses that models of depth can be trained with, by the names of their functions. Those of errors are of depths in metres;
 * `scaleShiftInvariantLoss` and `gradientLoss` of 1 / depth, the latter after {@link alignScaleShift}, as Ranftl et al. 2022; `photometricLoss` compares
 * the image with what the right view has at the predicted disparities, `minimumReprojection` with the left or the right one, whichever is more alike
 * at a pixel.
 */
export const depthLosses: Readonly<Record<string, Choice<DepthObjective>>> = {
  ...ofErrors,
  gradientLoss: choice({ scales }, (options) => ({
    upToScale: true,
    loss: ({ predicted, depths }) => {
      const targets = depths.reciprocal();
      return gradientLoss(alignScaleShift(predicted.inverse, targets), targets, { ...options, ...none });
    },
  })),
  minimumReprojection: choice({ alpha: share }, (options) => ({
    stereo: true,
    loss: (input) => {
      const errors = [reprojectionError(input, 1, options), reprojectionError(input, -1, options)];
      return perImage(minimumReprojection(errors, none));
    },
  })),
  photometricLoss: choice({ alpha: share }, (options) => ({
    stereo: true,
    loss: (input) => perImage(reprojectionError(input, 1, options)),
  })),
  scaleInvariantLog: choice({ scaleInvariance: share }, (options) => ({
    loss: ({ predicted, depths }) => scaleInvariantLog(predicted.depth, depths, { ...options, ...none }),
  })),
  scaleShiftInvariantLoss: choice({}, () => ({
    upToScale: true,
    loss: ({ predicted, depths }) => scaleShiftInvariantLoss(predicted.inverse, depths.reciprocal(), none),
  })),
};

/**
 * What can be added to a loss of depths, by the names of the functions, each with a `weight`: `edgeAwareSmoothness` of 1 / depth over its mean (Godard et
 * al. 2019; default 0.001), `gradientLoss` of 1 / depth after {@link alignScaleShift} (default 0.5), `leftRightConsistency` of disparities in
 * widths of the image (default 1).
 */
export const depthRegularizers: Readonly<Record<string, Choice<DepthRegularizer>>> = {
  edgeAwareSmoothness: choice({ weight }, ({ weight = 1e-3 }) => ({
    penalty: ({ predicted: { inverse }, images }) =>
      edgeAwareSmoothness(inverse.div(inverse.mean([2, 3], { keepDims: true })), images).mul(weight),
  })),
  gradientLoss: choice({ weight, scales }, ({ weight = 0.5, ...options }) => ({
    penalty: ({ predicted, depths }) => {
      const targets = depths.reciprocal();
      return gradientLoss(alignScaleShift(predicted.inverse, targets), targets, options).mul(weight);
    },
  })),
  leftRightConsistency: choice({ weight }, ({ weight = 1 }) => ({
    stereo: true,
    mirrored: true,
    penalty: ({ predicted, mirrored, images, parallax }) => {
      if (!mirrored) throw new TypeError('train: leftRightConsistency needs what is predicted for the mirrored view');
      // Mirrored, the right image of a pair is the left one.
      const [left, right] = [predicted.inverse, mirrored.inverse.flip(3)].map((inverse) => inverse.mul(parallax));
      return leftRightConsistency(left, right).mul(weight / images.shape[3]);
    },
  })),
};
