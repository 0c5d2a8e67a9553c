import { describe, expect, it } from 'vitest';
import {
  argsort,
  compile,
  constant,
  embedding,
  gather,
  gatherND,
  grad,
  maskedFill,
  ndarray,
  oneHot,
  scatterElements,
  scatterND,
  segmentSum,
  sort,
  type Tensor,
  takeAlongAxis,
  toNumbers,
  topK,
  zeros,
} from '../../../src/index.js';
import { checkDerivatives, numbers, random64 } from '../../support/derivatives.js';

const run = async (fn: () => Tensor) => toNumbers(await compile(fn)());
const ints = (values: number[] | number[][]) => constant(values, 'int32');
const table = () =>
  constant([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

describe('values', () => {
  it.each<[string, () => Tensor, number[]]>([
    [
      'gather',
      () =>
        gather(
          table(),
          ints([
            [2, 0],
            [-1, 1],
          ]),
        ),
      [5, 6, 1, 2, 5, 6, 3, 4],
    ],
    ['gather along axis 1', () => gather(table(), ints([1, 1]), 1), [2, 2, 4, 4, 6, 6]],
    [
      'gatherND',
      () =>
        gatherND(
          table(),
          ints([
            [2, 0],
            [0, 1],
          ]),
        ),
      [5, 2],
    ],
    ['gatherND of rows', () => gatherND(table(), ints([[1]])), [3, 4]],
    ['scatterND', () => scatterND(zeros([3]), ints([[2], [0]]), constant([7, 8])), [8, 0, 7]],
    [
      'scatterND adding',
      () =>
        scatterND(
          zeros([2, 2]),
          ints([
            [1, 0],
            [1, 0],
            [-1, -1],
          ]),
          constant([1, 2, 5]),
          'add',
        ),
      [0, 0, 3, 5],
    ],
    [
      'takeAlongAxis',
      () =>
        takeAlongAxis(
          table(),
          ints([
            [1, 0],
            [0, 0],
            [1, 1],
          ]),
        ),
      [2, 1, 3, 3, 6, 6],
    ],
    ['scatterElements', () => scatterElements(zeros([2, 2]), ints([[1, 0]]), constant([[3, 4]]), 1), [4, 3, 0, 0]],
    [
      'scatterElements adding',
      () =>
        scatterElements(
          zeros([2, 2]),
          ints([
            [1, 1],
            [0, 0],
          ]),
          constant([
            [3, 4],
            [1, 1],
          ]),
          1,
          'add',
        ),
      [0, 7, 2, 0],
    ],
    ['segmentSum', () => segmentSum(table(), ints([1, 0, 1]), 3), [3, 4, 6, 8, 0, 0]],
    ['oneHot', () => oneHot(ints([2, 0, 5]), 3), [0, 0, 1, 1, 0, 0, 0, 0, 0]],
    ['topK', () => topK(constant([[3, 1, 2]]), 2)[0], [3, 2]],
    ['topK positions', () => topK(constant([[3, 1, 2]]), 2)[1], [0, 2]],
    ['topK smallest', () => topK(constant([3, 1, 2]), 2, 0, { largest: false })[0], [1, 2]],
    ['topK of no rows', () => topK(zeros([0, 3]), 2)[0], []],
    ['sort', () => sort(constant([3, 1, 2])), [1, 2, 3]],
    [
      'sort descending',
      () =>
        sort(
          constant([
            [3, 1],
            [0, 2],
          ]),
          0,
          { descending: true },
        ),
      [3, 2, 0, 1],
    ],
    ['argsort keeps the order of equals', () => argsort(constant([2, 1, 2, 1])), [1, 3, 0, 2]],
    ['maskedFill', () => maskedFill(constant([1, 2]), constant([true, false]), -9), [-9, 2]],
    ['embedding', () => embedding(table(), ints([1])), [3, 4]],
  ])('%s', async (_, fn, expected) => {
    expect(await run(fn)).toEqual(expected);
  });
});

describe('derivatives', () => {
  const x = random64([3, 4], { stream: 2 });
  const updates = random64([2, 4], { stream: 3 });
  const repeated = () =>
    ints([
      [2, 0],
      [2, 2],
    ]);
  it.each<[string, (x: Tensor, y: Tensor) => Tensor]>([
    ['gather, indices repeated', (x) => gather(x, repeated()).square()],
    ['gather along the last axis', (x) => gather(x, repeated(), -1).square()],
    [
      'gatherND',
      (x) =>
        gatherND(
          x,
          ints([
            [2, 0],
            [2, 0],
            [1, 1],
          ]),
        ).square(),
    ],
    ['scatterND', (x, y) => scatterND(x, ints([[2], [0]]), y).square()],
    ['scatterND adding', (x, y) => scatterND(x, ints([[2], [2]]), y, 'add').square()],
    [
      'takeAlongAxis',
      (x) =>
        takeAlongAxis(
          x,
          ints([
            [0, 0],
            [1, 3],
            [2, 2],
          ]),
        ).square(),
    ],
    [
      'scatterElements',
      (x, y) =>
        scatterElements(
          x,
          ints([
            [1, 0, 2, 1],
            [0, 1, 0, 2],
          ]),
          y,
          0,
        ).square(),
    ],
    [
      'scatterElements adding',
      (x, y) =>
        scatterElements(
          x,
          ints([
            [1, 0, 2, 1],
            [1, 1, 0, 2],
          ]),
          y,
          0,
          'add',
        ).square(),
    ],
    ['segmentSum', (x) => segmentSum(x, ints([1, 0, 1]), 2).square()],
    ['topK', (x) => topK(x, 2)[0].square()],
    ['sort', (x) => sort(x, 0).square()],
    ['maskedFill', (x) => maskedFill(x, x.greater(0.2), 3).square()],
  ])('%s', async (_, fn) => {
    await checkDerivatives((a, b) => fn(a, b).add(b.sum().mul(0)), [x, updates]);
  });

  it('many rows added to few: right, and the same every time', async () => {
    const n = 20_000;
    const x = ndarray(Float64Array.from(numbers(1, n * 3)), { shape: [n, 3] });
    const rows = ndarray(Int32Array.from({ length: n }, (_, i) => (i * 7919) % 7));
    const expected = new Float64Array(21);
    for (let i = 0; i < n; i++) for (let k = 0; k < 3; k++) expected[rows.data[i] * 3 + k] += x.data[i * 3 + k];
    const f = compile((t: Tensor, i: Tensor) => [
      segmentSum(t, i, 7),
      grad((p: Tensor) => gather(p, i).mul(t).sum())(zeros([7, 3], 'float64')),
      scatterND(zeros([7, 3], 'float64'), i.expandDims(1), t, 'add'),
    ]);
    for (let run = 0; run < 5; run++)
      for (const got of await f(x, rows)) expect([...(got.data as Float64Array)]).toEqual([...expected]);
  });
});

describe('errors', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['gather', () => gather(zeros([3]), zeros([2])), /gather: indices must be int32 or int64, not float32/],
    ['segmentSum', () => segmentSum(zeros([3, 2]), ints([0, 1]), 2), /segmentSum: segments \[2\] must be \[3\]/],
    ['topK', () => topK(zeros([3]), 4), /topK: k 4 must be an integer from 0 to 3/],
    ['scatterElements', () => scatterElements(zeros([3]), ints([0]), zeros([2])), /must have one shape/],
    ['scatterND', () => scatterND(zeros([3]), ints([[0]]), zeros([2])), /scatterND: updates \[2\].*must be \[1\]/],
    [
      'takeAlongAxis',
      () => takeAlongAxis(zeros([2, 3]), ints([0])),
      /takeAlongAxis: indices \[1\] do not fit x \[2, 3\]/,
    ],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
