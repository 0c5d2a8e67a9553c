import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor } from '../../../src/index.js';
import { lower } from '../../../src/runtime/lower.js';
import { topological } from '../../../src/tensor/graph.js';
import { input } from '../../../src/tensor/ops/constant.js';
import { numbers } from '../../support/numbers.js';
import { runPlain } from '../../support/plain.js';

const symbol = (name: string, shape: number[]) => input(name, shape, 'float32');
const typesOf = (y: Tensor, device?: 'cpu') => topological(lower([y], device)).map((node) => node.operator.type);
const [x, y] = [symbol('x', [3, 4]), symbol('y', [4, 5])];
const turned = (t: Tensor) => t.swapAxes(-1, -2);

describe('products', () => {
  it.each<[string, Tensor, string[]]>([
    ['x^T y', turned(symbol('x', [4, 3])).matmul(y), ['FusedMatMul']],
    ['x y^T', x.matmul(turned(symbol('y', [5, 4]))), ['FusedMatMul']],
    ['(x y)^T', turned(x.matmul(y)), ['FusedMatMul']],
    ['(x^T y)^T', turned(turned(symbol('x', [4, 3])).matmul(y)), ['FusedMatMul']],
    ['x y', x.matmul(y), ['MatMul']],
    ['stacks', symbol('x', [2, 3, 4]).matmul(turned(symbol('y', [1, 5, 4]))), ['FusedMatMul']],
    ['a bias', x.matmul(turned(symbol('y', [5, 4]))).add(symbol('b', [5])), ['Gemm']],
    [
      'a decaying velocity',
      symbol('v', [3, 5])
        .mul(0.9)
        .add(turned(symbol('x', [4, 3])).matmul(y)),
      ['Gemm'],
    ],
    [
      'a large term',
      symbol('v', [1024, 1024]).add(turned(symbol('x', [4, 1024])).matmul(symbol('y', [4, 1024]))),
      ['FusedMatMul', 'Add'],
    ],
    ['what is larger than the product', x.matmul(y).add(symbol('b', [2, 1, 1])), ['MatMul', 'Add']],
    [
      'a bias of stacks',
      symbol('x', [2, 3, 4])
        .matmul(y)
        .add(symbol('b', [5])),
      ['MatMul', 'Add'],
    ],
    ['(x y)^T beside x y', turned(x.matmul(y)).matmul(x.matmul(y)), ['FusedMatMul', 'MatMul']],
    ['other permutations', symbol('x', [4, 2, 3]).transpose([1, 2, 0]).matmul(y), ['Transpose', 'MatMul']],
  ])('%s', (_, product, types) => {
    const got = typesOf(product, 'cpu');
    for (const type of types) expect(got).toContain(type);
    if (types[0] === 'Gemm') for (const type of ['Add', 'Mul', 'Transpose']) expect(got).not.toContain(type);
    if (!types.includes('Transpose') && types[0] === 'FusedMatMul' && !types.includes('MatMul'))
      expect(got).not.toContain('Transpose');
    expect(typesOf(product)).not.toContain('FusedMatMul');
  });

  it('keeps double precision as it is', () => {
    const product = input('x', [4, 3], 'float64')
      .transpose()
      .matmul(input('y', [4, 5], 'float64'));
    expect(typesOf(product, 'cpu')).not.toContain('FusedMatMul');
  });

  it('gives the values and derivatives of the plain products', async () => {
    const affine = (a: Tensor, c: Tensor) => {
      const [first, second] = [a.at(0), a.at(1)];
      const velocity = c
        .at(0)
        .mul(0.9)
        .add(first.matmul(turned(second)));
      return velocity.matmul(turned(second.matmul(turned(first)).add(c.at(1).at(0))));
    };
    const f = (a: Tensor, b: Tensor) => {
      const stacks = turned(a).matmul(b).tanh().matmul(turned(b)).tanh().square().sum();
      return stacks.add(
        affine(a, turned(b.matmul(turned(b))))
          .square()
          .sum(),
      );
    };
    const program = compile(
      (a: Tensor, b: Tensor) => ({
        first: grad((p: [Tensor, Tensor]) => f(...p))([a, b]),
        second: grad((p: Tensor) =>
          grad((q: Tensor) => f(a, q))(p)
            .square()
            .sum(),
        )(b),
      }),
      { argumentNames: ['a', 'b'] },
    );
    const random = (stream: number, shape: number[]) =>
      ndarray(Float32Array.from(numbers(stream, shape[0] * shape[1] * shape[2])), { shape });
    const [a, b] = [random(1, [2, 4, 3]), random(2, [2, 4, 5])];
    const got = await program(a, b);
    const plain = await runPlain(program, { a, b }, a, b);
    // Single precision's rounding, relative to the whole array.
    const close = (name: string, values: ArrayLike<unknown>) => {
      const expected = Array.from(plain[name].data, Number);
      const scale = Math.max(...expected.map(Math.abs));
      expect(values.length).toBe(expected.length);
      expected.forEach((value, i) => {
        expect(Math.abs(Number(values[i]) - value) / scale).toBeLessThan(2e-6);
      });
    };
    got.first.forEach((g, i) => close(`first.${i}`, g.data as Float32Array));
    close('second', got.second.data as Float32Array);
    await program.release();
  });
});
