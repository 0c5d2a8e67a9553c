import { affineGrid, constant, gridSample, ndarray, type Shape, showShape, type Tensor } from '../../tensor/index.js';
import type { Context } from '../context.js';
import {
  attentionGrid,
  type ControlPoints,
  controlGrid,
  type GridOptions,
  projectiveGrid,
  similarityGrid,
  thinPlateSplineGrid,
} from '../functional/sampling-grids.js';
import type { Affine, Layer, Symbolic, Variables } from '../layer.js';
import { sequential } from './composition.js';
import { conv2d } from './convolution.js';
import { linear } from './linear.js';
import { flattenLayer, maxPoolLayer, reluLayer } from './stateless.js';

/** A family of maps of the plane, by parameters. */
export interface Transformation {
  /** Which leave every point where it is; as many as there are. */
  readonly identity: readonly number[];
  /** Grids [n, height, width, 2] of parameters theta [n, parameters]: where each pixel of the output is taken from, (x, y) in [-1, 1]. */
  readonly grid: (theta: Tensor, size: Shape, options: GridOptions) => Tensor;
}

/** Six parameters, the rows of A [2, 3]: (x, y) = A (x_t, y_t, 1). Jaderberg et al. 2015. */
export const affineTransformation: Transformation = {
  identity: [1, 0, 0, 0, 1, 0],
  grid: (theta, size, { alignCorners = true }) =>
    affineGrid(theta.reshape([theta.shape[0], 2, 3]), [theta.shape[0], 1, ...size], { alignCorners }),
};

/** Three parameters, scale and shift: {@link attentionGrid}. */
export const attentionTransformation: Transformation = { identity: [1, 0, 0], grid: attentionGrid };

/** Four parameters, scale, angle and shift: {@link similarityGrid}. */
export const similarityTransformation: Transformation = { identity: [1, 0, 0, 0], grid: similarityGrid };

/** Eight parameters, a perspective: {@link projectiveGrid}. */
export const projectiveTransformation: Transformation = { identity: [1, 0, 0, 0, 1, 0, 0, 0], grid: projectiveGrid };

/**
 * Two parameters a control point: how far its image is from it, (x, y). {@link thinPlateSplineGrid}.
 *
 * @param controlPoints default 4 x 4, as in the paper.
 */
export function thinPlateSplineTransformation(controlPoints: ControlPoints = controlGrid(4)): Transformation {
  return {
    identity: new Array(2 * controlPoints.length).fill(0),
    grid: (theta, size, options) => {
      const offsets = theta.reshape([theta.shape[0], controlPoints.length, 2]);
      const images = offsets.add(constant(controlPoints, theta.dtype));
      return thinPlateSplineGrid(images, size, { ...options, controlPoints });
    },
  };
}

export interface SpatialTransformerOptions extends GridOptions {
  /** From x [n, channels, height, width] to features [n, features]. */
  readonly localization: Layer<Variables>;
  /** How many features it makes. */
  readonly features: number;
  /** Default {@link affineTransformation}. */
  readonly transformation?: Transformation;
  /** Height and width of the output. Default: those of the input. */
  readonly outputSize?: readonly [height: number, width: number];
  /** What lies outside of the input. Default `zeros`; `border` suits photographs, whose edges zeros would darken. */
  readonly padding?: 'zeros' | 'border' | 'reflection';
}

export type SpatialTransformerVariables = { readonly localization: Variables; readonly theta: Affine };

export interface SpatialTransformer extends Layer<SpatialTransformerVariables> {
  /** The parameters that it takes for each input, [n, parameters]. */
  theta(variables: Symbolic<SpatialTransformerVariables>, x: Tensor, context: Context): Tensor;
}

/**
 * A layer that looks at its input, decides on a map of the plane, and resamples the input along it, all channels alike: a localisation network,
 * a linear layer to theta, a grid of positions, bilinear sampling. No supervision but the loss behind it. Theta begins as the identity
 * whatever the input is, its weight 0. Jaderberg et al. 2015 (arXiv 1506.02025).
 *
 * The map goes from output to input: a scale of 1/2 enlarges. A grid that lies outside of the input gives 0 and no gradient, so give the
 * localisation network a smaller learning rate where it is deep.
 *
 * @returns the layer, of x [n, channels, height, width] to [n, channels, ...outputSize].
 */
export function spatialTransformer(options: SpatialTransformerOptions): SpatialTransformer {
  const { localization, features, transformation = affineTransformation, outputSize, padding, ...grid } = options;
  const parameters = transformation.identity.length;
  const toTheta = linear(features, parameters, {
    weightInitializer: (_, shape) => ndarray(new Float32Array(parameters * features), { shape }),
    biasInitializer: () => ndarray(Float32Array.from(transformation.identity)),
  });
  const theta: SpatialTransformer['theta'] = (variables, x, context) => {
    const seen = localization.apply(variables.localization as Symbolic<Variables>, x, context);
    if (seen.shape.join() !== `${x.shape[0]},${features}`)
      throw new RangeError(
        `spatialTransformer: localization makes ${showShape(seen.shape)} of x ${showShape(x.shape)}, not [${x.shape[0]}, ${features}]`,
      );
    return toTheta.apply(variables.theta, seen, context);
  };
  return {
    init: (key) => ({ localization: localization.init(key), theta: toTheta.init(key) }),
    theta,
    apply: (variables, x, context) => {
      if (x.rank !== 4)
        throw new RangeError(`spatialTransformer: x ${showShape(x.shape)} must be [n, channels, height, width]`);
      const { alignCorners = true } = grid;
      const size = outputSize ?? x.shape.slice(2);
      const positions = transformation.grid(theta(variables, x, context), size, { alignCorners });
      return gridSample(x, positions, { padding, alignCorners });
    },
  };
}

export interface ConvLocalizationOptions {
  /** Channels of both convolutions. Default 20, here and below as in the paper for MNIST. */
  readonly filters?: number;
  /** Side of their kernels. Default 5. */
  readonly kernel?: number;
  /** Units of the fully connected layer, the features that it makes. Default 20. */
  readonly hidden?: number;
}

/**
 * A localisation network: two convolutions, each with ReLU and 2 x 2 max-pooling, and a fully connected layer with ReLU.
 *
 * @param channels of its input.
 * @param size height and width of its input.
 * @throws RangeError where the input is too small for it.
 */
export function convLocalization(
  channels: number,
  size: readonly [height: number, width: number],
  options: ConvLocalizationOptions = {},
): Layer<Variables> {
  const { filters = 20, kernel = 5, hidden = 20 } = options;
  const after = (length: number) => Math.floor((length - kernel + 1) / 2);
  const [height, width] = size.map((length) => after(after(length)));
  if (!(height >= 1 && width >= 1))
    throw new RangeError(`convLocalization: ${showShape([...size])} is too small for two kernels of ${kernel}`);
  return sequential([
    conv2d(channels, filters, kernel),
    reluLayer,
    maxPoolLayer(2),
    conv2d(filters, filters, kernel),
    reluLayer,
    maxPoolLayer(2),
    flattenLayer,
    linear(filters * height * width, hidden),
    reluLayer,
  ]);
}
