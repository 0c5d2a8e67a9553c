import { normal, split } from '../../runtime/random/index.js';
import { linear as linearOf, type NDArray, showShape } from '../../tensor/index.js';
import { defaultBias, defaultWeight, type Initializer } from '../initializers.js';
import type { Affine, Layer } from '../layer.js';

export interface LinearOptions {
  /** Default true. */
  readonly bias?: boolean;
  /** Default: PyTorch's. */
  readonly weightInitializer?: Initializer;
  readonly biasInitializer?: Initializer;
}

/** Affine map of the last axis: x [..., inputs] to [..., outputs]; weight [outputs, inputs], bias [outputs]. */
export function linear(inputs: number, outputs: number, options: LinearOptions = {}): Layer<Affine> {
  const shape = [outputs, inputs];
  const { bias = true, weightInitializer = defaultWeight, biasInitializer = defaultBias(shape) } = options;
  return {
    init: (key) => {
      const [forWeight, forBias] = split(key);
      const weight = weightInitializer(forWeight, shape);
      return (bias ? { weight, bias: biasInitializer(forBias, [outputs]) } : { weight }) as Affine;
    },
    apply: (variables, x) => linearOf(x, variables.weight, variables.bias),
  };
}

/** A table of vectors looked up by index: int x [...] to [..., features]; weight [entries, features], normal at first. */
export function embedding(entries: number, features: number): Layer<{ readonly weight: NDArray }> {
  return {
    init: (key) => ({ weight: normal(key, [entries, features]) }),
    apply: ({ weight }, x) => {
      if (x.dtype !== 'int32' && x.dtype !== 'int64')
        throw new TypeError(`embedding: x ${x.dtype}${showShape(x.shape)} must hold int32 or int64 indices`);
      return weight.gather(x);
    },
  };
}
