import type { AdaptableModel, FeaturesAndLogits } from '../../algorithms/index.js';
import {
  batchNorm,
  conv2d,
  type Layer,
  linear,
  reluLayer,
  type Symbolic,
  sequential,
  type Variables,
} from '../../nn/index.js';
import { foldIn } from '../../runtime/random/index.js';

/** A net that says its features, which its last layer takes, beside its logits. */
export type PooledNet = AdaptableModel<FeaturesAndLogits> & Pick<Layer<Variables>, 'init'>;

/** Channels and stride of each convolution. */
export type Convolutions = readonly (readonly [channels: number, stride: number])[];

/** Convolutions of 3 x 3 with batch normalisation over pictures of `inputs` channels, means of the channels over the picture, and a linear classifier of ten classes. */
export function pooledNetOf(convolutions: Convolutions, inputs = 1): PooledNet {
  const layers = convolutions.flatMap(([channels, stride], i) => [
    conv2d(i === 0 ? inputs : convolutions[i - 1][0], channels, 3, { stride, padding: 1 }),
    batchNorm(channels),
    reluLayer,
  ]) as Layer<Variables>[];
  const body = sequential(layers);
  const head = linear(convolutions[convolutions.length - 1][0], 10);
  return {
    init: (k) => ({ body: body.init(foldIn(k, 0)), head: head.init(foldIn(k, 1)) }),
    apply: (variables, x, context) => {
      const features = body.apply(variables.body as Symbolic<Variables>, x, context).mean([2, 3]);
      return { features, logits: head.apply(variables.head as never, features, context) };
    },
  };
}

/** The same net, logits alone. */
export const classifierOf = ({ init, apply }: PooledNet): Layer<Variables> => ({
  init,
  apply: (variables, x, context) => apply(variables, x, context).logits,
});
