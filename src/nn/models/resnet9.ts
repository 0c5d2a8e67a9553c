import { kaimingNormal } from '../initializers.js';
import type { Layer, Variables } from '../layer.js';
import { sequential, skip } from '../layers/composition.js';
import { conv2d } from '../layers/convolution.js';
import { linear } from '../layers/linear.js';
import { batchNorm } from '../layers/normalization.js';
import { activation, maxPoolLayer, reluLayer } from '../layers/stateless.js';

export interface Resnet9Options {
  readonly classes: number;
  /** Default 3. */
  readonly inputChannels?: number;
  /** Channels of the first layer; the last has eight times as many. Default 64. */
  readonly width?: number;
}

/**
 * The small residual network of the DAWNBench entries for CIFAR-10: four convolution blocks and two residual pairs, x
 * [n, inputChannels, height, width] with height and width of at least 8 to logits [n, classes].
 */
export function resnet9({ classes, inputChannels = 3, width = 64 }: Resnet9Options): Layer<Variables> {
  const block = (inputs: number, outputs: number, pool = false): Layer<Variables> =>
    sequential([
      conv2d(inputs, outputs, 3, { padding: 1, bias: false, weightInitializer: kaimingNormal() }),
      batchNorm(outputs),
      reluLayer,
      ...(pool ? [maxPoolLayer(2)] : []),
    ]);
  const pair = (channels: number) => skip(sequential([block(channels, channels), block(channels, channels)]));
  const w = width;
  return sequential({
    conv1: block(inputChannels, w),
    conv2: block(w, 2 * w, true),
    res1: pair(2 * w),
    conv3: block(2 * w, 4 * w, true),
    conv4: block(4 * w, 8 * w, true),
    res2: pair(8 * w),
    classifier: sequential([
      activation((x) => x.max([2, 3], { keepDims: true })),
      activation((x) => x.reshape([x.shape[0], -1])),
      linear(8 * w, classes),
    ]),
  });
}
