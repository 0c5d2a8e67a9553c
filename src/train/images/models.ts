import { autoencoder, type Layer, mlp, sequential, stateless, unet, type Variables } from '../../nn/index.js';
import type { TrainConfig } from '../settings.js';

type ImageModelOf = (shape: readonly number[], config: TrainConfig) => Layer<Variables>;

/** Models from images [n, channels, height, width] to images of that size, by name. */
export const imageToImageModels: Readonly<Record<string, ImageModelOf>> = {
  autoencoder: ([, channels, height, width], { latent = 32, width: features }) =>
    autoencoder({ imageSize: [height, width], latent, channels, width: features }),
  unet: ([, channels], { width }) => unet({ outputs: channels, inputChannels: channels, width, depth: 2 }),
  mlp: ([, channels, height, width], { hidden, latent = 32, dropout }) => {
    const pixels = channels * height * width;
    const body = mlp({ sizes: [pixels, ...hidden, latent, ...hidden.toReversed(), pixels], dropout });
    return sequential({ body, image: stateless((x) => x.reshape([-1, channels, height, width])) });
  },
};
