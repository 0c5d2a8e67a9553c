import { split } from '../../runtime/random/index.js';
import { type ConvOptions, type ConvTransposeOptions, conv, convTranspose, type PerAxis } from '../../tensor/index.js';
import { defaultBias, defaultWeight, type Initializer } from '../initializers.js';
import type { Affine, Layer } from '../layer.js';

interface WeightOptions {
  /** Default true. */
  readonly bias?: boolean;
  /** Default: PyTorch's, uniform with bound 1 / sqrt(fanIn). */
  readonly weightInitializer?: Initializer;
}

export interface ConvLayerOptions extends ConvOptions, WeightOptions {}
export interface ConvTransposeLayerOptions extends ConvTransposeOptions, WeightOptions {}

/** Kernel lengths, one a spatial axis. @throws RangeError when they or the groups do not fit. */
function kernelOf(
  who: string,
  rank: number,
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  groups: number,
): readonly number[] {
  if (inputs % groups !== 0 || outputs % groups !== 0)
    throw new RangeError(`${who}: ${groups} groups must divide ${inputs} inputs and ${outputs} outputs`);
  const lengths = typeof kernel === 'number' ? new Array<number>(rank).fill(kernel) : kernel;
  if (lengths.length !== rank)
    throw new RangeError(`${who}: kernel [${lengths.join(', ')}] must have one length for each of ${rank} axes`);
  return lengths;
}

function initOf(shape: readonly number[], outputs: number, options: WeightOptions): Layer<Affine>['init'] {
  const { bias = true, weightInitializer = defaultWeight } = options;
  return (key) => {
    const [forWeight, forBias] = split(key);
    const weight = weightInitializer(forWeight, shape);
    return (bias ? { weight, bias: defaultBias(shape)(forBias, [outputs]) } : { weight }) as Affine;
  };
}

function convolution(
  rank: number,
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  { bias, weightInitializer, ...options }: ConvLayerOptions,
): Layer<Affine> {
  const { groups = 1 } = options;
  const lengths = kernelOf(`conv${rank}d`, rank, inputs, outputs, kernel, groups);
  return {
    init: initOf([outputs, inputs / groups, ...lengths], outputs, { bias, weightInitializer }),
    apply: ({ weight, bias: shift }, x) => conv(x, weight, shift, options),
  };
}

function transposedConvolution(
  rank: number,
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  { bias, weightInitializer, ...options }: ConvTransposeLayerOptions,
): Layer<Affine> {
  const { groups = 1 } = options;
  const lengths = kernelOf(`convTranspose${rank}d`, rank, inputs, outputs, kernel, groups);
  return {
    // As in PyTorch, the fan-in of a transposed weight is counted over its second axis.
    init: initOf([inputs, outputs / groups, ...lengths], outputs, { bias, weightInitializer }),
    apply: ({ weight, bias: shift }, x) => convTranspose(x, weight, shift, options),
  };
}

/** Convolution of x [n, inputs, length]; weight [outputs, inputs / groups, kernel], bias [outputs]. */
export function conv1d(
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvLayerOptions = {},
): Layer<Affine> {
  return convolution(1, inputs, outputs, kernel, options);
}

/** Convolution of x [n, inputs, height, width]; weight [outputs, inputs / groups, ...kernel], bias [outputs]. */
export function conv2d(
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvLayerOptions = {},
): Layer<Affine> {
  return convolution(2, inputs, outputs, kernel, options);
}

/** Transposed convolution of x [n, inputs, length]; weight [inputs, outputs / groups, kernel], bias [outputs]. */
export function convTranspose1d(
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvTransposeLayerOptions = {},
): Layer<Affine> {
  return transposedConvolution(1, inputs, outputs, kernel, options);
}

/** Transposed convolution of x [n, inputs, height, width]; weight [inputs, outputs / groups, ...kernel], bias [outputs]. */
export function convTranspose2d(
  inputs: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvTransposeLayerOptions = {},
): Layer<Affine> {
  return transposedConvolution(2, inputs, outputs, kernel, options);
}
