import { describe, expect, it } from 'vitest';
import * as ct from '../../../src/index.js';
import { compile, grad, type NDArray, type Tensor } from '../../../src/index.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

interface Case {
  name: string;
  options: Record<string, unknown>;
  inputs: Record<string, GoldenArray>;
  cotangent: GoldenArray;
  output: GoldenArray;
  gradients: Record<string, GoldenArray>;
  directions: Record<string, GoldenArray>;
  second: Record<string, GoldenArray> | null;
}

type Inputs = Record<string, Tensor>;

function operator({ name, options: o }: Case): (inputs: Inputs) => Tensor {
  const stride = o.stride as number;
  const [family] = name.split(' ');
  switch (family) {
    case 'conv':
      return ({ x, weight, bias }) => ct.conv(x, weight, bias, o as ct.ConvOptions);
    case 'convTranspose':
      return ({ x, weight, bias }) =>
        ct.convTranspose(x, weight, bias, { ...o, outputPadding: o.output_padding as number });
    case 'maxPool':
      return ({ x }) => ct.maxPool(x, o.kernel_size as number, { ...o, stride, ceilMode: o.ceil_mode as boolean });
    case 'averagePool':
      return ({ x }) =>
        ct.averagePool(x, o.kernel_size as number, {
          ...o,
          stride,
          ceilMode: o.ceil_mode as boolean,
          countPadding: o.count_include_pad as boolean,
        });
    case 'adaptiveAveragePool':
      return ({ x }) => ct.adaptiveAveragePool(x, o.lengths as number[]);
    case 'adaptiveMaxPool':
      return ({ x }) => ct.adaptiveMaxPool(x, o.lengths as number[]);
    case 'geluTanh':
      return ({ x }) => ct.gelu(x, { approximate: 'tanh' });
    case 'norm':
      return ({ x }) => x.norm(1);
    case 'prod':
      return ({ x }) => x.prod(1);
    case 'logSumExp':
      return ({ x }) => x.logSumExp(1);
    case 'softmax':
    case 'logSoftmax':
    case 'cumsum':
      return ({ x }) => x[family](1);
    default:
      return ({ x }) => (ct as unknown as Record<string, (x: Tensor) => Tensor>)[family](x);
  }
}

const { cases } = golden<{ cases: Case[] }>('ops');

function closeTo(actual: NDArray, expected: GoldenArray, tolerance: number, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  // Relative to the size of the whole array: sums of many terms cancel.
  const scale = Math.max(1, ...expected.data.map(Math.abs));
  expected.data.forEach((value, i) => {
    expect(
      Math.abs(Number(actual.data[i]) - value) / scale,
      `${what}[${i}]: ${actual.data[i]}, PyTorch ${value}`,
    ).toBeLessThan(tolerance);
  });
}

describe('operators agree with PyTorch', () => {
  it.each(cases.map((c) => [`${c.name} ${JSON.stringify(c.options)}`, c] as const))('%s', async (_, c) => {
    const fn = operator(c);
    const form = (inputs: Inputs, cotangent: Tensor) => fn(inputs).mul(cotangent).sum();
    const program = compile((inputs: Inputs, cotangent: Tensor, directions: Inputs) => {
      const first = (x: Inputs) => grad(form)(x, cotangent);
      const along = (x: Inputs) =>
        Object.entries(first(x))
          .map(([name, g]) => g.mul(directions[name]).sum())
          .reduce((a, b) => a.add(b));
      return { output: fn(inputs), gradients: first(inputs), second: grad(along)(inputs) };
    });
    // Float32 on ONNX Runtime's kernels, float64 on those of this library or of ONNX Runtime.
    for (const [dtype, usual] of [
      ['float32', 1e-5],
      ['float64', 1e-12],
    ] as const) {
      // PyTorch's derivative of the hard sigmoid has 1/6 in single precision.
      const tolerance = dtype === 'float64' && c.name === 'hardSigmoid' ? 1e-8 : usual;
      const load = (arrays: Record<string, GoldenArray>) =>
        Object.fromEntries(Object.entries(arrays).map(([name, a]) => [name, fromGolden(a, dtype)]));
      const got = await program(load(c.inputs), fromGolden(c.cotangent, dtype), load(c.directions));
      closeTo(got.output, c.output, tolerance, `${dtype} output`);
      for (const name of Object.keys(c.inputs)) {
        closeTo(got.gradients[name], c.gradients[name], tolerance, `${dtype} gradient of ${name}`);
        if (c.second) closeTo(got.second[name], c.second[name], tolerance, `${dtype} second derivative of ${name}`);
      }
    }
  });
});
