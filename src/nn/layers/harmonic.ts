import type { NDArray } from '../../tensor/index.js';
import { type HarmonicOptions, harmonicLogits } from '../functional/harmonic.js';
import { defaultWeight, type Initializer } from '../initializers.js';
import type { Layer } from '../layer.js';

export interface HarmonicLinearOptions extends HarmonicOptions {
  /** Default: PyTorch's of linear layers. */
  readonly weightInitializer?: Initializer;
}

/**
 * The last layer of a classifier that is trained with harmonic loss, in the place of a linear one: {@link harmonicLogits} of x [..., n, inputs]
 * and its weight [outputs, inputs], whose rows become the centres of the classes. Cross-entropy of what it gives is harmonic loss, its softmax
 * the harmonic max. Baek et al. 2025.
 */
export function harmonicLinear(
  inputs: number,
  outputs: number,
  { weightInitializer = defaultWeight, ...options }: HarmonicLinearOptions = {},
): Layer<{ readonly weight: NDArray }> {
  return {
    init: (key) => ({ weight: weightInitializer(key, [outputs, inputs]) }),
    apply: ({ weight }, x) => harmonicLogits(x, weight, options),
  };
}
