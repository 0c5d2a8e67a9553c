import { type NDArray, ndarray, zerosArray } from '../../tensor/index.js';
import { weightNorm as weightOf } from '../functional/normalization.js';
import type { Layer, Symbolic, Variables } from '../layer.js';

export type WeightNormVariables = {
  readonly parametrizations: {
    /** The length of the weight's rows, and their direction, of the weight's shape. */
    readonly weight: { readonly original0: NDArray; readonly original1: NDArray };
  };
  readonly [name: string]: NDArray | Variables;
};

/**
 * A layer whose `weight` is made of lengths and directions, w = g v / |v| for each output: the gradient moves both apart. Begins with the
 * layer's own weight. Variables are named as by PyTorch's parametrizations.weight_norm. Salimans and Kingma 2016.
 *
 * @throws TypeError when the layer has no variable `weight`.
 */
export function weightNorm(layer: Layer<Variables>): Layer<WeightNormVariables> {
  return {
    init: (key) => {
      const { weight, ...others } = layer.init(key) as Variables & { readonly weight?: NDArray<'float32'> };
      if (!weight?.data) throw new TypeError('weightNorm: the layer has no variable called weight');
      return { ...others, parametrizations: { weight: { original0: lengths(weight), original1: weight } } };
    },
    apply: ({ parametrizations, ...others }, x, context) => {
      const { original0, original1 } = parametrizations.weight;
      const variables = { ...others, weight: weightOf(original1, original0) } as Symbolic<Variables>;
      return layer.apply(variables, x, context);
    },
  };
}

/** The 2-norm of each row of the first axis, with ones for the others. */
function lengths({ data, shape }: NDArray<'float32'>): NDArray {
  const row = data.length / shape[0];
  const result = zerosArray([shape[0]]);
  for (let i = 0; i < shape[0]; i++) result.data[i] = Math.hypot(...data.subarray(i * row, (i + 1) * row));
  return ndarray(result.data, { shape: shape.map((n, i) => (i === 0 ? n : 1)) });
}
