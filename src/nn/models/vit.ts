import { normal, split } from '../../runtime/random/index.js';
import { conv, linear as linearOf, type NDArray, zerosArray } from '../../tensor/index.js';
import { layerNorm as layerNormOf } from '../functional/normalization.js';
import { onesArray, truncatedNormal } from '../initializers.js';
import type { Affine, Layer, Symbolic, Variables } from '../layer.js';
import { encoderBlock } from '../layers/attention.js';
import { sequential } from '../layers/composition.js';
import { dropout as dropoutLayer } from '../layers/stateless.js';

export interface VitOptions {
  /** Height and width of the images. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly dimension: number;
  /** Number of encoder blocks. */
  readonly depth: number;
  readonly heads: number;
  readonly mlpDimension: number;
  readonly classes: number;
  /** Default 3. */
  readonly inputChannels?: number;
  /** Default 0. */
  readonly dropout?: number;
}

export type VitVariables = {
  readonly class_token: NDArray;
  readonly conv_proj: Affine;
  readonly encoder: { readonly pos_embedding: NDArray; readonly layers: Variables; readonly ln: Affine };
  readonly heads: { readonly head: Affine };
};

/** Of all layer norms, as in torchvision. */
const epsilon = 1e-6;

/**
 * Vision transformer of Dosovitskiy et al. 2021, x [n, inputChannels, imageSize, imageSize] to logits [n, classes]: patches as tokens, a
 * class token, learnt positions, encoder blocks with normalisation first. Variables named as in torchvision.
 */
export function vit(options: VitOptions): Layer<VitVariables> {
  const {
    imageSize,
    patchSize,
    dimension,
    depth,
    heads,
    mlpDimension,
    classes,
    inputChannels = 3,
    dropout = 0,
  } = options;
  if (imageSize % patchSize !== 0)
    throw new RangeError(`vit: patchSize ${patchSize} does not divide imageSize ${imageSize}`);
  const side = imageSize / patchSize;
  const tokens = side * side + 1;
  const block = () => encoderBlock({ features: dimension, heads, mlpFeatures: mlpDimension, dropout, epsilon });
  const blocks = sequential(
    Object.fromEntries(Array.from({ length: depth }, (_, i) => [`encoder_layer_${i}`, block()])),
  );
  const drop = dropoutLayer(dropout);
  const fanIn = inputChannels * patchSize * patchSize;
  return {
    init: (key) => {
      const [forPatches, forPositions, forBlocks] = split(key, 3);
      return {
        class_token: zerosArray([1, 1, dimension]),
        conv_proj: {
          weight: truncatedNormal({ deviation: Math.sqrt(1 / fanIn) })(forPatches, [
            dimension,
            inputChannels,
            patchSize,
            patchSize,
          ]),
          bias: zerosArray([dimension]),
        },
        encoder: {
          pos_embedding: normal(forPositions, [1, tokens, dimension], { deviation: 0.02 }),
          layers: blocks.init(forBlocks),
          ln: { weight: onesArray([dimension]), bias: zerosArray([dimension]) },
        },
        heads: { head: { weight: zerosArray([classes, dimension]), bias: zerosArray([classes]) } },
      };
    },
    apply: (variables: Symbolic<VitVariables>, x, context) => {
      const { class_token: token, conv_proj: patches, encoder, heads: top } = variables;
      const n = x.shape[0];
      if (x.shape[2] !== imageSize || x.shape[3] !== imageSize)
        throw new RangeError(`vit: x [${x.shape.join(', ')}] must hold images of ${imageSize} by ${imageSize}`);
      const embedded = conv(x, patches.weight, patches.bias, { stride: patchSize })
        .reshape([n, dimension, side * side])
        .swapAxes(1, 2);
      const sequence = token.broadcastTo([n, 1, dimension]).concat(embedded, 1).add(encoder.pos_embedding);
      const dropped = drop.apply({}, sequence, context);
      const encoded = blocks.apply(encoder.layers as Symbolic<Variables>, dropped, context);
      return linearOf(
        layerNormOf(encoded, encoder.ln.weight, encoder.ln.bias, epsilon).at(0, 1),
        top.head.weight,
        top.head.bias,
      );
    },
  };
}
