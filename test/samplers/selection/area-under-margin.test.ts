import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, type NDArray, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import {
  areaUnderMargin,
  assignedMargin,
  findMislabeled,
  type Margins,
  noMargins,
  recordMargins,
  thresholdSamples,
  withExtraClass,
} from '../../../src/samplers/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';

const int32 = (values: number[]) => ndarray(values, { dtype: 'int32' });
const record = () =>
  compile((s: Margins, z: Tensor, y: Tensor, i: Tensor) => recordMargins(s, z, y, i), { donate: [0] });
const area = compile((s: Margins) => areaUnderMargin(s));

/** The card's logits of two examples, epoch by epoch. */
const epochs = [
  [
    [1, 2, 0],
    [0.5, 0.5, 3],
  ],
  [
    [2, 1.5, 0],
    [1, 0.2, 2],
  ],
  [
    [4, 1, 0.5],
    [2, 0, 1],
  ],
];

describe('assignedMargin', () => {
  it('has the margins of the card', async () => {
    const margin = compile((z: Tensor) => assignedMargin(z, constant([0, 2], 'int32')));
    const found = [];
    for (const logits of epochs) found.push(...toNumbers(await margin(ndarray(logits))));
    expect(found).toEqual([-1, 2.5, 0.5, 1, 3, -1]);
  });

  it('ignores a number added to all logits, grows with them, and is positive where the label is predicted', async () => {
    const both = compile((z: Tensor, y: Tensor, shift: Tensor, scale: Tensor) => ({
      margin: assignedMargin(z, y),
      shifted: assignedMargin(z.add(shift), y),
      scaled: assignedMargin(z.mul(scale), y),
      predicted: z.argmax(1),
    }));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const labels = [0, 1, 2, 3, seed % 4];
        const got = await both(
          random64([5, 4], { stream: seed }),
          int32(labels),
          random64([5, 1], { stream: seed + 1, low: -9, high: 9 }),
          ndarray(3, { dtype: 'float64' }),
        );
        const margin = toNumbers(got.margin);
        allClose(got.shifted, margin, 1e-14, 'shifted');
        allClose(
          got.scaled,
          margin.map((m) => 3 * m),
          1e-14,
          'scaled',
        );
        toNumbers(got.predicted).forEach((c, i) => expect(margin[i] > 0).toBe(c === labels[i]));
      }),
      { numRuns: 15 },
    );
    await checkDerivatives((z) => assignedMargin(z, constant([1, 0, 2], 'int32')), [random64([3, 4], { stream: 1 })]);
  });

  it('is 0 at a tie, and the difference of the logits of two classes', async () => {
    const margin = compile((z: Tensor) => assignedMargin(z, constant([0, 1], 'int32')));
    expect(
      toNumbers(
        await margin(
          ndarray([
            [3, 3],
            [1, 5],
          ]),
        ),
      ),
    ).toEqual([0, 4]);
  });
});

describe('recordMargins', () => {
  it('averages over epochs, whatever the order of the samples', async () => {
    const step = record();
    let state = noMargins(3) as Margins<NDArray>;
    for (const [a, b] of epochs) state = await step(state, ndarray([a, b]), int32([0, 2]), int32([0, 2]));
    allClose(await area(state), [2.5 / 3, 0, 2.5 / 3], 1e-7, 'area');
    let other = noMargins(3) as Margins<NDArray>;
    for (const [a, b] of [...epochs].reverse())
      other = await step(other, ndarray([b, a]), int32([2, 0]), int32([2, 0]));
    allClose(await area(other), toNumbers(await area(state)), 1e-7, 'in another order');
  });

  it('lets no derivative into the state', async () => {
    const gradient = compile((z: Tensor) =>
      grad((logits: Tensor) => {
        const { sum, count } = recordMargins(
          { sum: zeros([2]), count: zeros([2]) },
          logits,
          constant([0, 1], 'int32'),
          constant([1, 0], 'int32'),
        );
        return sum.add(count).sum();
      })(z),
    );
    expect(toNumbers(await gradient(random64([2, 3])))).toEqual(new Array(6).fill(0));
  });

  it('counts an example as often as it stands in a batch', async () => {
    const step = record();
    const logits = ndarray([
      [1, 0],
      [5, 0],
      [2, 0],
    ]);
    const state = await step(noMargins(2), logits, int32([0, 0, 0]), int32([1, 1, 0]));
    expect(toNumbers(state.sum)).toEqual([2, 6]);
    expect(toNumbers(state.count)).toEqual([1, 2]);
    expect(toNumbers(await area(state))).toEqual([2, 3]);
  });
});

describe('threshold samples', () => {
  it('are floor(N / (c + 1)) examples, disjoint between runs', () => {
    const options = { examples: 47, classes: 3 };
    const sets = [0, 1, 2, 3].map((run) => Array.from(thresholdSamples(key(7), { ...options, run }).data));
    for (const set of sets) expect(set).toHaveLength(11);
    expect(new Set(sets.flat()).size).toBe(44);
    expect(Math.max(...sets.flat())).toBeLessThan(47);
    expect(sets[0]).not.toEqual(Array.from(thresholdSamples(key(8), options).data));
    expect(() => thresholdSamples(key(7), { ...options, run: 4 })).toThrow(/no set of threshold samples for run 4/);
    expect(() => thresholdSamples(key(7), { examples: 5, classes: 0 })).toThrow(/5 examples of 0 classes have no set/);
  });

  it('are given a class of their own', () => {
    const labels = int32([0, 1, 2, 1]);
    expect(toNumbers(withExtraClass(labels, int32([1, 3]), 3))).toEqual([0, 3, 2, 3]);
    expect(toNumbers(labels)).toEqual([0, 1, 2, 1]);
    expect(() => withExtraClass(labels, int32([4]), 3)).toThrow(/index 4/);
  });
});

describe('findMislabeled', () => {
  const f64 = (values: number[]) => ndarray(values, { dtype: 'float64' });
  const find = (runs: { areas: NDArray; threshold: NDArray }[]) =>
    compile((given: { areas: Tensor; threshold: Tensor }[]) => findMislabeled(given))(runs);

  it('puts the threshold where the card does', async () => {
    const wrong = Array.from({ length: 100 }, (_, i) => (i - 79) / 10);
    const got = await find([
      { areas: f64([...wrong, 1.95, 1.85]), threshold: int32(Array.from({ length: 100 }, (_, i) => i)) },
    ]);
    allClose(got.thresholds, [1.901], 1e-12, 'threshold');
    expect(toNumbers(got.flagged).slice(100)).toEqual([0, 1]);
    expect(toNumbers(got.flagged).slice(0, 100)).toEqual(new Array(100).fill(0));
  });

  it('keeps an example that one run keeps, and judges threshold samples by the other run', async () => {
    // Thresholds: 1 in the first run, of example 0; 2 in the second, of example 1.
    const got = await find([
      { areas: f64([1, 0.5, 0.5, 0.5, 3, 1]), threshold: int32([0]) },
      { areas: f64([1.5, 2, 1, 3, 4, 2]), threshold: int32([1]) },
    ]);
    expect(toNumbers(got.flagged)).toEqual([1, 1, 1, 0, 0, 1]);
    allClose(got.areas, [1.5, 0.5, 0.75, 1.75, 3.5, 1.5], 1e-15, 'areas');
    allClose(got.thresholds, [1, 2], 1e-15, 'thresholds');
    expect(got.flagged.dtype).toBe('bool');
  });
});

describe('errors', () => {
  const vector = constant([1, 2]);
  const ids = constant([0, 1], 'int32');
  it.each<[string, () => unknown, RegExp]>([
    [
      'one class',
      () => assignedMargin(constant([[1], [2]]), ids),
      /logits \[2, 1\] must be \[n, classes\] of at least 2/,
    ],
    ['labels', () => assignedMargin(constant([[1, 2]]), ids), /labels int32\[2\] must be integers \[1\]/],
    ['examples', () => noMargins(0), /examples 0/],
    [
      'indices',
      () => recordMargins({ sum: vector, count: vector }, constant([[1, 2]]), constant([0], 'int32'), ids),
      /indices int32\[2\] must be integers \[1\]/,
    ],
    ['no runs', () => findMislabeled([]), /areas {2}must be \[examples\]/],
    ['percentile', () => findMislabeled([{ areas: vector, threshold: ids }], { percentile: 101 }), /percentile 101/],
    ['threshold', () => findMislabeled([{ areas: vector, threshold: constant([[0]], 'int32') }]), /threshold \[1, 1\]/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
