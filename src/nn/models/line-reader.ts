import { kaimingNormal } from '../initializers.js';
import type { Layer, Variables } from '../layer.js';
import { sequential } from '../layers/composition.js';
import { conv2d } from '../layers/convolution.js';
import { linear } from '../layers/linear.js';
import { batchNorm } from '../layers/normalization.js';
import { gru } from '../layers/recurrent.js';
import { activation, maxPoolLayer, reluLayer } from '../layers/stateless.js';

export interface LineReaderOptions {
  /** Characters, and one for none. */
  readonly classes: number;
  /** Default 3. */
  readonly inputChannels?: number;
  /** Channels of the first layer; the last has four times as many. Default 16. */
  readonly width?: number;
  /** Units of gated recurrence along the line in each direction; 0 for none. Default 0. */
  readonly recurrentUnits?: number;
}

/** Pixels across that one step of {@link lineReader} is about. */
export const readerStride = 4;

/**
 * A reader of lines of writing, x [n, inputChannels, height, width] to logits [n, width / 4, classes] along the line, for connectionist temporal
 * classification: convolutions, the mean over the height, and gated recurrent units in both directions where asked for, as Shi et al. 2015 have
 * long short-term memory. Height and width of at least 8 and 4.
 */
export function lineReader(options: LineReaderOptions): Layer<Variables> {
  const { classes, inputChannels = 3, width = 16, recurrentUnits = 0 } = options;
  const block = (inputs: number, outputs: number, pool?: readonly number[]): Layer<Variables> =>
    sequential([
      conv2d(inputs, outputs, 3, { padding: 1, bias: false, weightInitializer: kaimingNormal() }),
      batchNorm(outputs),
      reluLayer,
      ...(pool ? [maxPoolLayer(pool)] : []),
    ]);
  const w = width;
  return sequential({
    conv1: block(inputChannels, w, [2, 2]),
    conv2: block(w, 2 * w, [2, 2]),
    conv3: block(2 * w, 4 * w, [2, 1]),
    conv4: block(4 * w, 4 * w),
    // From [n, channels, height, steps] to [n, steps, channels].
    along: activation((x) => x.mean(2).swapAxes(1, 2)),
    ...(recurrentUnits > 0 && { recurrence: gru(4 * w, recurrentUnits, { bidirectional: true }) as Layer<Variables> }),
    classifier: linear(recurrentUnits > 0 ? 2 * recurrentUnits : 4 * w, classes),
  });
}
