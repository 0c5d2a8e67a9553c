import { describe, expect, it } from 'vitest';
import { compile, grad, maxPool, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { lower } from '../../../src/runtime/lower.js';
import { topological } from '../../../src/tensor/graph.js';
import { input } from '../../../src/tensor/ops/constant.js';
import { numbers } from '../../support/numbers.js';
import { runPlain } from '../../support/plain.js';

type Pool = Parameters<typeof maxPool>[2] & { readonly kernel?: number };

const pooled = (x: Tensor, { kernel = 2, ...options }: Pool) => maxPool(x, kernel, options).square().sum();
const typesOf = (options: Pool, dtype: 'float32' | 'float64', device?: 'cpu' | 'webgpu') =>
  topological(lower([grad((x: Tensor) => pooled(x, options))(input('x', [2, 3, 9, 11], dtype))], device)).map(
    (node) => node.operator.type,
  );

describe('unpool', () => {
  it.each<[string, Pool, boolean]>([
    ['windows side by side', {}, true],
    ['with padding', { kernel: 3, padding: 1 }, true],
    ['with gaps', { stride: 4 }, true],
    ['of single elements', { kernel: 1, stride: 2 }, true],
    ['that overlap', { kernel: 3, stride: 2 }, false],
    ['with holes', { dilation: 2, stride: 3 }, false],
    ['that end outside', { ceilMode: true }, false],
  ])('%s', async (_, options, apart) => {
    expect(typesOf(options, 'float32', 'cpu').includes('MaxUnpool')).toBe(apart);
    expect(typesOf(options, 'float32', 'cpu').includes('ScatterElements')).toBe(!apart);
    expect(typesOf(options, 'float32', 'webgpu')).toContain('ScatterElements');
    expect(typesOf(options, 'float32')).toContain('ScatterElements');
    // First and second derivatives of pools of rectified numbers, where many a window holds equal ones.
    const f = compile(
      (x: Tensor, v: Tensor) => {
        const first = grad((p: Tensor) => pooled(p.relu(), options));
        return { first: first(x), second: grad((p: Tensor) => first(p).mul(v).sum())(x) };
      },
      { argumentNames: ['x', 'v'] },
    );
    const shape = [2, 3, 9, 11];
    const [x, v] = [1, 2].map((stream) => ndarray(Float32Array.from(numbers(stream, 2 * 3 * 99)), { shape }));
    const got = await f(x, v);
    const plain = await runPlain(f, { x, v }, x, v);
    for (const name of ['first', 'second'] as const)
      expect(toNumbers(got[name]).map((y) => y + 0)).toEqual(toNumbers(plain[name]));
    await f.release();
  });

  it('leaves double precision alone', () => {
    expect(typesOf({}, 'float64', 'cpu')).not.toContain('MaxUnpool');
  });

  it('leaves alone what is added up elsewhere', () => {
    const x = input('x', [12], 'float32');
    const scattered = x.scatterElements(input('i', [4], 'int64'), input('u', [4], 'float32'), 0, 'add');
    expect(topological(lower([scattered], 'cpu')).map((node) => node.operator.type)).toContain('ScatterElements');
  });
});
