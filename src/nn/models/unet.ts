import { foldIn, split } from '../../runtime/random/index.js';
import { concat, showShape, type Tensor } from '../../tensor/index.js';
import { kaimingNormal } from '../initializers.js';
import type { Layer, Symbolic, Variables } from '../layer.js';
import { sequential } from '../layers/composition.js';
import { conv2d, convTranspose2d } from '../layers/convolution.js';
import { batchNorm } from '../layers/normalization.js';
import { maxPoolLayer, reluLayer } from '../layers/stateless.js';
import { type Normalization, normalizationNamed } from './normalization.js';

export interface UnetOptions {
  /** Channels of the result: classes of pixels, or those of an image. */
  readonly outputs: number;
  /** Default 3. */
  readonly inputChannels?: number;
  /** Channels at full size; every halving doubles them. Default 16, where Ronneberger et al. 2015 have 64. */
  readonly width?: number;
  /** How often the image is halved. Default 3, where Ronneberger et al. 2015 have 4. */
  readonly depth?: number;
  /**
   * What follows every convolution of 3 x 3, of so many channels; with `none` they have biases, as in the paper. Default {@link batchNorm}.
   */
  readonly normalization?: Normalization;
}

/**
 * The U-Net of Ronneberger et al. 2015, x [n, inputChannels, height, width] to [n, outputs, height, width]: pairs of convolutions, each level at
 * half the size and with twice the channels of the one above; then up again by transposed convolutions, joined at each level with what
 * was there on the way down. Convolutions are padded, so that the result has the size of the input. A level of odd height or width loses its
 * last row or column on the way down; on the way up zeros stand there.
 *
 * Variables: `down.0`, ..., `bottom`, `up.0`, ... (the deepest first, with `upsample` and `block`) and `head`.
 *
 * @throws RangeError for a depth that is no positive integer, or images of fewer than 2^depth pixels a side.
 */
export function unet(options: UnetOptions): Layer<Variables> {
  const { outputs, inputChannels = 3, width = 16, depth = 3, normalization = batchNorm } = options;
  if (!Number.isInteger(depth) || depth < 1) throw new RangeError(`unet: depth ${depth} must be a positive integer`);
  const conv = (inputs: number, channels: number) =>
    conv2d(inputs, channels, 3, {
      padding: 1,
      bias: normalization === 'none',
      weightInitializer: kaimingNormal(),
    });
  const block = (inputs: number, channels: number): Layer<Variables> =>
    sequential({
      conv1: conv(inputs, channels),
      ...normalizationNamed('norm1', normalization, channels),
      relu1: reluLayer,
      conv2: conv(channels, channels),
      ...normalizationNamed('norm2', normalization, channels),
      relu2: reluLayer,
    });
  const channelsAt = (level: number) => width * 2 ** level;
  const levels = Array.from({ length: depth }, (_, level) => level);
  const down = levels.map((level) => block(level === 0 ? inputChannels : channelsAt(level - 1), channelsAt(level)));
  const bottom = block(channelsAt(depth - 1), channelsAt(depth));
  const up = levels.toReversed().map((level) => ({
    upsample: convTranspose2d(channelsAt(level + 1), channelsAt(level), 2, { stride: 2 }),
    block: block(2 * channelsAt(level), channelsAt(level)),
  }));
  const head = conv2d(width, outputs, 1);
  const halved = maxPoolLayer(2);
  type Step = { readonly upsample: Symbolic<Variables>; readonly block: Symbolic<Variables> };

  return {
    init: (key) => {
      const [forDown, forBottom, forUp, forHead] = split(key, 4);
      return {
        down: Object.fromEntries(down.map((layer, i) => [i, layer.init(foldIn(forDown, i))])),
        bottom: bottom.init(forBottom),
        up: Object.fromEntries(
          up.map((step, i) => {
            const [first, second] = split(foldIn(forUp, i));
            return [i, { upsample: step.upsample.init(first), block: step.block.init(second) }];
          }),
        ),
        head: head.init(forHead),
      };
    },
    apply: (variables, x, context) => {
      const least = 2 ** depth;
      if (x.rank !== 4 || x.shape[1] !== inputChannels || Math.min(x.shape[2], x.shape[3]) < least)
        throw new RangeError(
          `unet: x ${showShape(x.shape)} must be [n, ${inputChannels}, height, width] with at least ${least} pixels a side`,
        );
      const of = (name: 'down' | 'up') => variables[name] as Symbolic<Variables>;
      const passed: Tensor[] = [];
      let y = x;
      for (const [i, layer] of down.entries()) {
        const level = layer.apply(of('down')[i] as Symbolic<Variables>, y, context);
        passed.push(level);
        y = halved.apply({}, level, context);
      }
      y = bottom.apply(variables.bottom as Symbolic<Variables>, y, context);
      for (const [i, step] of up.entries()) {
        const { upsample, block: joined } = of('up')[i] as unknown as Step;
        const skipped = passed[depth - 1 - i];
        const grown = fitted(step.upsample.apply(upsample as never, y, context), skipped);
        y = step.block.apply(joined, concat([skipped, grown], 1), context);
      }
      return head.apply(variables.head as never, y, context);
    },
  };
}

/** An image with zeros below and to the right, up to the size of another. */
function fitted(x: Tensor, { shape: [, , height, width] }: Tensor): Tensor {
  const missing = [height - x.shape[2], width - x.shape[3]];
  return missing.every((n) => n === 0) ? x : x.pad([[0, 0], [0, 0], ...missing.map((n): [number, number] => [0, n])]);
}
