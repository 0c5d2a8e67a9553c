import { describe, expect, it } from 'vitest';
import {
  compile,
  dot,
  einsum,
  linear,
  ndarray,
  outer,
  type Tensor,
  tensordot,
  toNumbers,
  trace,
  zeros,
} from '../../../src/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';

describe('matmul', () => {
  it.each<[number[], number[]]>([
    [
      [2, 3],
      [3, 4],
    ],
    [
      [5, 2, 3],
      [3, 4],
    ],
    [
      [2, 3],
      [5, 3, 4],
    ],
    [
      [2, 1, 2, 3],
      [5, 3, 4],
    ],
    [[3], [3]],
    [[3], [3, 2]],
    [[2, 3], [3]],
    [[4, 2, 3], [3]],
  ])('%j by %j: derivatives', async (a, b) => {
    await checkDerivatives((x, y) => x.matmul(y), [random64(a, { stream: 1 }), random64(b, { stream: 2 })]);
  });

  it('has NumPy shapes', () => {
    const shape = (a: number[], b: number[]) => zeros(a).matmul(zeros(b)).shape;
    expect(shape([3], [3])).toEqual([]);
    expect(shape([4, 2, 3], [3])).toEqual([4, 2]);
    expect(shape([3], [4, 3, 2])).toEqual([4, 2]);
    expect(() => shape([2, 3], [2, 3])).toThrow(/matmul: x \[2, 3\] and y \[2, 3\] differ in the inner dimension/);
    expect(() => shape([], [2])).toThrow(/need an axis each/);
  });
});

describe('products', () => {
  const [x, y] = [random64([2, 3], { stream: 1 }), random64([2, 3], { stream: 2 })];
  it('dot, outer, trace and linear: values', async () => {
    const f = compile((a: Tensor, b: Tensor) => ({
      dot: dot(a, b),
      outer: outer(a.at(0), b.at(1)),
      trace: trace(a.matmul(b.transpose())),
      linear: linear(a, b, b.at(0).slice([[0, 2]])),
    }));
    const got = await f(
      ndarray([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      ndarray([
        [1, 0, 1],
        [0, 2, 0],
      ]),
    );
    expect(toNumbers(got.dot)).toEqual([14]);
    expect(toNumbers(got.outer)).toEqual([0, 2, 0, 0, 4, 0, 0, 6, 0]);
    expect(toNumbers(got.trace)).toEqual([14]);
    expect(toNumbers(got.linear)).toEqual([5, 4, 11, 10]);
    expect(() => linear(zeros([32, 127]), zeros([64, 128]))).toThrow(
      'linear: x [32, 127] and weight [64, 128] must agree in the last dimension',
    );
  });

  it('derivatives', async () => {
    await checkDerivatives((a, b) => outer(a, b), [x, y]);
    await checkDerivatives((a, b) => linear(a, b), [random64([2, 2, 3], { stream: 3 }), y]);
    await checkDerivatives((a, b) => tensordot(a, b, [[0], [0]]), [x, y]);
    await checkDerivatives((a) => trace(a.matmul(a.transpose())), [x]);
  });
});

/** The definition: a loop over all letters. */
function reference(equation: string, operands: { shape: readonly number[]; data: Float64Array }[]): number[] {
  const [left, output] = equation.split('->');
  const terms = left.split(',');
  const lengths = new Map<string, number>();
  terms.forEach((term, k) => {
    [...term].forEach((letter, i) => lengths.set(letter, Math.max(lengths.get(letter) ?? 1, operands[k].shape[i])));
  });
  const letters = [...output, ...[...lengths.keys()].filter((l) => !output.includes(l))];
  const total = [...output].reduce((n, l) => n * (lengths.get(l) as number), 1);
  const result = new Array<number>(total).fill(0);
  const at: Record<string, number> = {};
  const flat = (term: string, shape: readonly number[]) =>
    [...term].reduce((index, l, i) => index * shape[i] + (shape[i] === 1 ? 0 : at[l]), 0);
  const visit = (depth: number): void => {
    if (depth < letters.length) {
      for (at[letters[depth]] = 0; at[letters[depth]] < (lengths.get(letters[depth]) as number); at[letters[depth]]++)
        visit(depth + 1);
      return;
    }
    const to = [...output].reduce((index, l) => index * (lengths.get(l) as number) + at[l], 0);
    result[to] += terms.reduce((product, term, k) => product * operands[k].data[flat(term, operands[k].shape)], 1);
  };
  visit(0);
  return result;
}

describe('einsum', () => {
  it.each<[string, number[][]]>([
    [
      'ij,jk->ik',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [
      'bij,bjk->bik',
      [
        [2, 2, 3],
        [2, 3, 2],
      ],
    ],
    ['ij->ji', [[2, 3]]],
    ['ij->', [[2, 3]]],
    ['ii->', [[3, 3]]],
    ['ii->i', [[3, 3]]],
    ['iji->j', [[2, 3, 2]]],
    ['i,j->ij', [[2], [3]]],
    ['i,i->', [[3], [3]]],
    [
      'ij,ij->ij',
      [
        [2, 3],
        [2, 3],
      ],
    ],
    [
      'ij,kj,ik->i',
      [
        [2, 3],
        [4, 3],
        [2, 4],
      ],
    ],
    [
      'abc,cd,be->ade',
      [
        [2, 3, 2],
        [2, 3],
        [3, 2],
      ],
    ],
    [
      'ij,jk->k',
      [
        [2, 3],
        [3, 2],
      ],
    ],
    [
      'nhqd,nhkd->nhqk',
      [
        [2, 2, 3, 2],
        [2, 2, 3, 2],
      ],
    ],
    [
      'ij,jk->ki',
      [
        [2, 1],
        [3, 2],
      ],
    ],
  ])('%s', async (equation, shapes) => {
    const operands = shapes.map((shape, i) => random64(shape, { stream: i }));
    const got = await compile((x: Tensor[]) => einsum(equation, ...x))(operands);
    const expected = reference(equation, operands as never);
    expect(got.data).toHaveLength(expected.length);
    expected.forEach((value, i) => {
      expect(Number(got.data[i])).toBeCloseTo(value, 12);
    });
    await checkDerivatives((...x) => einsum(equation, ...x), operands, { second: shapes.length < 3 });
  });

  it('knows implicit results and ellipses', async () => {
    const [a, b] = [zeros([5, 2, 3]), zeros([3, 4])];
    expect(einsum('...ij,jk', a, b).shape).toEqual([5, 2, 4].slice(0, 1).concat([2, 4]));
    expect(einsum('...ij->...ji', a).shape).toEqual([5, 3, 2]);
    expect(einsum('ba', zeros([2, 3])).shape).toEqual([3, 2]);
  });

  it('refuses equations that do not fit', () => {
    expect(() => einsum('ij,jk->ik', zeros([2, 3]), zeros([4, 2]))).toThrow(/axis j the lengths 3 and 4/);
    expect(() => einsum('ij->ik', zeros([2, 3]))).toThrow(/'k' of the result is in no operand/);
    expect(() => einsum('ij', zeros([2, 3]), zeros([2]))).toThrow(/1 terms for 2 operands/);
    expect(() => einsum('ijk->i', zeros([2, 3]))).toThrow(/does not fit operand 0 \[2, 3\]/);
    expect(() => einsum('i-j', zeros([2]))).toThrow(/is not an equation/);
  });
});
