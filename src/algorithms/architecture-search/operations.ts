import { requireNumber } from '../../losses/checks.js';
import {
  averagePoolLayer,
  batchNorm,
  type Context,
  conv2d,
  type Layer,
  maxPoolLayer,
  reluLayer,
  sequential,
  stateless,
  type Variables,
} from '../../nn/index.js';
import { bernoulli, foldIn } from '../../runtime/random/index.js';
import { concat, type Tensor } from '../../tensor/index.js';
import type { Candidates } from './cell.js';

interface NormOptions {
  /** Whether batch normalisation learns a scale and a shift: not in a search, where they would undo the shares. Default false. */
  readonly affine?: boolean;
}

export interface DartsOperationsOptions extends NormOptions {
  /**
   * Whether batch normalisation follows pooling: in a search, where all candidates of an edge should be of one size, and not in the network that
   * is found, as in the published code. Default: unless `affine`.
   */
  readonly normalizePools?: boolean;
}

/** ReLU, convolution, batch normalisation. */
export function reluConvNorm(
  inputs: number,
  outputs: number,
  kernel: number,
  {
    stride = 1,
    padding = 0,
    affine = false,
  }: NormOptions & { readonly stride?: number; readonly padding?: number } = {},
): Layer<Variables> {
  return sequential([
    reluLayer,
    conv2d(inputs, outputs, kernel, { stride, padding, bias: false }),
    batchNorm(outputs, { affine }),
  ]);
}

/** Half the height and width: ReLU, two 1 x 1 convolutions of stride 2, the second of x shifted by one pixel, side by side, normalised. */
export function factorizedReduce(
  inputs: number,
  outputs: number,
  { affine = false }: NormOptions = {},
): Layer<Variables> {
  if (outputs % 2 !== 0) throw new RangeError(`factorizedReduce: outputs ${outputs} must be even`);
  const half = conv2d(inputs, outputs / 2, 1, { stride: 2, bias: false });
  const norm = batchNorm(outputs, { affine });
  return {
    init: (key) => ({
      conv_1: half.init(foldIn(key, 0)),
      conv_2: half.init(foldIn(key, 1)),
      bn: norm.init(foldIn(key, 2)),
    }),
    apply: (variables, x, context) => {
      const of = (name: string) => variables[name] as never;
      const y = x.relu();
      const shifted = y.slice([null, null, [1, y.shape[2]], [1, y.shape[3]]]);
      const halves = [half.apply(of('conv_1'), y, context), half.apply(of('conv_2'), shifted, context)];
      return norm.apply(of('bn'), concat(halves, 1), context);
    },
  };
}

/** ReLU, depthwise convolution, 1 x 1 convolution, batch normalisation. */
function depthwise(
  channels: number,
  kernel: number,
  { stride = 1, dilation = 1, affine = false }: NormOptions & { readonly stride?: number; readonly dilation?: number },
): Layer<Variables>[] {
  const padding = (dilation * (kernel - 1)) / 2;
  return [
    reluLayer,
    conv2d(channels, channels, kernel, { stride, padding, dilation, groups: channels, bias: false }),
    conv2d(channels, channels, 1, { bias: false }),
    batchNorm(channels, { affine }),
  ];
}

/**
 * The eight candidates of DARTS on images [n, channels, height, width]: none (zeros), 3 x 3 pooling by maximum and mean, skip connections
 * ({@link factorizedReduce} where the stride is 2), depthwise separable convolutions of 3 x 3 and 5 x 5, applied twice, and dilated ones. Liu et
 * al. 2019 (arXiv 1806.09055), with the names of the published code.
 */
export function dartsOperations(options: DartsOperationsOptions = {}): Candidates {
  const { affine = false, normalizePools = !affine } = options;
  const separable = (kernel: number) => (channels: number, stride: number) =>
    sequential([...depthwise(channels, kernel, { stride, affine }), ...depthwise(channels, kernel, { affine })]);
  const dilated = (kernel: number) => (channels: number, stride: number) =>
    sequential(depthwise(channels, kernel, { stride, dilation: 2, affine }));
  const pooled = (pool: (stride: number) => Layer<Variables>) => (channels: number, stride: number) =>
    sequential([pool(stride), ...(normalizePools ? [batchNorm(channels, { affine })] : [])]);
  return {
    none: (_, stride) => stateless((x) => strided(x, stride).zerosLike()),
    max_pool_3x3: pooled((stride) => maxPoolLayer(3, { stride, padding: 1 })),
    avg_pool_3x3: pooled((stride) => averagePoolLayer(3, { stride, padding: 1, countPadding: false })),
    skip_connect: (channels, stride) =>
      stride === 1 ? stateless((x) => x) : factorizedReduce(channels, channels, { affine }),
    sep_conv_3x3: separable(3),
    sep_conv_5x5: separable(5),
    dil_conv_3x3: dilated(3),
    dil_conv_5x5: dilated(5),
  };
}

/** Every `stride`-th pixel. */
function strided(x: Tensor, stride: number): Tensor {
  return stride === 1 ? x : x.slice([null, null, [0, x.shape[2], stride], [0, x.shape[3], stride]]);
}

/**
 * Drop path: in training, zeroes whole examples with the given probability and scales the others by 1 / (1 - probability). Larsson et al. 2017.
 *
 * @param x [n, ...]. @param probability in [0, 1).
 */
export function dropPath(x: Tensor, probability: number, context: Context): Tensor {
  requireNumber('dropPath', 'probability', probability, { low: 0, high: 1 - 1e-9 });
  if (!context.training || probability === 0) return x;
  const kept = bernoulli(context.nextKey(), [x.shape[0], ...x.shape.slice(1).map(() => 1)], {
    probability: 1 - probability,
  });
  return kept.where(x.div(1 - probability), 0);
}
