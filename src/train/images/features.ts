import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { importOnnx } from '../../import/index.js';
import { Context, conv2d, kaimingNormal } from '../../nn/index.js';
import { key, split } from '../../runtime/random/index.js';
import { averagePool, constant, mapTree, type NDArray, type Tensor } from '../../tensor/index.js';

/** What {@link featuresOf} can be asked for. */
export const featureOptions = {
  /** Factor of each layer. */
  weights: z.array(z.number().min(0)).optional(),
  /** An ONNX model of images in [0, 1] whose values are the features. Default: a network with random weights. */
  model: z.string().optional(),
  /** Of the model: names of values, or of nodes. Default: its first output. */
  layers: z.array(z.string()).min(1).optional(),
  /** Of the random network: its weights follow from this. */
  seed: z.number().int().min(0).optional(),
  /** Of the random network: channels of the first layer. Each further one has twice as many at half the size. */
  width: z.number().int().positive().optional(),
  /** Of the random network: how many layers. */
  depth: z.number().int().positive().optional(),
  /** Factor of the mean squared error that is added. */
  pixelWeight: z.number().min(0).optional(),
};

type FeatureOptions = z.output<z.ZodObject<typeof featureOptions>>;

/** Features of images [n, channels, height, width] in [0, 1], layer by layer. */
export type Features = (images: Tensor) => Tensor[];

/**
 * Features that no training changes: values of an ONNX model, or the activations of convolutions of 3 x 3 with random weights, which tell structures
 * apart though nothing was learnt. The same options, the same features; numbers compare only under the same ones.
 *
 * @throws Error naming the file that cannot be read.
 */
export function featuresOf(options: FeatureOptions): Features {
  return options.model === undefined ? randomFeatures(options) : modelFeatures(options.model, options.layers);
}

function modelFeatures(path: string, layers?: readonly string[]): Features {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`featureReconstruction: ${path}: ${code === 'ENOENT' ? 'does not exist' : message}`);
  }
  const model = importOnnx(bytes);
  const variables = model.init();
  const names = layers ?? [model.outputs[0].name];
  return (images) => {
    const weights = mapTree(variables, (array: NDArray) => constant(array)) as Readonly<Record<string, Tensor>>;
    const values = model.outputsOf(weights, images, new Context(), names);
    return names.map((name) => values[name]);
  };
}

function randomFeatures({ seed = 0, width = 16, depth = 3 }: FeatureOptions): Features {
  const keys = split(key(seed), depth);
  return (images) => {
    const features: Tensor[] = [];
    // Around 0, so that the first layer sees what differs and not the brightness.
    let x = images.sub(0.5).mul(2);
    for (const [level, layerKey] of keys.entries()) {
      if (level > 0) x = averagePool(x, 2, { stride: 2 });
      const layer = conv2d(x.shape[1], width * 2 ** level, 3, {
        padding: 1,
        bias: false,
        weightInitializer: kaimingNormal(),
      });
      const { weight } = layer.init(layerKey);
      x = layer.apply({ weight: constant(weight) } as never, x, new Context()).relu();
      features.push(x);
    }
    return features;
  };
}
