import {
  averagePoolLayer,
  batchNorm,
  conv2d,
  flattenLayer,
  type Layer,
  linear,
  reluLayer,
  sequential,
  type Variables,
} from '../../nn/index.js';
import { showShape } from '../../tensor/index.js';

/**
 * A second classifier on what is in the middle of a network, whose loss sends gradients to the first layers by a shorter way: ReLU, means of 5 x 5
 * with a stride of 3, convolutions to 128 and to 768 channels, each normalised and followed by ReLU, a linear layer. The published code of DARTS
 * has it behind the second reduction, and adds 0.4 times its loss. Liu et al. 2019 (arXiv 1806.09055).
 *
 * @param channels of its input, maps of 8 x 8 (to 10 x 10), as images of 32 x 32 have them after two reductions.
 * @returns the layer, of x [n, channels, 8, 8] to logits [n, classes].
 * @throws RangeError, when applied, for maps of another size.
 */
export function auxiliaryHead(channels: number, classes: number): Layer<Variables> {
  const layers = sequential([
    reluLayer,
    averagePoolLayer(5, { stride: 3 }),
    conv2d(channels, 128, 1, { bias: false }),
    batchNorm(128),
    reluLayer,
    conv2d(128, 768, 2, { bias: false }),
    batchNorm(768),
    reluLayer,
    flattenLayer,
    linear(768, classes),
  ]);
  return {
    init: layers.init,
    apply: (variables, x, context) => {
      if (x.rank !== 4 || x.shape[1] !== channels || x.shape.slice(2).some((side) => side < 8 || side > 10))
        throw new RangeError(
          `auxiliaryHead: x ${showShape(x.shape)} must be [n, ${channels}, 8, 8], sides from 8 to 10`,
        );
      return layers.apply(variables as never, x, context);
    },
  };
}
