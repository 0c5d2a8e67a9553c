import { split } from '../../runtime/random/index.js';
import {
  type ConvOptions,
  type ConvTransposeOptions,
  conv,
  convTranspose,
  type NDArray,
  type PerAxis,
  sizeOf,
} from '../../tensor/index.js';
import { defaultBias, defaultWeight, type Initializer, symmetric } from '../initializers.js';
import type { Layer } from '../layer.js';

type ConvVariables = { readonly weight: NDArray; readonly bias: NDArray };

export interface ConvLayerOptions extends ConvOptions {
  /** Default true. */
  readonly bias?: boolean;
  /** Default: PyTorch's. */
  readonly weightInitializer?: Initializer;
}

function convolution(
  rank: number,
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvLayerOptions,
): Layer<ConvVariables> {
  const { bias = true, weightInitializer = defaultWeight, ...rest } = options;
  const { groups = 1 } = rest;
  if (inputs % groups !== 0 || outputs % groups !== 0)
    throw new RangeError(`conv${rank}d: ${groups} groups must divide ${inputs} inputs and ${outputs} outputs`);
  const lengths = typeof kernel === 'number' ? new Array<number>(rank).fill(kernel) : kernel;
  if (lengths.length !== rank)
    throw new RangeError(`conv${rank}d: kernel [${lengths.join(', ')}] must have ${rank} lengths`);
  const shape = [outputs, inputs / groups, ...lengths];
  return {
    init: (key) => {
      const [forWeight, forBias] = split(key);
      const weight = weightInitializer(forWeight, shape);
      return (bias ? { weight, bias: defaultBias(shape)(forBias, [outputs]) } : { weight }) as ConvVariables;
    },
    apply: ({ weight, bias: shift }, x) => conv(x, weight, shift, rest),
  };
}

/** Convolution of x [n, inputs, length]; weight [outputs, inputs / groups, kernel]. */
export function conv1d(
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvLayerOptions = {},
): Layer<ConvVariables> {
  return convolution(1, inputs, outputs, kernel, options);
}

/** Convolution of x [n, inputs, height, width]; weight [outputs, inputs / groups, ...kernel]. */
export function conv2d(
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvLayerOptions = {},
): Layer<ConvVariables> {
  return convolution(2, inputs, outputs, kernel, options);
}

/** Transposed convolution of x [n, inputs, height, width]; weight [inputs, outputs / groups, ...kernel]. */
export function convTranspose2d(
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvTransposeOptions & { readonly bias?: boolean } = {},
): Layer<ConvVariables> {
  const { bias = true, ...rest } = options;
  const { groups = 1 } = rest;
  const lengths = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  const shape = [inputs, outputs / groups, ...lengths];
  // PyTorch counts the fan-in of a transposed weight over its second axis.
  const bound = 1 / Math.sqrt(shape[1] * sizeOf(lengths));
  return {
    init: (key) => {
      const [forWeight, forBias] = split(key);
      const weight = symmetric(forWeight, shape, bound);
      return (bias ? { weight, bias: symmetric(forBias, [outputs], bound) } : { weight }) as ConvVariables;
    },
    apply: ({ weight, bias: shift }, x) => convTranspose(x, weight, shift, rest),
  };
}
