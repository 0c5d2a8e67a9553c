import { describe, it } from 'vitest';
import {
  celu,
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  mish,
  relu6,
  selu,
  silu,
  softsign,
  type Tensor,
} from '../../../src/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';

// Values are compared with PyTorch in golden.test.ts.
describe('activations', () => {
  it.each<[string, (x: Tensor) => Tensor]>([
    ['gelu', (x) => gelu(x)],
    ['gelu tanh', (x) => gelu(x, { approximate: 'tanh' })],
    ['silu', silu],
    ['mish', mish],
    ['leakyRelu', (x) => leakyRelu(x, 0.1)],
    ['elu', (x) => elu(x, 1.3)],
    ['selu', selu],
    ['celu', (x) => celu(x, 0.7)],
    ['relu6', (x) => relu6(x.mul(4))],
    ['hardSigmoid', (x) => hardSigmoid(x.mul(4))],
    ['hardSwish', (x) => hardSwish(x.mul(4))],
    ['softsign', softsign],
  ])('%s: derivatives', async (_, fn) => {
    await checkDerivatives(fn, [random64([4, 5], { low: -2.5, high: 2.5, stream: 3 })]);
  });
});
