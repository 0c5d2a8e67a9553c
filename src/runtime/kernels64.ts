import { allocate, type NDArray, sizeOf } from '../tensor/index.js';
import { stridesOf } from '../tensor/shape.js';
import type { Attributes } from '../tensor/tensor.js';

/**
 * The operators for which ONNX Runtime's CPU provider has no float64 kernel, in plain JavaScript. They make every program run in float64,
 * slowly: for checks and small problems. In float32 ONNX Runtime runs them all.
 */
export type Kernel = (inputs: readonly NDArray[], attributes: Attributes) => NDArray;

function elementwise(fn: (x: number) => number): Kernel {
  return ([x]) => ({ data: Float64Array.from(x.data as Float64Array, fn), shape: x.shape, dtype: 'float64' });
}

/** The error function: its Taylor series near 0, a continued fraction of the complement elsewhere. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = a;
  for (let k = 80; k >= 1; k--) fraction = a + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction));
}

function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
}

function geluTanh(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

interface WindowAttributes {
  readonly kernel_shape: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/** Calls `each` with the flat positions of every (short position, tap, long position) that meet, the long axis being the one windows slide over. */
function overWindows(
  short: readonly number[],
  long: readonly number[],
  { kernel_shape: kernel, strides, dilations, pads }: WindowAttributes,
  each: (at: number, tap: number, to: number) => void,
): void {
  const [shortSteps, tapSteps, longSteps] = [short, kernel, long].map(stridesOf);
  for (let at = 0; at < sizeOf(short); at++) {
    for (let tap = 0; tap < sizeOf(kernel); tap++) {
      let to = 0;
      let inside = true;
      for (let i = 0; i < short.length && inside; i++) {
        const position =
          (Math.floor(at / shortSteps[i]) % short[i]) * strides[i] +
          (Math.floor(tap / tapSteps[i]) % kernel[i]) * dilations[i] -
          pads[i];
        inside = position >= 0 && position < long[i];
        to += position * longSteps[i];
      }
      if (inside) each(at, tap, to);
    }
  }
}

function conv([x, weight, bias]: readonly NDArray[], attributes: Attributes, lengths: readonly number[]): NDArray {
  const group = attributes.group as number;
  const [n, channels, ...long] = x.shape;
  const [outputs, perGroup, ...kernel] = weight.shape;
  const [size, taps, positions] = [long, kernel, lengths].map(sizeOf);
  const data = allocate('float64', n * outputs * positions);
  const [from, by] = [x.data as Float64Array, weight.data as Float64Array];
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < outputs; o++) {
      const first = Math.floor(o / (outputs / group)) * perGroup;
      const start = (b * outputs + o) * positions;
      if (bias) data.fill((bias.data as Float64Array)[o], start, start + positions);
      for (let c = 0; c < perGroup; c++) {
        const source = (b * channels + first + c) * size;
        const filter = (o * perGroup + c) * taps;
        overWindows(lengths, long, attributes as unknown as WindowAttributes, (at, tap, to) => {
          data[start + at] += from[source + to] * by[filter + tap];
        });
      }
    }
  }
  return { data, shape: [n, outputs, ...lengths], dtype: 'float64' };
}

function convTranspose(
  [x, weight, bias]: readonly NDArray[],
  attributes: Attributes,
  lengths: readonly number[],
): NDArray {
  const group = attributes.group as number;
  const [n, channels, ...short] = x.shape;
  const [, perGroup, ...kernel] = weight.shape;
  const outputs = perGroup * group;
  const [size, taps, positions] = [short, kernel, lengths].map(sizeOf);
  const data = allocate('float64', n * outputs * positions);
  const [from, by] = [x.data as Float64Array, weight.data as Float64Array];
  for (let b = 0; b < n; b++) {
    if (bias)
      for (let o = 0; o < outputs; o++)
        data.fill((bias.data as Float64Array)[o], (b * outputs + o) * positions, (b * outputs + o + 1) * positions);
    for (let c = 0; c < channels; c++) {
      const first = Math.floor(c / (channels / group)) * perGroup;
      for (let o = 0; o < perGroup; o++) {
        const start = (b * outputs + first + o) * positions;
        const filter = (c * perGroup + o) * taps;
        overWindows(short, lengths, attributes as unknown as WindowAttributes, (at, tap, to) => {
          data[start + to] += from[(b * channels + c) * size + at] * by[filter + tap];
        });
      }
    }
  }
  return { data, shape: [n, outputs, ...lengths], dtype: 'float64' };
}

function averagePool([x]: readonly NDArray[], attributes: Attributes, lengths: readonly number[]): NDArray {
  const [n, channels, ...long] = x.shape;
  const [size, positions] = [long, lengths].map(sizeOf);
  const { kernel_shape: kernel, strides, pads } = attributes as unknown as WindowAttributes;
  const window = attributes as unknown as WindowAttributes;
  const counts = new Float64Array(positions);
  overWindows(lengths, long, window, (at) => {
    counts[at]++;
  });
  if (attributes.count_include_pad) {
    const steps = stridesOf(lengths);
    for (let at = 0; at < positions; at++) {
      counts[at] = lengths.reduce((product, length, i) => {
        const start = (Math.floor(at / steps[i]) % length) * strides[i] - pads[i];
        return product * (Math.min(start + kernel[i], long[i] + pads[i + long.length]) - start);
      }, 1);
    }
  }
  const data = allocate('float64', n * channels * positions);
  for (let plane = 0; plane < n * channels; plane++) {
    overWindows(lengths, long, window, (at, _, to) => {
      data[plane * positions + at] += (x.data as Float64Array)[plane * size + to] / counts[at];
    });
  }
  return { data, shape: [n, channels, ...lengths], dtype: 'float64' };
}

/** By operator type; the shape is the one the operator's own rule gave. */
export const kernels64: Readonly<
  Record<string, (inputs: readonly NDArray[], attributes: Attributes, shape: readonly number[]) => NDArray>
> = {
  Tan: elementwise(Math.tan),
  Asin: elementwise(Math.asin),
  Acos: elementwise(Math.acos),
  Atan: elementwise(Math.atan),
  Sinh: elementwise(Math.sinh),
  Cosh: elementwise(Math.cosh),
  Asinh: elementwise(Math.asinh),
  Acosh: elementwise(Math.acosh),
  Atanh: elementwise(Math.atanh),
  Erf: elementwise(erf),
  Gelu: (inputs, attributes) => elementwise(attributes.approximate === 'tanh' ? geluTanh : gelu)(inputs, attributes),
  Conv: (inputs, attributes, shape) => conv(inputs, attributes, shape.slice(2)),
  ConvTranspose: (inputs, attributes, shape) => convTranspose(inputs, attributes, shape.slice(2)),
  AveragePool: (inputs, attributes, shape) => averagePool(inputs, attributes, shape.slice(2)),
};
