import { concat, type Tensor } from '../../tensor/index.js';
import { constant, int64s } from '../../tensor/ops/constant.js';
import { type ConvAttributes, ConvWeightGradient } from '../../tensor/ops/convolution-operators.js';
import { Pad } from '../../tensor/ops/slicing.js';
import { sizeOf, stridesOf } from '../../tensor/shape.js';
import { apply } from '../../tensor/tensor.js';
import type { Pass } from './rewrite.js';

/**
 * The derivative of a convolution by its weight where results are as many as inputs, as a product a tap of
 *
 *     dw[tap] = sum over p of ct[p] x[p + shift of the tap].
 *
 * A shift along the last axis moves x, one along the others moves the cotangent the other way: for 3 x 3 taps that is two moved copies of
 * each, in place of a padded x and a copy of it for each tap. ONNX Runtime makes copies on one thread. What leaves the image meets zeros
 * either way, so the values are the same.
 */
export const taps: Pass =
  () =>
  ({ operator, attributes }, inputs) => {
    if (operator !== (ConvWeightGradient as unknown) || inputs[0].dtype !== 'float32') return undefined;
    const [x, ct] = inputs;
    return pays(x, ct, attributes as ConvAttributes) ? [byMovedCopies(x, ct, attributes as ConvAttributes)] : undefined;
  };

/** Whether both are images of one size, each sample a product, and fewer numbers are copied than one of x for each tap would be. */
function pays(x: Tensor, ct: Tensor, { kernel_shape: kernel, strides, group }: ConvAttributes): boolean {
  const lengths = x.shape.slice(2);
  const count = sizeOf(kernel);
  const along = kernel[kernel.length - 1];
  return (
    group === 1 &&
    count <= 32 &&
    strides.every((n) => n === 1) &&
    lengths.every((n, i) => n === ct.shape[i + 2]) &&
    sizeOf(lengths) >= 32 &&
    (count / along - 1) * ct.shape[1] + (along - 1) * x.shape[1] < (count + 1) * x.shape[1]
  );
}

function byMovedCopies(x: Tensor, ct: Tensor, { kernel_shape: kernel, dilations, pads }: ConvAttributes): Tensor {
  const [last, steps] = [kernel.length - 1, stridesOf(kernel)];
  const rows = (t: Tensor) => t.reshape([t.shape[0], t.shape[1], -1]);
  const products = Array.from({ length: sizeOf(kernel) }, (_, tap) => {
    const shift = kernel.map((k, i) => (Math.floor(tap / steps[i]) % k) * dilations[i] - pads[i]);
    const cotangents = moved(
      ct,
      shift.map((n, i) => (i === last ? 0 : -n)),
    );
    const met = moved(
      x,
      shift.map((n, i) => (i === last ? n : 0)),
    );
    return rows(cotangents).matmul(rows(met).swapAxes(-1, -2)).sum(0).expandDims(2);
  });
  return concat(products, 2).reshape([ct.shape[1], x.shape[1], ...kernel]);
}

/** y[p] = x[p + shift] along the spatial axes, zeros where that is outside: one operator, which cuts at one end and pads the other. */
function moved(x: Tensor, shift: readonly number[]): Tensor {
  if (shift.every((n) => n === 0)) return x;
  const widths = [0, 0, ...shift];
  return apply(Pad, [x, int64s([...widths.map((n) => -n), ...widths]), constant(0)], { mode: 'constant' });
}
