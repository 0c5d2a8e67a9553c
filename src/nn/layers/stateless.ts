import {
  adaptiveAveragePool,
  adaptiveMaxPool,
  averagePool,
  gelu,
  maxPool,
  type PerAxis,
  type Tensor,
} from '../../tensor/index.js';
import { dropout as dropoutOf, requireProbability } from '../functional/dropout.js';
import { type Layer, type NoVariables, stateless } from '../layer.js';

/** A function of a tensor as a layer: `activation((x) => x.tanh())`. */
export const activation = (fn: (x: Tensor) => Tensor): Layer<NoVariables> => stateless(fn);

export const reluLayer = activation((x) => x.relu());
export const geluLayer = activation((x) => gelu(x));
export const siluLayer = activation((x) => x.silu());
export const tanhLayer = activation((x) => x.tanh());

/** All axes but the first as one. */
export const flattenLayer = activation((x) => x.reshape([x.shape[0], -1]));

/** In training, zeroes elements with the given probability and scales the others by 1 / (1 - probability); otherwise nothing. */
export function dropout(probability: number): Layer<NoVariables> {
  requireProbability(probability);
  return stateless((x, context) =>
    context.training && probability > 0 ? dropoutOf(x, context.nextKey(), probability) : x,
  );
}

export const maxPoolLayer = (kernel: PerAxis, options: Parameters<typeof maxPool>[2] = {}) =>
  activation((x) => maxPool(x, kernel, options));
export const averagePoolLayer = (kernel: PerAxis, options: Parameters<typeof averagePool>[2] = {}) =>
  activation((x) => averagePool(x, kernel, options));
export const adaptiveAveragePoolLayer = (lengths: PerAxis) => activation((x) => adaptiveAveragePool(x, lengths));
export const adaptiveMaxPoolLayer = (lengths: PerAxis) => activation((x) => adaptiveMaxPool(x, lengths));
