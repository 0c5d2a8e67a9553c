import { describe, it } from 'vitest';
import type { Tensor } from '../../../src/index.js';
import * as ct from '../../../src/index.js';
import { agreesWith, type DifferentiatedCase, type Inputs } from '../../support/differentiated.js';
import { golden } from '../../support/golden.js';

function operator({ name, options: o }: DifferentiatedCase): (inputs: Inputs) => Tensor {
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

const { cases } = golden<{ cases: DifferentiatedCase[] }>('ops');

describe('operators agree with PyTorch', () => {
  // Float32 on ONNX Runtime's kernels, float64 on those of this library or of ONNX Runtime.
  it.each(cases.map((c) => [`${c.name} ${JSON.stringify(c.options)}`, c] as const))('%s', async (_, c) => {
    // PyTorch's derivative of the hard sigmoid has 1/6 in single precision.
    await agreesWith(c, operator(c), { float32: 1e-5, float64: c.name === 'hardSigmoid' ? 1e-8 : 1e-12 });
  });
});
