import { describe, expect, it } from 'vitest';
import {
  compile,
  leavesOf,
  merge,
  type NDArray,
  partition,
  type Tensor,
  toNumbers,
  valueAndGrad,
} from '../../../src/index.js';
import {
  Context,
  detectorStride,
  gridDetector,
  isBuffer,
  type Layer,
  lineReader,
  readerStride,
  type Symbolic,
  type Variables,
} from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { numbers } from '../../support/derivatives.js';

const images = (n: number, channels: number, height: number, width: number) =>
  ({
    data: Float32Array.from(numbers(0, n * channels * height * width)),
    shape: [n, channels, height, width],
    dtype: 'float32',
  }) as const;

const detector = gridDetector({ classes: 3, inputChannels: 2, width: 2 });
const reader = lineReader({ classes: 4, inputChannels: 1, width: 2 });
const recurrent = lineReader({ classes: 4, inputChannels: 1, width: 2, recurrentUnits: 3 });

const answer = (model: Layer<Variables>) => {
  const run = compile((v: Symbolic<Variables>, x: Tensor) => model.apply(v, x, new Context()));
  const variables = model.init(key(0));
  return (x: NDArray) => run(variables, x);
};

describe('the detector of a grid', () => {
  it('answers for each cell, also where the last is cut', async () => {
    expect((await answer(detector)(images(2, 2, 24, 16))).shape).toEqual([
      2,
      8,
      24 / detectorStride,
      16 / detectorStride,
    ]);
    expect((await answer(detector)(images(1, 2, 29, 17))).shape).toEqual([1, 8, 3, 2]);
  });

  it('says the same of what stands a cell further on', async () => {
    // Far from the edges, where nothing of the padding is seen.
    const [size, cells] = [160, 20];
    const patch = numbers(3, 64);
    const at = (column: number) => {
      const data = new Float32Array(2 * size * size);
      patch.forEach((v, i) => {
        data[(80 + Math.floor(i / 8)) * size + column + (i % 8)] = v;
      });
      return { data, shape: [1, 2, size, size], dtype: 'float32' } as const;
    };
    const run = answer(detector);
    const [here, there] = [toNumbers(await run(at(72))), toNumbers(await run(at(80)))];
    for (let channel = 0; channel < 8; channel++) {
      const row = (y: readonly number[], column: number) => y[(channel * cells + 10) * cells + column];
      expect(row(there, 10)).toBeCloseTo(row(here, 9), 5);
      expect(row(here, 9)).not.toBeCloseTo(row(here, 2), 5);
    }
  });
});

describe('the reader of lines', () => {
  it('answers for each step along the line', async () => {
    for (const model of [reader, recurrent])
      expect((await answer(model)(images(3, 1, 16, 36))).shape).toEqual([3, 36 / readerStride, 4]);
  });

  it('sees what stands far off only with recurrence', async () => {
    const x = images(1, 1, 16, 160);
    const changed = { ...x, data: x.data.map((v, i) => (i % 160 < 8 ? 0 : v)) };
    const lastOf = async (model: Layer<Variables>, image: NDArray) => toNumbers(await answer(model)(image)).slice(-4);
    expect(await lastOf(reader, changed)).toEqual(await lastOf(reader, x));
    expect(await lastOf(recurrent, changed)).not.toEqual(await lastOf(recurrent, x));
  });
});

describe('gradients', () => {
  it.each([
    ['gridDetector', detector, images(3, 2, 24, 24)],
    ['lineReader', reader, images(3, 1, 16, 24)],
    ['lineReader with recurrence', recurrent, images(3, 1, 16, 24)],
  ] as const)('%s: reach every parameter', async (_, model, x) => {
    const run = compile((v: Symbolic<Variables>, given: Tensor) => {
      const [buffers, trained] = partition(v, (path) => isBuffer(path));
      return valueAndGrad((p: Symbolic<Variables>) =>
        model
          .apply(merge(p, buffers), given, new Context({ training: true }))
          .sub(0.3)
          .square()
          .mean(),
      )(trained)[1];
    });
    for (const { path, value } of leavesOf<NDArray>(await run(model.init(key(0)), x)))
      expect(
        toNumbers(value).some((slope) => slope !== 0),
        path,
      ).toBe(true);
  });
});
