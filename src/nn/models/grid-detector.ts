import { kaimingNormal } from '../initializers.js';
import type { Layer, Variables } from '../layer.js';
import { sequential } from '../layers/composition.js';
import { conv2d } from '../layers/convolution.js';
import { batchNorm } from '../layers/normalization.js';
import { maxPoolLayer, reluLayer } from '../layers/stateless.js';

export interface GridDetectorOptions {
  readonly classes: number;
  /** Default 3. */
  readonly inputChannels?: number;
  /** Channels of the first layer; the last has four times as many. Default 16. */
  readonly width?: number;
}

/** Pixels along each side of the cell that one answer of {@link gridDetector} is about. */
export const detectorStride = 8;

/**
 * A small one-stage detector without anchors, in the manner of Redmon et al. 2016 made fully convolutional: x
 * [n, inputChannels, height, width] to [n, 5 + classes, height / 8, width / 8], sides that 8 does not divide rounded down. For each cell of 8 x 8 pixels
 * four numbers of a box, the logit that an object has its centre there, and logits of its class. What the four numbers mean the loss says.
 */
export function gridDetector({ classes, inputChannels = 3, width = 16 }: GridDetectorOptions): Layer<Variables> {
  const block = (inputs: number, outputs: number, pool = false): Layer<Variables> =>
    sequential([
      conv2d(inputs, outputs, 3, { padding: 1, bias: false, weightInitializer: kaimingNormal() }),
      batchNorm(outputs),
      reluLayer,
      ...(pool ? [maxPoolLayer(2)] : []),
    ]);
  const w = width;
  return sequential({
    conv1: block(inputChannels, w, true),
    conv2: block(w, 2 * w, true),
    conv3: block(2 * w, 4 * w, true),
    conv4: block(4 * w, 4 * w),
    conv5: block(4 * w, 4 * w),
    head: conv2d(4 * w, 5 + classes, 1),
  });
}
