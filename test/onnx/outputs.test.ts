import { expect, it } from 'vitest';
import { compile, grad, maxPool, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { encodeModel } from '../../src/onnx/encode.js';
import { lower } from '../../src/runtime/lower.js';
import { input } from '../../src/tensor/ops/constant.js';

it('asks max pools for positions only where they are used', async () => {
  const x = input('x', [1, 1, 4, 4], 'float32');
  const pool = (t: Tensor) => maxPool(t, 2);
  const counts = (y: Tensor) => {
    const [tensor] = lower([y], 'cpu');
    const { graph } = encodeModel({
      name: 'pool',
      inputs: [{ name: 'x', tensor: x }],
      outputs: [{ name: 'y', tensor }],
    });
    return graph?.node.filter((node) => node.opType === 'MaxPool').map((node) => node.output.length);
  };
  expect(counts(pool(x))).toEqual([1]);
  expect(counts(grad((t: Tensor) => pool(t).square().sum())(x))).toEqual([2]);
  const values = ndarray(
    Float32Array.from({ length: 16 }, (_, i) => (i * 7) % 16),
    { shape: [1, 1, 4, 4] },
  );
  expect(toNumbers(await compile(pool)(values))).toEqual([12, 14, 15, 13]);
});
