import { describe, expect, it } from 'vitest';
import {
  generalOrthogonalFrame,
  neuralCollapse,
  orthogonalFrameDistance,
  selfDualityDistance,
  unconstrainedFeaturesLoss,
} from '../../../src/diagnostics/index.js';
import { compile, constant, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { crossEntropy } from '../../../src/losses/index.js';
import { lbfgs } from '../../../src/optim/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';

const [decay, featureDecay] = [5e-3, 1e-3];
const theory = (counts: number[], layers: number) =>
  generalOrthogonalFrame({ counts, weightDecays: Array(layers).fill(decay), featureDecay });

type Model<L> = { features: L; layers: L[]; bias?: L };

/** The model from random weights to its minimum, in float64. */
async function minimised(
  counts: readonly number[],
  widths: readonly number[],
  options: { weightDecays?: number[]; bias?: boolean; loss?: (z: Tensor, y: Tensor) => Tensor; stream?: number } = {},
) {
  const { bias = false, loss, stream = 0, weightDecays = Array(widths.length).fill(decay) as number[] } = options;
  const K = counts.length;
  const labels = counts.flatMap((n, k) => Array(n).fill(k) as number[]);
  const sizes = [...widths, K];
  const start: Model<NDArray> = {
    features: random64([labels.length, widths[0]], { stream: 600 + stream }),
    layers: widths.map((d, j) => random64([sizes[j + 1], d], { stream: 601 + j + stream })),
    ...(bias && { bias: random64([K], { stream: 620 + stream }) }),
  };
  const y = ndarray(Int32Array.from(labels));
  const { x, value } = await lbfgs(
    (m: Model<Tensor>, targets: Tensor) => unconstrainedFeaturesLoss(m, targets, { weightDecays, featureDecay, loss }),
    start,
    [y],
    { iterations: 3000, gradientTolerance: 1e-10, valueTolerance: 0 },
  );
  const product = await compile((ws: Tensor[]) => ws.reduce((a, w) => w.matmul(a)))(x.layers);
  return { ...x, value, labels, product };
}

/** Lengths of the rows of a matrix. */
const lengthsOf = ({ data, shape: [n, d] }: NDArray) =>
  Array.from({ length: n }, (_, i) => Math.hypot(...Array.from(data as Float64Array).slice(i * d, (i + 1) * d)));

describe('generalOrthogonalFrame', () => {
  it('has the values of the card', () => {
    const one = theory([12, 6, 3], 1);
    allClose(
      ndarray(Float64Array.from(one.squaredSingularValues)),
      [1.528193338, 1.074445115, 0.753596669],
      1e-9,
      's^2',
    );
    close(one.loss, 0.0169386756, 1e-10, 'loss');
    const two = theory([12, 6, 3], 2);
    allClose(
      ndarray(Float64Array.from(two.squaredSingularValues)),
      [1.328347, 1.049359, 0.826581],
      1e-6,
      's^2, two layers',
    );
    allClose(ndarray(Float64Array.from(two.featureLengths)), [0.743961, 0.935129, 1.173727], 1e-6, 'features');
    close(two.loss, 0.0241852239, 1e-10, 'loss, two layers');
    close(theory([5, 5, 5], 1).squaredSingularValues[0], 0.985, 1e-12, 'balanced');
    close(theory([5, 5, 5], 1).loss, 0.0148875, 1e-12, 'balanced, loss');
    close(theory([5, 5, 5], 2).squaredSingularValues[2], 0.98992, 1e-5, 'balanced, two layers');
    close(theory([5, 5, 5], 2).loss, 0.0223869308, 1e-10, 'balanced, loss of two layers');
  });

  it('lets small classes collapse', () => {
    const at = (lambda: number) =>
      generalOrthogonalFrame({ counts: [12, 6, 3], weightDecays: [lambda], featureDecay: lambda });
    expect(at(0.01).collapsed).toEqual([false, false, false]);
    const { collapsed, squaredSingularValues, featureLengths } = at(0.1);
    expect(collapsed).toEqual([false, false, true]);
    expect(squaredSingularValues[2]).toBe(0);
    expect(featureLengths[2]).toBe(0);
    close(squaredSingularValues[1], 0.3494897428, 1e-10, 'class of 6');
    close(squaredSingularValues[0], 1.3641016151, 1e-10, 'class of 12');
    // All gone: the loss of predicting nothing.
    close(
      generalOrthogonalFrame({ counts: [4, 2], weightDecays: [9, 9], featureDecay: 9 }).loss,
      0.5,
      1e-15,
      'nothing',
    );
  });

  it('finds the least of the scalar problem, of several layers too', () => {
    for (const M of [1, 2, 3, 6])
      for (const n of [1, 2, 5, 40, 400]) {
        const [lambdaW, lambdaH, N] = [0.01, 0.002, n + 50];
        const phi = (x: number) => (n * lambdaH) / (2 * (x ** M + N * lambdaH)) + (M * lambdaW * x) / 2;
        const own = generalOrthogonalFrame({
          counts: [n, 50],
          weightDecays: Array(M).fill(lambdaW),
          featureDecay: lambdaH,
        });
        const [x] = own.squaredSingularValues;
        const least = Math.min(...Array.from({ length: 5000 }, (_, i) => phi(i / 500)));
        expect(phi(x), `${M} layers, ${n} samples`).toBeLessThanOrEqual(least + 1e-15);
        if (x > 0) close((phi(x + 1e-5) - phi(x - 1e-5)) / 2e-5, 0, 1e-8, 'slope');
      }
  });

  it.each([
    ['one layer', [12, 6, 3], [6], undefined],
    ['two layers', [12, 6, 3], [6, 5], undefined],
    ['layers of different decay', [7, 4], [4, 3], [0.02, 0.005]],
  ] as const)('is where training ends: %s', async (_, counts, widths, weightDecays) => {
    const decays = weightDecays ?? widths.map(() => decay);
    const predicted = generalOrthogonalFrame({ counts, weightDecays: decays, featureDecay });
    const got = await minimised(counts, widths, { weightDecays: [...decays] });
    close(got.value, predicted.loss, 1e-9, 'loss');
    allClose(ndarray(Float64Array.from(lengthsOf(got.product))), [...predicted.classifierLengths], 1e-5, 'classifier');
    const features = lengthsOf(got.features);
    got.labels.forEach((k, i) => close(features[i], predicted.featureLengths[k], 1e-5, `feature ${i}`));
    expect(orthogonalFrameDistance(got.product, predicted.classifierLengths)).toBeLessThan(1e-5);
    const { withinClassVariability, nearestMeanDisagreement } = neuralCollapse(got.features, got.labels, {
      weights: got.product,
    });
    expect(withinClassVariability).toBeLessThan(1e-9);
    expect(nearestMeanDisagreement).toBe(0);
    const first = counts.map((_, k) => got.labels.indexOf(k));
    const means = first.map((i) =>
      Array.from((got.features.data as Float64Array).slice(i * widths[0], (i + 1) * widths[0])),
    );
    expect(selfDualityDistance(got.product, means, predicted.ratios)).toBeLessThan(1e-5);
    expect(selfDualityDistance(got.product, means)).toBeGreaterThan(0.05);
  });
});

describe('unconstrainedFeaturesLoss', () => {
  it('ends in the frames of the card for balanced classes', async () => {
    const [counts, widths] = [
      [5, 5, 5, 5],
      [8, 8],
    ];
    const plain = await minimised(counts, widths);
    close(plain.value, 0.02979864548, 1e-9, 'squared loss');
    const plainly = neuralCollapse(plain.features, plain.labels, { weights: plain.product, centred: false });
    expect(plainly.means.orthogonal).toBeLessThan(1e-6);
    close(plainly.classifier.simplexEtf, 0.5176380902, 1e-6, 'not a simplex');

    const biased = await minimised(counts, widths, { bias: true });
    close(biased.value, 0.02234898411, 1e-9, 'squared loss with bias');
    allClose(biased.bias as NDArray, [0.25, 0.25, 0.25, 0.25], 1e-6, 'bias');
    expect(
      neuralCollapse(biased.features, biased.labels, { weights: biased.product }).classifier.simplexEtf,
    ).toBeLessThan(1e-6);

    for (const bias of [false, true]) {
      const crossed = await minimised(counts, widths, { bias, loss: (z, y) => crossEntropy(z, y), stream: 10 });
      close(crossed.value, 0.0816488546, 1e-8, 'cross-entropy');
      const { means, classifier, selfDuality } = neuralCollapse(crossed.features, crossed.labels, {
        weights: crossed.product,
        bias: crossed.bias,
      });
      for (const gap of [means.simplexEtf, classifier.simplexEtf, selfDuality]) expect(gap).toBeLessThan(1e-5);
      if (bias) {
        const [first, ...rest] = toNumbers(crossed.bias as NDArray);
        rest.forEach((b) => close(b, first, 1e-5, 'a constant bias'));
      }
    }
  });

  it('is right in its derivatives', async () => {
    const labels = constant([0, 1, 1, 2, 0], 'int32');
    await checkDerivatives(
      (features, first, last, bias) =>
        unconstrainedFeaturesLoss({ features, layers: [first, last], bias }, labels, {
          weightDecays: [0.1, 0.3],
          featureDecay: 0.2,
        }),
      [[5, 4], [2, 4], [3, 2], [3]].map((shape, i) => random64(shape, { stream: 640 + i })),
    );
  });

  it.each<[string, () => unknown, RegExp]>([
    ['counts', () => theory([3, 0], 1), /generalOrthogonalFrame: counts \[3, 0\] must be positive/],
    ['no layers', () => theory([3], 0), /weightDecays \[\] must be positive, and some/],
    [
      'layers',
      () =>
        unconstrainedFeaturesLoss(
          { features: constant([[1, 2]]), layers: [constant([[1], [1]])] },
          constant([0], 'int32'),
          {
            weightDecays: [1],
            featureDecay: 1,
          },
        ),
      /features and layers \[1, 2\], \[2, 1\] must be/,
    ],
    [
      'decays',
      () =>
        unconstrainedFeaturesLoss(
          { features: constant([[1]]), layers: [constant([[1], [1]])] },
          constant([0], 'int32'),
          {
            weightDecays: [],
            featureDecay: 1,
          },
        ),
      /1 layers and 0 weightDecays must be as many/,
    ],
  ])('refuses %s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
