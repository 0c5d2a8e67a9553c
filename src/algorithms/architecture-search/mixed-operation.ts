import { showShape, type Tensor } from '../../tensor/index.js';

/**
 * A mixture of what candidate operations make of one input: sum over o of softmax(alpha)_o o(x), the continuous relaxation of choosing one. Liu
 * et al. 2019 (arXiv 1806.09055).
 *
 * @param outputs of the operations, all of one shape. @param architecture alpha, [operations].
 */
export function mixedOperation(outputs: readonly Tensor[], architecture: Tensor): Tensor {
  if (architecture.rank !== 1 || architecture.shape[0] !== outputs.length || outputs.length === 0)
    throw new RangeError(
      `mixedOperation: architecture ${showShape(architecture.shape)} must be [${outputs.length}], one number an operation`,
    );
  const shapes = outputs.map(({ shape }) => showShape(shape));
  if (new Set(shapes).size > 1)
    throw new RangeError(`mixedOperation: outputs ${shapes.join(', ')} must have one shape`);
  const shares = architecture.softmax(0);
  return outputs.map((y, o) => y.mul(shares.at(o))).reduce((a, b) => a.add(b));
}
