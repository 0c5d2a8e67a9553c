import { describe, expect, it } from 'vitest';
import { compile, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { averageExamples, readExamples, writeExamples } from '../../src/numerics/index.js';

const table = () =>
  ndarray([
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
  ]);
const indices = ndarray([2, 0], { dtype: 'int32' });

describe('state of examples', () => {
  it('is read and written at the indices of a batch', async () => {
    const run = compile((t: Tensor, i: Tensor, rows: Tensor) => ({
      read: readExamples(t, i),
      written: writeExamples(t, i, rows),
      averaged: averageExamples(t, i, rows, 0.75),
      gradient: grad((t: Tensor) => readExamples(t, i).square().sum())(t),
    }));
    const got = await run(
      table(),
      indices,
      ndarray([
        [9, 10],
        [13, 14],
      ]),
    );
    expect(toNumbers(got.read)).toEqual([5, 6, 1, 2]);
    expect(toNumbers(got.written)).toEqual([13, 14, 3, 4, 9, 10, 7, 8]);
    expect(toNumbers(got.averaged)).toEqual([4, 5, 3, 4, 6, 7, 7, 8]);
    expect(toNumbers(got.gradient)).toEqual([2, 4, 0, 0, 10, 12, 0, 0]);
  });

  it('goes in and out of a step as donated state', async () => {
    const step = compile((state: Tensor, i: Tensor, loss: Tensor) => averageExamples(state, i, loss, 0.5), {
      donate: [0],
    });
    let state: NDArray = ndarray([0, 0, 0]);
    state = await step(state, ndarray([0, 2], { dtype: 'int32' }), ndarray([1, 2]));
    state = await step(state, ndarray([2, 1], { dtype: 'int32' }), ndarray([4, 8]));
    expect(toNumbers(state)).toEqual([0.5, 4, 2.5]);
  });

  it('refuses rows and indices that do not fit', async () => {
    const write = compile((t: Tensor, i: Tensor, rows: Tensor) => writeExamples(t, i, rows));
    await expect(
      write(
        table(),
        indices,
        ndarray([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ),
    ).rejects.toThrow(/rows \[2, 3\] must be \[2, 2\] for the table \[4, 2\]/);
    await expect(
      write(
        table(),
        ndarray([0.5, 1]),
        ndarray([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).rejects.toThrow(/indices float32\[2\] must be integers/);
    const average = compile((t: Tensor, i: Tensor, rows: Tensor) => averageExamples(t, i, rows, 1.5));
    await expect(
      average(
        table(),
        indices,
        ndarray([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).rejects.toThrow(/momentum 1.5/);
  });
});
