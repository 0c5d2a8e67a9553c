import { kaimingNormal } from '../initializers.js';
import type { Layer, Variables } from '../layer.js';
import { sequential } from '../layers/composition.js';
import { conv2d, convTranspose2d } from '../layers/convolution.js';
import { linear } from '../layers/linear.js';
import { batchNorm } from '../layers/normalization.js';
import { activation, flattenLayer, reluLayer } from '../layers/stateless.js';
import { type Normalization, normalizationNamed } from './normalization.js';

/** What an encoder and a decoder of images have in common. */
export interface ConvolutionsOptions {
  /** Height and width of the images. */
  readonly imageSize: readonly [height: number, width: number];
  /** Channels at half the size; every further halving doubles them. Default 16. */
  readonly width?: number;
  /** How often the size is halved, or doubled. Default 2. */
  readonly depth?: number;
  /** What follows every convolution but that at the image, of so many channels; with `none` they have biases. Default {@link batchNorm}. */
  readonly normalization?: Normalization;
  /** Default ReLU. */
  readonly activation?: Layer<Variables>;
}

export interface ConvEncoderOptions extends ConvolutionsOptions {
  /** Length of the code. */
  readonly outputs: number;
  /** Default 3. */
  readonly inputChannels?: number;
}

export interface ConvDecoderOptions extends ConvolutionsOptions {
  /** Length of the code. */
  readonly inputs: number;
  /** Default 3. */
  readonly outputChannels?: number;
}

/** Height and width at each level, the image's first: each half the one before, rounded up. */
function sizesOf(who: string, imageSize: readonly number[], depth: number): readonly (readonly number[])[] {
  if (!Number.isInteger(depth) || depth < 1) throw new RangeError(`${who}: depth ${depth} must be a positive integer`);
  if (imageSize.length !== 2 || !imageSize.every((n) => Number.isInteger(n) && n >= 2 ** depth))
    throw new RangeError(
      `${who}: imageSize [${imageSize.join(', ')}] must be a height and a width of at least ${2 ** depth} for depth ${depth}`,
    );
  return Array.from({ length: depth + 1 }, (_, level) => imageSize.map((n) => Math.ceil(n / 2 ** level)));
}

/**
 * From images to codes, x [n, inputChannels, height, width] to [n, outputs]: convolutions of 4 x 4 with stride 2, each with twice the
 * channels of the one before, and a linear layer. Without normalisation after the first, as in the discriminator of Radford et al. 2016; with
 * one output it is one.
 *
 * @throws RangeError for images too small to be halved so often.
 */
export function convEncoder(options: ConvEncoderOptions): Layer<Variables> {
  const { outputs, imageSize, inputChannels = 3, width = 16, depth = 2 } = options;
  const { normalization = batchNorm, activation: active = reluLayer } = options;
  const sizes = sizesOf('convEncoder', imageSize, depth);
  const stages = Array.from({ length: depth }, (_, level) => {
    const [inputs, channels] = [level === 0 ? inputChannels : width * 2 ** (level - 1), width * 2 ** level];
    return sequential({
      conv: conv2d(inputs, channels, 4, {
        stride: 2,
        padding: 'same',
        bias: level === 0 || normalization === 'none',
        weightInitializer: kaimingNormal(),
      }),
      ...(level > 0 && normalizationNamed('norm', normalization, channels)),
      active,
    });
  });
  const [height, columns] = sizes[depth];
  const features = width * 2 ** (depth - 1) * height * columns;
  return sequential({ body: sequential(stages), flatten: flattenLayer, head: linear(features, outputs) });
}

/**
 * From codes to images, x [n, inputs] to [n, outputChannels, height, width], which have no bounds: a linear layer and transposed convolutions of
 * 4 x 4 with stride 2, each with half the channels of the one before, as in the generator of Radford et al. 2016; where the size is
 * odd the last row or column is cut off.
 *
 * @throws RangeError for images too small to be doubled up to so often.
 */
export function convDecoder(options: ConvDecoderOptions): Layer<Variables> {
  const { inputs, imageSize, outputChannels = 3, width = 16, depth = 2 } = options;
  const { normalization = batchNorm, activation: active = reluLayer } = options;
  const sizes = sizesOf('convDecoder', imageSize, depth);
  const least = width * 2 ** (depth - 1);
  const [height, columns] = sizes[depth];
  const stages = Array.from({ length: depth }, (_, i) => {
    const level = depth - 1 - i;
    const [wide, channels] = [width * 2 ** level, level === 0 ? outputChannels : width * 2 ** (level - 1)];
    const [rows, across] = sizes[level];
    return sequential({
      // The inputs of a transposed weight stand on its first axis.
      conv: convTranspose2d(wide, channels, 4, {
        stride: 2,
        padding: 1,
        bias: level === 0 || normalization === 'none',
        weightInitializer: kaimingNormal({ fan: 'out' }),
      }),
      crop: activation((x) => x.slice([null, null, [0, rows], [0, across]])),
      ...(level > 0 && { ...normalizationNamed('norm', normalization, channels), active }),
    });
  });
  return sequential({
    stem: linear(inputs, least * height * columns),
    unflatten: activation((x) => x.reshape([x.shape[0], least, height, columns])),
    ...normalizationNamed('norm', normalization, least),
    active,
    body: sequential(stages),
  });
}

export interface AutoencoderOptions extends ConvolutionsOptions {
  /** Length of the code between encoder and decoder. */
  readonly latent: number;
  /** Of the images. Default 3. */
  readonly channels?: number;
}

/**
 * Images to images, x [n, channels, height, width] to the same shape, through a code of `latent` numbers: {@link convEncoder} under `encoder` and
 * {@link convDecoder} under `decoder`. The result has no bounds; take its sigmoid for pixels in [0, 1].
 *
 * @throws RangeError for images too small to be halved so often.
 */
export function autoencoder({ latent, channels = 3, ...options }: AutoencoderOptions): Layer<Variables> {
  return sequential({
    encoder: convEncoder({ ...options, outputs: latent, inputChannels: channels }),
    decoder: convDecoder({ ...options, inputs: latent, outputChannels: channels }),
  });
}
