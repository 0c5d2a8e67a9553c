import { activation, convDecoder, convEncoder, type Layer, mlp, sequential, type Variables } from '../../nn/index.js';
import type { Tensor } from '../../tensor/index.js';
import type { TrainConfig } from '../settings.js';

/** Shape of a batch of images, [n, channels, height, width]. */
type ImageShape = readonly number[];

/** What makes images of codes, and what makes numbers of images. */
export interface CodeModels {
  /** From codes [n, latent] to images [n, channels, height, width], without bounds. */
  decoder(shape: ImageShape, config: TrainConfig, latent: number): Layer<Variables>;
  /** From images to [n, outputs]. */
  encoder(shape: ImageShape, config: TrainConfig, outputs: number): Layer<Variables>;
  /** The same of slope nearly everywhere, and of each image alone: without normalisation over a batch. */
  discriminator(shape: ImageShape, config: TrainConfig): Layer<Variables>;
}

const leakyRelu = (x: Tensor): Tensor => x.maximum(x.mul(0.2));

/** Models of generators by name. */
export const codeModels: Readonly<Record<string, CodeModels>> = {
  conv: {
    decoder: ([, outputChannels, height, columns], { width }, latent) =>
      convDecoder({ imageSize: [height, columns], inputs: latent, outputChannels, width }),
    encoder: ([, inputChannels, height, columns], { width }, outputs) =>
      convEncoder({ imageSize: [height, columns], outputs, inputChannels, width }),
    discriminator: ([, inputChannels, height, columns], { width }) =>
      convEncoder({
        imageSize: [height, columns],
        outputs: 1,
        inputChannels,
        width,
        normalization: 'none',
        activation: activation(leakyRelu),
      }),
  },
  mlp: {
    decoder: ([, channels, height, columns], { hidden }, latent) =>
      sequential({
        body: mlp({ sizes: [latent, ...hidden.toReversed(), channels * height * columns] }),
        image: activation((x) => x.reshape([-1, channels, height, columns])),
      }),
    encoder: ([, ...image], { hidden }, outputs) => mlp({ sizes: [image.reduce((a, b) => a * b), ...hidden, outputs] }),
    discriminator: ([, ...image], { hidden }) =>
      mlp({
        sizes: [image.reduce((a, b) => a * b), ...hidden, 1],
        activation: leakyRelu,
      }),
  },
};
