import { describe, expect, it } from 'vitest';
import { compile, ndarray, type Tensor } from '../../../src/index.js';
import { lower } from '../../../src/runtime/lower.js';
import { topological } from '../../../src/tensor/graph.js';
import { input } from '../../../src/tensor/ops/constant.js';
import { numbers } from '../../support/numbers.js';

const symbol = (...shape: number[]) => input('x', shape, 'float32');
const typesOf = (y: Tensor, device?: 'cpu' | 'webgpu') =>
  topological(lower([y], device)).map((node) => node.operator.type);

describe('rowSums', () => {
  it.each<[string, Tensor]>([
    ['rows', symbol(8, 5).sum(0)],
    ['samples and tokens', symbol(4, 6, 5).sum([0, 1])],
    ['beside axes of length 1', symbol(4, 1, 5, 1).sum([0, 3])],
  ])('makes a product on processors, and nowhere else, of sums over first axes: %s', (_, y) => {
    expect(typesOf(y, 'cpu')).toContain('MatMul');
    expect(typesOf(y, 'cpu')).not.toContain('ReduceSum');
    expect(typesOf(y, 'webgpu')).toContain('ReduceSum');
    expect(typesOf(y)).toContain('ReduceSum');
  });

  it.each<[string, Tensor]>([
    ['the last axis', symbol(8, 5).sum(1)],
    ['an axis in between', symbol(4, 6, 5).sum(1)],
    ['the first and the last', symbol(4, 6, 5).sum([0, 2])],
    ['all', symbol(8, 5).sum()],
    ['double precision', input('x', [8, 5], 'float64').sum(0)],
    ['integers', input('x', [8, 5], 'int32').sum(0)],
  ])('leaves alone: %s', (_, y) => {
    expect(typesOf(y, 'cpu')).toContain('ReduceSum');
  });

  it('adds the rows up, whatever is among them', async () => {
    const f = compile((x: Tensor) => ({ rows: x.sum([0, 1]), kept: x.sum(0, { keepDims: true }) }));
    const x = ndarray(Float32Array.from(numbers(1, 6 * 7 * 40)), { shape: [6, 7, 40] });
    x.data[3] = Number.POSITIVE_INFINITY;
    x.data[44] = Number.NaN;
    const { rows, kept } = await f(x);
    expect(rows.shape).toEqual([40]);
    expect(kept.shape).toEqual([1, 7, 40]);
    const sumOf = (step: number, count: number, first: number) =>
      Array.from({ length: count }, (_, i) => Number(x.data[first + i * step])).reduce((a, b) => a + b);
    rows.data.forEach((value, j) => {
      const expected = sumOf(40, 42, j);
      if (Number.isFinite(expected)) expect(Number(value)).toBeCloseTo(expected, 5);
      else expect(value).toBe(expected);
    });
    expect([rows.data[3], rows.data[4]]).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
    kept.data.forEach((value, j) => {
      const expected = sumOf(280, 6, j);
      if (Number.isFinite(expected)) expect(Number(value)).toBeCloseTo(expected, 5);
      else expect(value).toBe(expected);
    });
    await f.release();
  });
});
