import type { Tensor } from '../../tensor/index.js';
import type { Layer, Variables } from '../layer.js';
import { sequential } from '../layers/composition.js';
import { linear } from '../layers/linear.js';
import { activation, dropout } from '../layers/stateless.js';

export interface MlpOptions {
  /** Units of every layer, the input's first and the output's last. */
  readonly sizes: readonly number[];
  /** Between layers. Default ReLU. */
  readonly activation?: (x: Tensor) => Tensor;
  /** Probability, after each activation. Default 0: no dropout layers. */
  readonly dropout?: number;
}

/**
 * Multilayer perceptron of x [n, ...], flattened to [n, sizes[0]]. The variables are those of PyTorch's Sequential(Linear, ReLU, Linear,
 * ...): '0.weight', '0.bias', '2.weight', ... (every third number with dropout).
 */
export function mlp({
  sizes,
  activation: fn = (x) => x.relu(),
  dropout: probability = 0,
}: MlpOptions): Layer<Variables> {
  if (sizes.length < 2)
    throw new RangeError(`mlp: sizes [${sizes.join(', ')}] must name at least an input and an output`);
  const between = probability > 0 ? [activation(fn), dropout(probability)] : [activation(fn)];
  const layers = sizes
    .slice(1)
    .flatMap((outputs, i): Layer<Variables>[] => [...(i > 0 ? between : []), linear(sizes[i], outputs)]);
  const body = sequential(layers);
  return {
    init: body.init,
    apply: (variables, x, context) => body.apply(variables, x.reshape([x.shape[0], -1]), context),
  };
}
