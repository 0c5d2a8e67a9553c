import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  arange,
  compile,
  concat,
  constant,
  eye,
  full,
  linspace,
  ndarray,
  ones,
  stack,
  type Tensor,
  toNumbers,
  zeros,
} from '../../../src/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';

const run = async (fn: () => Tensor) => compile(fn)();
/** 0, 1, 2, ... in a shape. */
const counting = (...shape: number[]) => arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);

describe('values', () => {
  it.each<[string, () => Tensor, number[], number[]]>([
    ['reshape', () => counting(6).reshape([2, -1]), [2, 3], [0, 1, 2, 3, 4, 5]],
    ['flatten', () => counting(2, 1, 2).flatten(1), [2, 2], [0, 1, 2, 3]],
    ['flatten of a scalar', () => constant(3).flatten(), [1], [3]],
    ['expandDims', () => counting(2).expandDims([0, -1]), [1, 2, 1], [0, 1]],
    ['squeeze', () => counting(1, 2, 1).squeeze(), [2], [0, 1]],
    ['squeeze one axis', () => counting(1, 2, 1).squeeze(-1), [1, 2], [0, 1]],
    ['transpose', () => counting(2, 3).transpose(), [3, 2], [0, 3, 1, 4, 2, 5]],
    ['transpose by a permutation', () => counting(2, 1, 3).transpose([2, 0, -2]), [3, 2, 1], [0, 3, 1, 4, 2, 5]],
    ['swapAxes', () => counting(2, 1, 3).swapAxes(0, -1), [3, 1, 2], [0, 3, 1, 4, 2, 5]],
    ['moveAxis', () => counting(2, 2, 3).moveAxis(0, -1), [2, 3, 2], [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]],
    ['broadcastTo', () => counting(2, 1).broadcastTo([2, 2, 2]), [2, 2, 2], [0, 0, 1, 1, 0, 0, 1, 1]],
    ['sumTo', () => counting(2, 3).sumTo([2, 1]), [2, 1], [3, 12]],
    ['slice', () => counting(3, 4).slice([[1], [0, -1, 2]]), [2, 2], [4, 6, 8, 10]],
    ['slice backwards', () => counting(5).slice([[null, null, -2]]), [3], [4, 2, 0]],
    ['slice backwards between bounds', () => counting(6).slice([[4, 0, -1]]), [4], [4, 3, 2, 1]],
    ['slice past the end', () => counting(3).slice([[1, 99]]), [2], [1, 2]],
    ['empty slice', () => counting(3).slice([[2, 1]]), [0], []],
    ['flip', () => counting(2, 2).flip(1), [2, 2], [1, 0, 3, 2]],
    ['roll', () => counting(2, 3).roll(1, 1), [2, 3], [2, 0, 1, 5, 3, 4]],
    ['roll back, further than its length', () => counting(2, 3).roll(-5, 1), [2, 3], [2, 0, 1, 5, 3, 4]],
    ['flip all', () => counting(2, 2).flip(), [2, 2], [3, 2, 1, 0]],
    ['at', () => counting(2, 3).at(-1, 1), [2], [2, 5]],
    ['concat', () => concat([counting(1, 2), counting(2, 2)]), [3, 2], [0, 1, 0, 1, 2, 3]],
    ['stack', () => stack([counting(2), counting(2)], -1), [2, 2], [0, 0, 1, 1]],
    ['split', () => counting(5).split([2, 3])[1], [3], [2, 3, 4]],
    ['split evenly', () => counting(2, 4).split(2, 1)[1], [2, 2], [2, 3, 6, 7]],
    [
      'pad',
      () =>
        counting(2)
          .add(1)
          .pad([[1, 2]], 9),
      [5],
      [9, 1, 2, 9, 9],
    ],
    ['pad by less than nothing', () => counting(4).pad([[-1, 1]]), [4], [1, 2, 3, 0]],
    ['tile', () => counting(2).tile([2]), [4], [0, 1, 0, 1]],
    ['repeat', () => counting(2, 1).repeat(2, 0), [4, 1], [0, 0, 1, 1]],
    ['tril', () => counting(2, 2).add(1).tril(), [2, 2], [1, 0, 3, 4]],
    ['triu above', () => counting(2, 2).add(1).triu(1), [2, 2], [0, 2, 0, 0]],
    ['diagonal', () => counting(2, 3).diagonal(), [2], [0, 4]],
    ['full', () => full([2], 7, 'int32'), [2], [7, 7]],
    ['zeros and ones', () => zeros([2]).add(ones([2])), [2], [1, 1]],
    ['arange', () => arange(5, 1, -2), [2], [5, 3]],
    ['linspace', () => linspace(0, 1, 3), [3], [0, 0.5, 1]],
    ['eye', () => eye(2, 3), [2, 3], [1, 0, 0, 0, 1, 0]],
  ])('%s', async (_, fn, shape, values) => {
    const y = await run(fn);
    expect(y.shape).toEqual(shape);
    expect(toNumbers(y)).toEqual(values);
  });
});

describe('derivatives', () => {
  const x = random64([2, 3, 4], { stream: 5 });
  it.each<[string, (x: Tensor) => Tensor]>([
    ['reshape', (x) => x.reshape([6, 4])],
    ['transpose', (x) => x.transpose([2, 0, 1])],
    ['broadcastTo', (x) => x.expandDims(1).broadcastTo([5, 2, 2, 3, 4])],
    ['sumTo', (x) => x.sumTo([3, 1])],
    ['slice', (x) => x.slice([null, [0, 2], [1, 4]])],
    ['strided slice', (x) => x.slice([null, [0, null, 2], [1, null, 2]])],
    ['strided slice that leaves a rest', (x) => x.slice([null, null, [0, null, 3]])],
    ['backward slice', (x) => x.slice([[null, null, -1], null, [3, 0, -2]])],
    ['flip', (x) => x.flip([0, 2])],
    ['roll', (x) => x.roll(2, -1)],
    ['at', (x) => x.at(1, 2)],
    ['concat', (x) => concat([x, x.mul(2), x.slice([null, [0, 1]])], 1)],
    ['stack', (x) => stack([x, x.square()], 1)],
    ['split', (x) => x.split([1, 3], 2)[1].mul(x.split([1, 3], 2)[0])],
    [
      'pad',
      (x) =>
        x.pad(
          [
            [1, 0],
            [0, 2],
            [1, 1],
          ],
          0.5,
        ),
    ],
    [
      'pad and cut',
      (x) =>
        x.pad([
          [0, 1],
          [-1, 0],
          [2, -2],
        ]),
    ],
    [
      'pad with a tensor',
      (x) =>
        x.pad(
          [
            [1, 0],
            [0, 0],
            [0, 0],
          ],
          x.mean(),
        ),
    ],
    ['tile', (x) => x.tile([2, 1, 2])],
    ['repeat', (x) => x.repeat(2, 1)],
    ['tril', (x) => x.tril(1)],
    ['triu', (x) => x.triu(-1)],
    ['diagonal', (x) => x.diagonal()],
  ])('%s', async (_, fn) => {
    // Squared, so that there is a second derivative to check.
    await checkDerivatives((t) => fn(t).square(), [x]);
  });
});

describe('properties', () => {
  it('slices as JavaScript arrays and Python do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: -10, max: 10 }),
        fc.integer({ min: -10, max: 10 }),
        fc.constantFrom(-3, -2, -1, 1, 2, 3),
        async (n, start, stop, step) => {
          const y = await run(() => counting(n).slice([[start, stop, step]]));
          const clamp = (v: number, low: number, high: number) => Math.min(high, Math.max(low, v < 0 ? v + n : v));
          const expected: number[] = [];
          if (step > 0) for (let i = clamp(start, 0, n); i < clamp(stop, 0, n); i += step) expected.push(i);
          else for (let i = clamp(start, -1, n - 1); i > clamp(stop, -1, n - 1); i += step) expected.push(i);
          expect(toNumbers(y)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a transpose undone is no node at all', () => {
    const x = counting(2, 3, 4)
      .cast('float32')
      .add(zeros([2, 3, 4]));
    expect(x.transpose([2, 0, 1]).transpose([1, 2, 0])).toBe(x);
    expect(x.reshape([6, 4]).reshape([2, 3, 4])).toBe(x);
    expect(x.slice([[0, 2], null])).toBe(x);
    expect(x.broadcastTo([2, 3, 4])).toBe(x);
  });
});

describe('errors', () => {
  const x = zeros([2, 3]);
  it.each<[string, () => unknown, RegExp]>([
    ['reshape', () => x.reshape([4, 2]), /reshape: x \[2, 3\] does not fit the shape \[4, 2\]/],
    ['transpose', () => x.transpose([0, 0]), /transpose: \[0, 0\] is not a permutation/],
    ['broadcastTo', () => x.broadcastTo([2, 4]), /broadcastTo/],
    ['squeeze', () => x.squeeze(0), /squeeze: axis 0 of x \[2, 3\] is not 1/],
    ['concat', () => concat([x, zeros([2, 4])], 0), /concat: shapes \[2, 3\], \[2, 4\] differ beside axis 0/],
    ['split', () => x.split(2, 1), /split: axis 1 of x \[2, 3\] does not divide/],
    ['at', () => x.at(2), /at: index 2 is out of range/],
    ['axis', () => x.flip(2), /flip: axis 2 is out of range for rank 2/],
    ['pad', () => x.pad([[1, 1]]), /pad: 1 pairs for x \[2, 3\]/],
    ['slice step', () => x.slice([[0, 1, 0]]), /step 0/],
    ['ndarray', () => ndarray([[1], [1, 2]]), /ragged/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
