import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { labelPlaces, readLabels, writeLabels } from '../../src/losses/label-places.js';

const x = ndarray([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
  [10, 11, 12],
]);

describe.each(['int32', 'int64', 'uint8'] as const)('places of labels, %s', (dtype) => {
  // One class too many, and where there is a sign, one below the first.
  const outside = dtype === 'uint8' ? 255 : -1;
  const labels = ndarray([2, 0, 3, outside], { dtype });

  it('are read and written where there is such a class, with the derivatives of that', async () => {
    const got = await compile((x: Tensor, y: Tensor) => {
      const places = labelPlaces(y, 3);
      const weigh = (z: Tensor) => z.mul(z).sum();
      return {
        read: readLabels(x, places),
        written: writeLabels(x, places, readLabels(x, places).mul(-10)),
        reading: grad((x: Tensor) => weigh(readLabels(x, places)))(x),
        writing: grad((v: Tensor) => weigh(writeLabels(x, places, v)))(x.sum(1, { keepDims: true })),
        around: grad((x: Tensor) => weigh(writeLabels(x, places, x.sum(1, { keepDims: true }).stopGradient())))(x),
      };
    })(x, labels);
    expect(toNumbers(got.read)).toEqual([3, 4, 0, 0]);
    expect(toNumbers(got.written)).toEqual([1, 2, -30, -40, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(toNumbers(got.reading)).toEqual([0, 0, 6, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(toNumbers(got.writing)).toEqual([12, 30, 0, 0]);
    expect(toNumbers(got.around)).toEqual([2, 4, 0, 0, 10, 12, 14, 16, 18, 20, 22, 24]);
  });
});
