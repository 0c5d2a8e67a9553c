import { conv, convTranspose, showShape, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';
import { windowOf } from './window.js';

export function convolve(call: OperatorCall): Tensor {
  const [x, weight] = [call.tensor(0), call.tensor(1)];
  const options = windowOf(call, x.shape.slice(2), weight.shape.slice(2));
  return conv(x, weight, call.optional(2), { ...options, groups: call.integer('group', 1) });
}

function transposed(call: OperatorCall): Tensor {
  const [x, weight] = [call.tensor(0), call.tensor(1)];
  const kernel = weight.shape.slice(2);
  const lengths = x.shape.slice(2);
  const { stride, dilation } = windowOf(call, lengths, kernel);
  const extra = call.integers('output_padding') ?? kernel.map(() => 0);
  for (const name of ['output_padding', 'output_shape']) {
    const given = call.integers(name);
    const most = kernel.length + (name === 'output_shape' ? 2 : 0);
    if (given && given.length !== kernel.length && given.length !== most)
      throw new RangeError(`${name} ${showShape(given)} must be ${kernel.length} numbers`);
  }
  const mode = call.string('auto_pad', 'NOTSET');
  const wanted = call.integers('output_shape')?.slice(-kernel.length);
  const pads = call.integers('pads') ?? [...kernel, ...kernel].fill(0);
  const padding = lengths.map((n, i): [number, number] => {
    const whole = stride[i] * (n - 1) + extra[i] + (kernel[i] - 1) * dilation[i] + 1;
    const target = wanted?.[i] ?? (mode.startsWith('SAME') ? n * stride[i] : undefined);
    if (target === undefined) return mode === 'VALID' ? [0, 0] : [pads[i], pads[i + kernel.length]];
    const total = whole - target;
    const half = Math.floor(total / 2);
    return mode === 'SAME_UPPER' ? [half, total - half] : [total - half, half];
  });
  // What is to be added at an end rather than cut, or more than the operator itself adds, is padding of the result.
  const most = stride.map((s, i) => Math.max(s, dilation[i]) - 1);
  const inside = extra.map((n, i) => Math.min(n, most[i]));
  const cut = padding.map(([before, after]): [number, number] => [Math.max(before, 0), Math.max(after, 0)]);
  const y = convTranspose(x, weight, undefined, {
    stride,
    dilation,
    padding: cut,
    outputPadding: inside,
    groups: call.integer('group', 1),
  });
  const added = padding.map(([before, after], i): [number, number] => [
    Math.max(-before, 0),
    Math.max(-after, 0) + extra[i] - inside[i],
  ]);
  const padded = y.pad([[0, 0], [0, 0], ...added]);
  const bias = call.optional(2);
  return bias ? padded.add(bias.reshape([-1, ...kernel.map(() => 1)])) : padded;
}

/** Convolutions. */
export const convolution: readonly OnnxOperator[] = [
  { type: 'Conv', gradient: 'yes', build: convolve },
  { type: 'ConvTranspose', gradient: 'yes', build: transposed },
];
