import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor, toNumbers, vmap } from '../../../src/index.js';
import { gatherAtMinimum, nearestCodes } from '../../../src/numerics/index.js';
import { allClose, random64 } from '../../support/derivatives.js';

describe('nearestCodes', () => {
  const x = random64([2, 5, 3], { stream: 1 });
  const codebook = random64([7, 3], { stream: 2 });
  const rows = (data: ArrayLike<number | bigint>, d: number) =>
    Array.from({ length: data.length / d }, (_, i) =>
      Array.from(data)
        .slice(i * d, (i + 1) * d)
        .map(Number),
    );

  it('takes the nearest row, the first of several', async () => {
    const got = await compile(nearestCodes)(x, codebook);
    const codes = rows(codebook.data, 3);
    rows(x.data, 3).forEach((v, i) => {
      const distances = codes.map((c) => c.reduce((total, e, k) => total + (e - v[k]) ** 2, 0));
      const best = distances.indexOf(Math.min(...distances));
      expect(Number(got.indices.data[i])).toBe(best);
      expect(rows(got.codes.data, 3)[i]).toEqual(codes[best]);
    });
    expect(got.indices.shape).toEqual([2, 5]);
    expect(toNumbers(got.quantized)).toEqual(toNumbers(got.codes));
    const tied = await compile(nearestCodes)(ndarray([[0]]), ndarray([[1], [-1], [1]]));
    expect(toNumbers(tied.indices)).toEqual([0]);
  });

  it('sends gradients to the codebook, or straight through to x', async () => {
    const run = compile((x: Tensor, c: Tensor) => ({
      codes: grad((p: Tensor[]) => nearestCodes(p[0], p[1]).codes.square().sum().add(p[0].sum().mul(0)))([x, c]),
      quantized: grad((p: Tensor[]) => nearestCodes(p[0], p[1]).quantized.square().sum().add(p[1].sum().mul(0)))([
        x,
        c,
      ]),
      each: vmap((v: Tensor) => nearestCodes(v, c).indices)(x),
      indices: nearestCodes(x, c).indices,
    }));
    const got = await run(x, codebook);
    const indices = toNumbers(got.indices);
    const used = rows(codebook.data, 3).map((c, k) => c.map((v) => 2 * v * indices.filter((i) => i === k).length));
    allClose(got.codes[1], used.flat(), 1e-12, 'gradient of the codebook');
    allClose(got.codes[0], new Array(30).fill(0), 0, 'gradient of x through the codes');
    const taken = indices.flatMap((i) => rows(codebook.data, 3)[i].map((v) => 2 * v));
    allClose(got.quantized[0], taken, 1e-12, 'gradient of x');
    allClose(got.quantized[1], new Array(21).fill(0), 0, 'gradient of the codebook, straight through');
    expect(toNumbers(got.each)).toEqual(indices);
  });

  it('refuses shapes that do not fit', () => {
    const run = compile(nearestCodes);
    return expect(run(x, random64([7, 4]))).rejects.toThrow(/codebook \[7, 4\]/);
  });
});

describe('gatherAtMinimum', () => {
  it('takes the row where the score is least, and sends gradients there', async () => {
    const run = compile((scores: Tensor, values: Tensor) => ({
      taken: gatherAtMinimum(scores, values),
      gradient: grad((v: Tensor) => gatherAtMinimum(scores, v).square().sum())(values),
    }));
    const got = await run(
      ndarray([
        [3, 1, 2],
        [0, 5, 6],
        [4, 2, 9],
      ]),
      ndarray([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    expect(toNumbers(got.taken)).toEqual([3, 4, 1, 2, 3, 4]);
    expect(toNumbers(got.gradient)).toEqual([2, 4, 12, 16, 0, 0]);
    await expect(run(ndarray([[1, 2]]), ndarray([[1], [2], [3]]))).rejects.toThrow(/scores \[1, 2\].*values \[3, 1\]/);
  });
});
