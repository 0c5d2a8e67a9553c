import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  castArray,
  compile,
  constant,
  grad,
  inverse,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
} from '../../../src/index.js';
import {
  type ClassGaussianOptions,
  type ClassGaussians,
  cafaLoss,
  classCorrelationLoss,
  fitClassGaussians,
  mahalanobisToClasses,
} from '../../../src/losses/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { agreesWith, type DifferentiatedCase } from '../../support/differentiated.js';
import { type GoldenArray, golden } from '../../support/golden.js';

const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });
const ints = (values: readonly number[]) => ndarray(Int32Array.from(values));
const reference = golden<{
  correlation: DifferentiatedCase[];
  cafa: DifferentiatedCase[];
  distances: { options: Omit<ClassGaussianOptions, 'classes'>; output: GoldenArray }[];
}>('adaptation');

describe('classCorrelationLoss', () => {
  const logProbabilities = (p: readonly (readonly number[])[]) => f64(p.map((row) => row.map((v) => Math.log(v))));
  const loss = compile((z: Tensor) => classCorrelationLoss(z));

  it('has the values of the card', async () => {
    const p = [
      [0.7, 0.2, 0.1],
      [0.1, 0.8, 0.1],
      [0.25, 0.25, 0.5],
      [0.6, 0.3, 0.1],
    ];
    allClose(await loss(logProbabilities(p)), [0.5179374389], 1e-10, 'three classes');
    allClose(
      await loss(
        logProbabilities([
          [0.75, 0.25],
          [0.25, 0.75],
        ]),
      ),
      [0.375],
      1e-15,
      'two classes',
    );
    allClose(
      await loss(
        f64([
          [0, 0, 0, 0],
          [1, 1, 1, 1],
        ]),
      ),
      [0.75],
      1e-15,
      'uniform',
    );
    allClose(
      await loss(
        f64([
          [900, 0, 0],
          [0, 900, 0],
          [0, 0, 900],
        ]),
      ),
      [0],
      1e-15,
      'sure of all',
    );
    // One class has nothing: it adds nothing.
    allClose(
      await loss(
        f64([
          [900, 0, -900],
          [0, 900, -900],
        ]),
      ),
      [0],
      1e-15,
      'sure, a class without',
    );
  });

  it('does not change with the order of samples and of classes, nor with a constant added to the logits of a sample', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (stream) => {
        const z = random64([6, 4], { stream, low: -3, high: 3 });
        const moved = compile((x: Tensor) =>
          classCorrelationLoss(
            x
              .gather(constant([3, 1, 0, 5, 4, 2], 'int32'))
              .gather(constant([2, 0, 3, 1], 'int32'), 1)
              .add(x.slice([null, [0, 1]])),
          ),
        );
        const [value] = toNumbers(await loss(z));
        allClose(await moved(z), [value], 1e-12, 'moved');
        expect(value > 0 && value < 0.75).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it.each(reference.correlation)('agrees with PyTorch: $options', async (c) => {
    await agreesWith(c, ({ logits }) => classCorrelationLoss(logits, c.options), { float32: 1e-5, float64: 1e-12 });
  });

  it('is right in its derivatives', async () => {
    await checkDerivatives((z) => classCorrelationLoss(z), [random64([5, 3], { stream: 3, low: -2, high: 2 })]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['rank', () => classCorrelationLoss(constant([1, 2])), /logits float32\[2\] must be floats \[n, classes\]/],
    [
      'temperature',
      () => classCorrelationLoss(constant([[1]]), { temperature: 0 }),
      /temperature 0 must be a number above 0/,
    ],
  ])('refuses a wrong %s', (_, fn, message) => expect(fn).toThrow(message));
});

/** The card's three Gaussians. */
const means = [
  [0, 0],
  [4, 0],
  [0, 4],
];
const whitening = [
  [
    [1, 0],
    [0, 1],
  ],
  [
    [Math.SQRT1_2, 0],
    [0, Math.SQRT2],
  ],
  [
    [1, 0],
    [-0.5 / Math.sqrt(0.75), 1 / Math.sqrt(0.75)],
  ],
];
const card: ClassGaussians<NDArray> = { means: f64(means), whitening: f64(whitening), present: f64([1, 1, 1]) };
const z = f64([
  [1, 1],
  [3, 1],
  [0, 2],
]);
const predicted = ints([0, 1, 2]);
const distances = compile((x: Tensor, g: ClassGaussians) => mahalanobisToClasses(x, g));
const lossOf = (include = false) =>
  compile((x: Tensor, y: Tensor, g: ClassGaussians) => {
    const at = (v: Tensor) => cafaLoss(v, y, g, { includePredicted: include });
    return {
      value: at(x),
      gradient: grad(at)(x),
      each: cafaLoss(x, y, g, { includePredicted: include, reduction: 'none' }),
    };
  });

describe('mahalanobisToClasses and cafaLoss', () => {
  it('have the values of the card', async () => {
    allClose(await distances(z, card), [2, 6.5, 52 / 3, 10, 2.5, 36, 4, 16, 16 / 3], 1e-12, 'distances');
    const { value, gradient, each } = await lossOf()(z, predicted, card);
    allClose(each, [-2.4779379805, -2.9123506646, -1.32175584], 1e-10, 'each');
    allClose(value, [-2.2373481617], 1e-10, 'loss');
    allClose(
      gradient,
      [0.2820512821, 0.4079254079, -0.2637681159, 0.6057971014, 0.2333333333, -0.5333333333],
      1e-10,
      'gradient',
    );
    allClose((await lossOf(true)(z, predicted, card)).value, [-2.3606453837], 1e-10, 'with the predicted class');
  });

  it('do not change under scale, shift and an invertible map of features and Gaussians', async () => {
    const run = compile((x: Tensor, g: ClassGaussians, map: Tensor) => {
      const y = constant(predicted);
      const shift = constant(f64([3, -2]));
      const loss = (v: Tensor, mu: Tensor, a: Tensor) => cafaLoss(v, y, { ...g, means: mu, whitening: a });
      return [
        loss(x, g.means, g.whitening),
        loss(x, g.means, g.whitening.mul(0.1)),
        loss(x.add(shift), g.means.add(shift), g.whitening),
        loss(x.matmul(map.transpose()), g.means.matmul(map.transpose()), g.whitening.matmul(inverse(map))),
      ];
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (stream) => {
        const map = random64([2, 2], { stream });
        const data = Float64Array.from(map.data as Float64Array, (v, i) => v + (i % 3 === 0 ? 2.5 : 0));
        const [plain, ...moved] = (await run(random64([3, 2], { stream: stream + 1 }), card, { ...map, data })).map(
          toNumbers,
        );
        for (const [value] of moved) close(value, plain[0], 1e-10, 'moved');
      }),
      { numRuns: 10 },
    );
  });

  it('is 0 half-way between two classes of equal covariance', async () => {
    const two = {
      means: f64([
        [0, 0],
        [4, 2],
      ]),
      whitening: f64([
        [
          [1, 0],
          [0, 1],
        ],
      ]),
      present: f64([1, 1]),
    };
    const half = await lossOf()(
      f64([
        [2, 1],
        [3, -1],
        [1, 3],
      ]),
      ints([0, 0, 1]),
      two,
    );
    allClose(half.each, [0, 0, 0], 1e-14, 'half-way');
  });

  it.each(reference.cafa)('agrees with PyTorch: $options', async (c) => {
    const include = c.options.includePredicted as boolean;
    const y = constant([0, 1, 3, 0, 1, 3], 'int32');
    await agreesWith(
      c,
      ({ features }) => cafaLoss(features, y, fitted(features.dtype), { includePredicted: include }),
      {
        float32: 2e-4,
        float64: 1e-11,
      },
    );
  });

  it('is right in its derivatives, which flow to the features alone', async () => {
    const y = constant([0, 1, 3, 0], 'int32');
    await checkDerivatives(
      (x) => cafaLoss(x, y, fitted('float64')),
      [random64([4, 5], { stream: 8, low: -2, high: 2 })],
    );
    const none = await compile((x: Tensor, g: ClassGaussians) =>
      grad((p: ClassGaussians) => cafaLoss(x, constant(predicted), p))(g),
    )(z, card);
    for (const leaf of Object.values(none)) expect(toNumbers(leaf).every((v) => v === 0)).toBe(true);
  });

  it('leaves out features that are predicted to be of a class the source did not show', async () => {
    const absent = { ...card, present: f64([1, 1, 0]) };
    const [some, kept] = [
      await lossOf()(z, ints([0, 2, 1]), absent),
      await lossOf()(
        f64([
          [1, 1],
          [0, 2],
        ]),
        ints([0, 1]),
        absent,
      ),
    ];
    allClose(some.value, toNumbers(kept.value), 1e-14, 'mean over those of classes that are there');
    expect(toNumbers(some.each)[1] + 0).toBe(0);
    expect(
      toNumbers(some.gradient)
        .slice(2, 4)
        .map((v) => v + 0),
    ).toEqual([0, 0]);
    const none = await lossOf()(z, ints([2, 2, 2]), absent);
    expect([...toNumbers(none.value), ...toNumbers(none.gradient)].map((v) => v + 0)).toEqual(Array(7).fill(0));
  });

  it('is finite where a feature is at its mean', async () => {
    const { value, gradient } = await lossOf()(f64([[0, 0]]), ints([0]), card);
    close(toNumbers(value)[0], Math.log(1e-8) - Math.log(8 + 64 / 3), 1e-12, 'floor');
    expect(toNumbers(gradient).every(Number.isFinite)).toBe(true);
  });
});

/** The 30 source features of the reference: of classes 0, 1 and, one alone, 3. */
const sourceLabels = [...Array(14).fill(0), ...Array(15).fill(1), 3] as number[];
const source: NDArray = (() => {
  const plain = random64([30, 5], { stream: 701 });
  const shifts = [0.5, -0.3, 0.1, 0, 0.2];
  return { ...plain, data: plain.data.map((v, i) => v + shifts[i % 5] * sourceLabels[Math.floor(i / 5)]) };
})();
const fitted = (dtype: Tensor['dtype'], options: Omit<ClassGaussianOptions, 'classes'> = {}) =>
  fitClassGaussians(constant(castArray(source, dtype)), constant(sourceLabels, 'int32'), { classes: 4, ...options });

describe('fitClassGaussians', () => {
  it.each(reference.distances)('agrees with PyTorch: $options', async ({ options, output }) => {
    const got = await compile((x: Tensor) => mahalanobisToClasses(x, fitted('float64', options)))(
      random64([6, 5], { stream: 702, low: -2, high: 2 }),
    );
    // The class without samples has whatever the tied covariance makes of a mean of 0: PyTorch's code gives the same.
    allClose(got, output.data, 1e-11, 'distances');
  });

  it('without a ridge has a mean distance of d within each class, the trace identity', async () => {
    const labels = [0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1];
    const x = random64([12, 3], { stream: 31 });
    const all = await compile((v: Tensor) => {
      const g = fitClassGaussians(v, constant(labels, 'int32'), { classes: 2, ridge: 0 });
      return mahalanobisToClasses(v, g);
    })(x);
    for (const c of [0, 1]) {
      const own = labels.flatMap((y, i) => (y === c ? [Number(all.data[2 * i + c])] : []));
      close(own.reduce((a, b) => a + b) / own.length, 3, 1e-10, `class ${c}`);
    }
  });

  it('has limits: a class without samples, of one sample, features that do not vary', async () => {
    const { present, whitening: w, means: mu } = await compile(() => fitted('float64'))();
    expect(toNumbers(present)).toEqual([1, 1, 0, 1]);
    expect(w.shape).toEqual([4, 5, 5]);
    expect(toNumbers(mu).slice(10, 15)).toEqual([0, 0, 0, 0, 0]);
    expect(toNumbers(w).slice(50, 75)).toEqual(toNumbers(w).slice(75, 100));
    const same = await compile((x: Tensor) =>
      mahalanobisToClasses(x, fitClassGaussians(x, constant([0, 0, 1], 'int32'), { classes: 2, ridge: 0 })),
    )(
      f64([
        [1, 2],
        [1, 2],
        [1, 4],
      ]),
    );
    expect(toNumbers(same)).toEqual([0, 4, 0, 4, 4, 0]);
    const tied = await compile(() => fitted('float64', { tied: true, diagonal: true }))();
    expect(tied.whitening.shape).toEqual([1, 5]);
  });

  const x = constant([
    [1, 2],
    [3, 4],
  ]);
  const y = constant([0, 1], 'int32');
  const g = () => fitClassGaussians(x, y, { classes: 2 });
  it.each<[string, () => unknown, RegExp]>([
    [
      'features',
      () => fitClassGaussians(constant([1]), y, { classes: 2 }),
      /features float32\[1\] must be floats \[n, d\]/,
    ],
    [
      'labels',
      () => fitClassGaussians(x, constant([0], 'int32'), { classes: 2 }),
      /labels int32\[1\] must be integers \[2\]/,
    ],
    ['ridge', () => fitClassGaussians(x, y, { classes: 2, ridge: -1 }), /ridge -1 must be a number at least 0/],
    [
      'dimension',
      () => mahalanobisToClasses(constant([[1]]), g()),
      /features \[1, 1\] must be \[n, d\] for means \[2, 2\]/,
    ],
    ['predictions', () => cafaLoss(x, constant([0], 'int32'), g()), /predicted int32\[1\] must be integers \[2\]/],
    ['classes', () => cafaLoss(x, y, fitClassGaussians(x, y.mul(0), { classes: 1 })), /one class has no others/],
  ])('refuses wrong %s', (_, fn, message) => expect(fn).toThrow(message));
});
