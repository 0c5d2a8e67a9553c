import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classFeatureMeans,
  neuralCollapse,
  orthogonalFrameDistance,
  selfDualityDistance,
  simplexEtf,
  simplexEtfDistance,
} from '../../../src/diagnostics/index.js';
import { type NDArray, ndarray, toNumbers } from '../../../src/index.js';
import { close, random64 } from '../../support/derivatives.js';
import { golden } from '../../support/golden.js';

type Numbers = { readonly [name: string]: number | Numbers };
const reference = golden<{ centred: Numbers; uncentred: Numbers }>('collapse');

function agrees(got: Numbers, expected: Numbers, path = ''): void {
  expect(Object.keys(got).sort(), path).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    const own = got[name];
    if (typeof value === 'number') close(own as number, value, 1e-12, `${path}${name}`);
    else agrees(own as Numbers, value, `${path}${name}.`);
  }
}

const labels = [...Array(24).fill(0), ...Array(8).fill(1), ...Array(4).fill(2), ...Array(4).fill(3)] as number[];
const features = random64([40, 6], { stream: 501 });
const weights = random64([4, 6], { stream: 502 });
const bias = random64([4], { stream: 503 });

/** Rows turned by one rotation, with two more axes: a product of plane rotations. */
function turned({ data, shape: [n, d] }: NDArray, angle: number): NDArray {
  const D = d + 2;
  const out = new Float64Array(n * D);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) out[i * D + j] = Number(data[i * d + j]);
    for (let j = 0; j + 1 < D; j++) {
      const [a, b] = [out[i * D + j], out[i * D + j + 1]];
      out[i * D + j] = Math.cos(angle) * a - Math.sin(angle) * b;
      out[i * D + j + 1] = Math.sin(angle) * a + Math.cos(angle) * b;
    }
  }
  return ndarray(out, { shape: [n, D] });
}
const scaled = (x: NDArray, by: number): NDArray => ({ ...x, data: (x.data as Float64Array).map((v) => by * v) });

describe('neuralCollapse', () => {
  it('agrees with NumPy and SciPy', () => {
    agrees(neuralCollapse(features, labels, { weights, bias }) as never, reference.centred);
    agrees(neuralCollapse(features, labels, { weights, bias, centred: false }) as never, reference.uncentred);
  });

  it('is 0 in all its parts for a simplex equiangular tight frame, with any bias common to all', () => {
    const etf = simplexEtf(5, 7);
    const collapsed = turned(etf, 0.7);
    const got = neuralCollapse(collapsed, [0, 1, 2, 3, 4], {
      weights: scaled(collapsed, 3),
      bias: Array(5).fill(0.2),
    });
    expect(got.withinClassVariability).toBe(0);
    for (const frame of [got.means, got.classifier]) {
      for (const name of ['lengthVariation', 'cosineVariation', 'widestAngleGap', 'simplexEtf'] as const)
        expect(frame[name], name).toBeLessThan(1e-14);
      close(frame.orthogonal, 2 * Math.sin(Math.acos(Math.sqrt(0.8)) / 2), 1e-14, 'far from orthogonal');
    }
    expect(got.selfDuality).toBeLessThan(1e-14);
    expect(got.nearestMeanDisagreement).toBe(0);
  });

  it('tells an orthogonal frame where means are not centred', () => {
    const rows = turned(
      scaled(
        ndarray(
          Float64Array.from({ length: 16 }, (_, i) => (i % 5 ? 0 : 1)),
          { shape: [4, 4] },
        ),
        2,
      ),
      1,
    );
    const got = neuralCollapse(rows, [0, 1, 2, 3], { weights: rows, centred: false });
    expect(got.means.orthogonal).toBeLessThan(1e-14);
    close(got.means.simplexEtf, 0.5176380902, 1e-10, 'the value of the card');
    // Centred it is a simplex: what the geometry was is gone.
    expect(neuralCollapse(rows, [0, 1, 2, 3], { weights: rows }).means.simplexEtf).toBeLessThan(1e-14);
  });

  it('does not change under rotation into more dimensions, and under scale', () => {
    const plain = neuralCollapse(features, labels, { weights, bias });
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (angle, by) => {
          const got = neuralCollapse(scaled(turned(features, angle), by), labels, {
            weights: scaled(turned(weights, angle), 1 / by),
            bias,
          });
          agrees(JSON.parse(JSON.stringify(got)), JSON.parse(JSON.stringify(plain)));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('grows with the spread within classes as its square', () => {
    const { means } = classFeatureMeans(features, labels);
    const near = (share: number) => {
      const data = Float64Array.from(features.data as Float64Array, (v, i) => {
        const mu = means.data[labels[Math.floor(i / 6)] * 6 + (i % 6)];
        return mu + share * (v - mu);
      });
      return neuralCollapse(ndarray(data, { shape: [40, 6] }), labels, { weights }).withinClassVariability;
    };
    close(near(0.1) / near(1), 0.01, 1e-12, 'a tenth');
    expect(near(0)).toBeLessThan(1e-28);
  });

  it('has limits, not NaN: one mean for all, zeros, minority collapse', () => {
    const spread = [[1], [-1], [1], [-1]];
    const got = neuralCollapse(spread, [0, 0, 1, 1], { weights: [[0], [0]] });
    expect(got.withinClassVariability).toBe(Infinity);
    expect(got.selfDuality).toBe(0);
    expect(got.means).toEqual({
      lengthVariation: 0,
      cosineVariation: 0,
      widestAngleGap: 1,
      simplexEtf: 1,
      orthogonal: expect.closeTo(1, 14),
    });
    expect(neuralCollapse([[2], [2]], [0, 1], { weights: [[1], [1]] }).withinClassVariability).toBe(0);
  });

  it('takes float32 results of programs', () => {
    const single = (x: NDArray): NDArray => ndarray(Float32Array.from(x.data as Float64Array), { shape: x.shape });
    const got = neuralCollapse(single(features), ndarray(Int32Array.from(labels)), { weights: single(weights), bias });
    close(got.withinClassVariability, reference.centred.withinClassVariability as number, 1e-5, 'NC1');
  });
});

describe('frames', () => {
  it('simplexEtf has unit rows at the cosine -1 / (K - 1), and sum 0', () => {
    const { data, shape } = simplexEtf(3, 4);
    expect(shape).toEqual([3, 4]);
    const rows = [0, 1, 2].map((k) => Array.from(data.subarray(4 * k, 4 * k + 4)));
    rows.forEach((a, k) =>
      rows.forEach((b, j) => {
        close(
          a.reduce((t, v, i) => t + v * b[i], 0),
          k === j ? 1 : -0.5,
          1e-15,
          `rows ${k} and ${j}`,
        );
      }),
    );
    [0, 1, 2, 3].forEach((i) => expect(Math.abs(rows[0][i] + rows[1][i] + rows[2][i])).toBeLessThan(1e-15));
    expect(simplexEtfDistance(simplexEtf(3))).toBeLessThan(1e-15);
  });

  it('orthogonalFrameDistance knows lengths', () => {
    const rows = [
      [3, 0],
      [0, 1],
    ];
    expect(orthogonalFrameDistance(rows, [6, 2])).toBeLessThan(1e-15);
    close(
      orthogonalFrameDistance(rows),
      Math.hypot(9 / Math.hypot(9, 1) - Math.SQRT1_2, 1 / Math.hypot(9, 1) - Math.SQRT1_2),
      1e-15,
      'equal',
    );
    expect(orthogonalFrameDistance(rows, [0, 0])).toBeCloseTo(1, 14);
  });

  it('selfDualityDistance knows scales', () => {
    const means = [
      [1, 2],
      [0, 1],
    ];
    expect(
      selfDualityDistance(
        [
          [2, 4],
          [0, 2],
        ],
        means,
      ),
    ).toBeLessThan(1e-15);
    expect(
      selfDualityDistance(
        [
          [3, 6],
          [0, 1],
        ],
        means,
        [3, 1],
      ),
    ).toBeLessThan(1e-15);
    close(
      selfDualityDistance(
        [
          [-1, -2],
          [0, -1],
        ],
        means,
      ),
      2,
      1e-15,
      'opposed',
    );
  });

  it('classFeatureMeans are plain means', () => {
    const { means, global } = classFeatureMeans(
      [
        [1, 2],
        [3, 4],
        [5, 0],
      ],
      [0, 0, 1],
    );
    expect(toNumbers(means)).toEqual([2, 3, 5, 0]);
    expect(toNumbers(global)).toEqual([3, 2]);
  });
});

describe('errors', () => {
  const w = [
    [1, 0],
    [0, 1],
  ];
  it.each<[string, () => unknown, RegExp]>([
    ['features', () => neuralCollapse([[1]], [0], { weights: w }), /weights \[2, 2\] must be .* for features \[1, 1\]/],
    [
      'one class',
      () => neuralCollapse([[1]], [0], { weights: [[1]] }),
      /weights \[1, 1\] must be \[classes, d\], at least 2/,
    ],
    ['labels', () => neuralCollapse([[1, 1]], [0, 1], { weights: w }), /neuralCollapse: labels \[2\] must be \[1\]/],
    ['a label', () => neuralCollapse([[1, 1]], [2], { weights: w }), /label 2 must be an integer from 0 to 1/],
    ['a class without features', () => neuralCollapse([[1, 1]], [0], { weights: w }), /class 1 has no features/],
    [
      'bias',
      () =>
        neuralCollapse(
          [
            [1, 1],
            [0, 1],
          ],
          [0, 1],
          { weights: w, bias: [1] },
        ),
      /bias \[1\] must be \[2\]/,
    ],
    ['dimension', () => simplexEtf(3, 2), /simplexEtf: 3 classes in dimension 2/],
    [
      'lengths',
      () => orthogonalFrameDistance(w, [1, -1]),
      /lengths \[1, -1\] must be 2 numbers, none of them negative/,
    ],
    ['one vector', () => simplexEtfDistance([[1]]), /vectors of 1 class\(es\)/],
    ['duality', () => selfDualityDistance(w, [[1, 0]]), /weights \[2, 2\] and means \[1, 2\]/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
