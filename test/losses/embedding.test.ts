import { describe, expect, it } from 'vitest';
import { compile, grad, type Tensor, toNumbers, zeros } from '../../src/index.js';
import * as losses from '../../src/losses/index.js';
import { checkDerivatives, random64 } from '../support/derivatives.js';
import { c32, c64, expectValue } from '../support/losses.js';

describe('cosineEmbedding', () => {
  it('pulls pairs together and pushes the others apart', async () => {
    const x = () =>
      c64([
        [1, 0],
        [1, 0],
        [1, 0],
        [0, 0],
      ]);
    const y = () =>
      c64([
        [1, 1],
        [1, 1],
        [-1, 0],
        [1, 0],
      ]);
    const half = Math.SQRT1_2;
    await expectValue(
      () => losses.cosineEmbedding(x(), y(), c64([1, -1, -1, 1]), { margin: 0.5, reduction: 'none' }),
      [1 - half, half - 0.5, 0, 1],
    );
    await checkDerivatives(
      (a, b) => losses.cosineEmbedding(a, b, c64([1, -1, 1])),
      [random64([3, 2]), random64([3, 2], { stream: 1 })],
    );
    expect(() => losses.cosineEmbedding(zeros([2, 3]), zeros([2, 3]), zeros([3]))).toThrow(
      /targets \[3\] must have one/,
    );
  });
});

describe('marginRanking', () => {
  it('asks for a lead', async () => {
    await expectValue(
      () => losses.marginRanking(c64([1, 2, 0]), c64([0, 3, 0]), c64([1, 1, -1]), { margin: 0.5, reduction: 'none' }),
      [0, 1.5, 0.5],
    );
  });
});

describe('centerLoss', () => {
  const centers = () =>
    c64([
      [0, 0],
      [3, 4],
    ]);
  const features = () =>
    c64([
      [1, 0],
      [0, 0],
      [2, 0],
    ]);

  it('is half the squared distance to the class', async () => {
    await expectValue(
      () => losses.centerLoss(features(), c32([0, 1, 0]), centers(), { reduction: 'none' }),
      [0.5, 12.5, 2],
    );
    await checkDerivatives((x) => losses.centerLoss(x, c32([0, 1, 0]), centers()), [random64([3, 2])]);
  });

  it('moves the centres of the classes that were seen', async () => {
    // Class 0: (0 - 1) + (0 - 2) = -3 over 1 + 2; class 1 in turn.
    await expectValue(() => losses.updateCenters(centers(), features(), c32([0, 1, 0])), [0.5, 0, 3 - 0.75, 4 - 1]);
    await expectValue(() => losses.updateCenters(centers(), features(), c32([0, 0, 0])).at(1), [3, 4]);
  });
});

describe('sphereFace', () => {
  const psi = (theta: number, m: number) => {
    const k = Math.min(m - 1, Math.floor((theta * m) / Math.PI));
    return (-1) ** k * Math.cos(m * theta) - 2 * k;
  };

  it('multiplies the angle to the right class', async () => {
    for (const margin of [1, 2, 4])
      for (const theta of [0.1, 0.9, 1.7, 2.5, 3.1]) {
        const x = () => c64([[2 * Math.cos(theta), 2 * Math.sin(theta)]]);
        const weights = () =>
          c64([
            [5, 0],
            [0, 1],
          ]);
        const logits = [2 * psi(theta, margin), 2 * Math.sin(theta)];
        const expected = -logits[0] + Math.log(Math.exp(logits[0]) + Math.exp(logits[1]));
        await expectValue(() => losses.sphereFace(x(), weights(), c32([0]), { margin }), [expected], 9);
      }
  });

  it('has the derivatives of its equation', async () => {
    await checkDerivatives(
      (x, w) => losses.sphereFace(x, w, c32([0, 2])),
      [random64([2, 3]), random64([3, 3], { stream: 1 })],
    );
    expect(() => losses.sphereFace(zeros([2, 3]), zeros([4, 2]), c32([0, 0]))).toThrow(
      /features \[2, 3\] and weights \[4, 2\]/,
    );
  });
});

describe('barlowTwins', () => {
  it('is 0 for equal views of independent features, whatever their scale', async () => {
    const x = () =>
      c64([
        [1, 1],
        [-1, 1],
        [1, -1],
        [-1, -1],
      ]);
    await expectValue(() => losses.barlowTwins(x().mul(3).add(2), x()), [0]);
    // Both features the same: each off-diagonal correlation is 1.
    const same = () =>
      c64([
        [1, 1],
        [-1, -1],
      ]);
    await expectValue(() => losses.barlowTwins(same(), same(), { redundancyWeight: 0.1 }), [0.2]);
    await expectValue(() => losses.barlowTwins(x().mul(0), x()), [2]);
    await checkDerivatives((a, b) => losses.barlowTwins(a, b), [random64([4, 2]), random64([4, 2], { stream: 1 })]);
  });
});

describe('simSiam', () => {
  it('is minus the cosine, half each way, and gives projections no gradient', async () => {
    const [p, z] = [() => c64([[1, 0]]), () => c64([[1, 1]])];
    await expectValue(() => losses.simSiam([p(), p()], [p(), z()]), [-(1 + Math.SQRT1_2) / 2]);
    const run = compile((x: Tensor) => grad((y: Tensor) => losses.negativeCosine(x, y))(x.mul(2)));
    expect(toNumbers(await run(random64([2, 3])))).toEqual(Array(6).fill(0));
    await checkDerivatives(
      (x) =>
        losses.negativeCosine(
          x,
          c64([
            [1, 2, 3],
            [0, 1, 0],
          ]),
        ),
      [random64([2, 3])],
    );
  });
});

describe('uncertaintyWeighting', () => {
  it('is least where each variance is its loss', async () => {
    const s = 0.7;
    await expectValue(
      () => losses.uncertaintyWeighting(c64([2]), c64([2 * Math.log(s)])),
      [2 / (2 * s * s) + Math.log(s)],
    );
    await expectValue(
      () => grad((v: Tensor) => losses.uncertaintyWeighting(c64([2, 5]), v))(c64([Math.log(2), Math.log(5)])),
      [0, 0],
    );
    await checkDerivatives((l, v) => losses.uncertaintyWeighting(l, v), [random64([3]), random64([3], { stream: 1 })]);
  });
});
