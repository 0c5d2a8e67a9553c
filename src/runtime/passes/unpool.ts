import { int64s, integersOf, splatOf } from '../../tensor/ops/constant.js';
import type { Window } from '../../tensor/ops/convolution-operators.js';
import { apply, type Operator, type Tensor } from '../../tensor/tensor.js';
import type { Pass } from './rewrite.js';

/** Zeros of a given shape, but the elements of x where a max pool found its own. */
const MaxUnpool: Operator<Omit<Window, 'dilations'>> = {
  type: 'MaxUnpool',
  domain: '',
  infer: ([x, , shape]) => ({ shape: integersOf('MaxUnpool', shape), dtype: x.dtype }),
};

/**
 * The derivative of a max pool whose windows do not overlap by ONNX's operator for it. What is added up in general is only put in place then:
 * with its pool 1.3 times as fast (64 x 128 x 32 x 32 on one thread).
 */
export const unpool: Pass =
  () =>
  ({ operator, attributes, output }, inputs) => {
    if (operator.type !== 'ScatterElements' || attributes.reduction !== 'add' || output.dtype !== 'float32')
      return undefined;
    const [zeros, indices, ct] = inputs;
    const positions = unreshaped(indices);
    const { node: pool } = positions;
    if (splatOf(zeros) !== 0 || zeros.rank !== 1 || pool.operator.type !== 'MaxPool') return undefined;
    const [x] = pool.inputs;
    const { dilations, ...window } = pool.attributes as Window;
    if (zeros.size !== x.size || !areApart({ dilations, ...window }, x, positions)) return undefined;
    const { kernel_shape, strides, pads } = window;
    return [
      apply(MaxUnpool, [ct.reshape(positions.shape), positions, int64s(x.shape)], {
        kernel_shape,
        strides,
        pads,
      }).reshape(output.shape),
    ];
  };

function unreshaped(x: Tensor): Tensor {
  return x.node.operator.type === 'Reshape' ? unreshaped(x.node.inputs[0]) : x;
}

/** Whether no element of x is in two windows, and all windows end inside x and its padding. */
function areApart({ kernel_shape: kernel, strides, dilations, pads }: Window, x: Tensor, positions: Tensor): boolean {
  return kernel.every((k, i) => {
    const reached = (positions.shape[i + 2] - 1) * strides[i] + k - pads[i] - pads[i + kernel.length];
    return dilations[i] === 1 && strides[i] >= k && reached <= x.shape[i + 2];
  });
}
