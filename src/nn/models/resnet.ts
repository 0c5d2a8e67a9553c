import { foldIn } from '../../runtime/random/index.js';
import { type NDArray, zerosArray } from '../../tensor/index.js';
import { kaimingNormal } from '../initializers.js';
import type { Layer, Symbolic, Variables } from '../layer.js';
import { sequential } from '../layers/composition.js';
import { conv2d } from '../layers/convolution.js';
import { linear } from '../layers/linear.js';
import { batchNorm } from '../layers/normalization.js';
import { activation, maxPoolLayer, reluLayer } from '../layers/stateless.js';

export interface ResnetOptions {
  readonly depth: 18 | 34 | 50;
  readonly classes: number;
  /** `imagenet`: 7x7 convolution of stride 2 and a max pool; `cifar`: 3x3 convolution of stride 1 for small images. Default `imagenet`. */
  readonly stem?: 'imagenet' | 'cifar';
  /** Default 3. */
  readonly inputChannels?: number;
  /** Start every residual branch at zero: the last batch norm's weight is 0. Default false. */
  readonly zeroInitResidual?: boolean;
}

const stages = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3] } as const;

const conv = (inputs: number, outputs: number, kernel: number, stride = 1) =>
  conv2d(inputs, outputs, kernel, {
    stride,
    padding: (kernel - 1) / 2,
    bias: false,
    weightInitializer: kaimingNormal({ fan: 'out' }),
  });

/** Named parts run in order, an addition of the block's input (or its projection), and a ReLU. */
function residualBlock(
  parts: Record<string, Layer<Variables>>,
  last: string,
  downsample: Layer<Variables> | undefined,
  zeroInit: boolean,
): Layer<Variables> {
  const body = sequential(parts);
  return {
    init: (key) => {
      const variables = body.init(foldIn(key, 0));
      const norm = variables[last] as Variables;
      const zeroed = zeroInit
        ? { ...variables, [last]: { ...norm, weight: zerosArray((norm.weight as NDArray).shape) } }
        : variables;
      return { ...zeroed, ...(downsample && { downsample: downsample.init(foldIn(key, 1)) }) };
    },
    apply: (variables, x, context) => {
      const shortcut = downsample ? downsample.apply(variables.downsample as Symbolic<Variables>, x, context) : x;
      return shortcut.add(body.apply(variables, x, context)).relu();
    },
  };
}

function projection(inputs: number, outputs: number, stride: number): Layer<Variables> | undefined {
  return stride === 1 && inputs === outputs
    ? undefined
    : sequential([conv(inputs, outputs, 1, stride), batchNorm(outputs)]);
}

function basicBlock(inputs: number, channels: number, stride: number, zeroInit: boolean): Layer<Variables> {
  const parts = {
    conv1: conv(inputs, channels, 3, stride),
    bn1: batchNorm(channels),
    relu: reluLayer,
    conv2: conv(channels, channels, 3),
    bn2: batchNorm(channels),
  };
  return residualBlock(parts, 'bn2', projection(inputs, channels, stride), zeroInit);
}

/** The stride sits on the 3x3 convolution, as in torchvision (v1.5). */
function bottleneck(inputs: number, channels: number, stride: number, zeroInit: boolean): Layer<Variables> {
  const outputs = channels * 4;
  const parts = {
    conv1: conv(inputs, channels, 1),
    bn1: batchNorm(channels),
    relu1: reluLayer,
    conv2: conv(channels, channels, 3, stride),
    bn2: batchNorm(channels),
    relu2: reluLayer,
    conv3: conv(channels, outputs, 1),
    bn3: batchNorm(outputs),
  };
  return residualBlock(parts, 'bn3', projection(inputs, outputs, stride), zeroInit);
}

/**
 * Residual networks of He et al. 2016, x [n, inputChannels, height, width] to logits [n, classes]; variables named and initialised as in
 * torchvision.
 */
export function resnet({
  depth,
  classes,
  stem = 'imagenet',
  inputChannels = 3,
  zeroInitResidual = false,
}: ResnetOptions): Layer<Variables> {
  const [block, expansion] = depth === 50 ? ([bottleneck, 4] as const) : ([basicBlock, 1] as const);
  let inputs = 64;
  const layer = (i: number): Layer<Variables> => {
    const channels = 64 * 2 ** i;
    return sequential(
      Array.from({ length: stages[depth][i] }, (_, k) => {
        const made = block(inputs, channels, k === 0 && i > 0 ? 2 : 1, zeroInitResidual);
        inputs = channels * expansion;
        return made;
      }),
    );
  };
  const small = stem === 'cifar';
  return sequential({
    conv1: small ? conv(inputChannels, 64, 3) : conv(inputChannels, 64, 7, 2),
    bn1: batchNorm(64),
    relu: reluLayer,
    ...(!small && { maxpool: maxPoolLayer(3, { stride: 2, padding: 1 }) }),
    layer1: layer(0),
    layer2: layer(1),
    layer3: layer(2),
    layer4: layer(3),
    avgpool: activation((x) => x.mean([2, 3])),
    fc: linear(512 * expansion, classes),
  });
}
