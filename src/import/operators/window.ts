import { showShape } from '../../tensor/index.js';
import type { OperatorCall } from '../operator.js';

/** The window of a convolution or pooling, an entry a spatial axis. */
export interface WindowOptions {
  readonly stride: number[];
  readonly dilation: number[];
  readonly padding: [before: number, after: number][];
}

/** Strides, dilations and padding of a node, whichever way it says them. */
export function windowOf(call: OperatorCall, lengths: readonly number[], kernel: readonly number[]): WindowOptions {
  const ones = kernel.map(() => 1);
  const stride = call.integers('strides') ?? ones;
  const dilation = call.integers('dilations') ?? ones;
  const mode = call.string('auto_pad', 'NOTSET');
  const pads = call.integers('pads') ?? [...ones, ...ones].fill(0);
  for (const [name, values, count] of [
    ['strides', stride, kernel.length],
    ['dilations', dilation, kernel.length],
    ['pads', pads, 2 * kernel.length],
    ['kernel_shape', call.integers('kernel_shape') ?? kernel, kernel.length],
  ] as const)
    if (values.length !== count) throw new RangeError(`${name} ${showShape(values)} must be ${count} numbers`);
  if (lengths.length !== kernel.length)
    throw new RangeError(`the kernel ${showShape(kernel)} does not fit lengths ${showShape(lengths)}`);
  const padding = lengths.map((n, i): [number, number] => {
    if (mode === 'NOTSET') return [pads[i], pads[i + kernel.length]];
    if (mode === 'VALID') return [0, 0];
    const total = Math.max(0, (Math.ceil(n / stride[i]) - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 - n);
    const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
    return mode === 'SAME_LOWER' ? [more, less] : [less, more];
  });
  return { stride, dilation, padding };
}
