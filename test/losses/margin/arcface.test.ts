import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { allClose, checkDerivatives, numbers, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const cosines = () =>
  c64([
    [0.6, 0.1, -0.2],
    [0.3, -0.5, 0.4],
    [0.2, 0.1, -0.95],
  ]);
const labels = () => c32([0, 2, 2]);
const own = (logits: Tensor) => logits.takeAlongAxis(labels().expandDims(-1)).squeeze(-1);

describe('arcFaceLogits', () => {
  it('adds the margin to the angle, and goes on falling beyond pi', async () => {
    const scale = 8;
    for (const [guard, last] of [
      ['linear', -9.5177021544],
      ['none', -7.867232082],
    ] as const)
      await expectValue(
        () => own(losses.arcFaceLogits(cosines(), labels(), { scale, guard })),
        [1.14407285, -0.7069419151, last],
      );
    // The other classes' cosines are only scaled.
    await expectValue(
      () =>
        losses
          .arcFaceLogits(cosines(), labels(), { scale })
          .at(1)
          .slice([[0, 2]]),
      [2.4, -4],
    );
    // Easy: nothing for cosines of 0 and less.
    await expectValue(
      () => own(losses.arcFaceLogits(cosines(), labels(), { scale, guard: 'easy' })),
      [1.14407285, -0.7069419151, -7.6],
    );
    await expectValue(
      () => losses.crossEntropy(losses.arcFaceLogits(cosines(), labels(), { scale }), labels(), { reduction: 'none' }),
      [0.5727774666, 3.152296771, 11.4888130645],
    );
    await expectValue(
      () => losses.crossEntropy(losses.arcFaceLogits(cosines(), labels(), { scale, guard: 'none' }), labels()),
      [4.5211534501],
    );
  });

  it('has the slope cos m + sin m / tan theta, or that of the cosine straight through', async () => {
    const slope = (gradient: 'analytic' | 'straightThrough') => () =>
      grad((c: Tensor) =>
        losses
          .arcFaceLogits(c, c32([0]), { scale: 1, gradient })
          .at(0)
          .at(0),
      )(c64([[0.6, 0]])).at(0);
    await expectValue(slope('analytic'), [1.2371517158, 0]);
    await expectValue(slope('straightThrough'), [1, 0]);
    for (const [gradient, expected] of [
      ['analytic', -0.0192758432],
      ['straightThrough', -0.0163774221],
    ] as const) {
      const loss = (c: Tensor) =>
        losses.crossEntropy(losses.arcFaceLogits(c, c32([0]), { scale: 32, margin: 0.3, gradient }), c32([0]));
      const at = () => c64([[0.6, 0.1, -0.2]]);
      await expectValue(() => loss(at()), [0.0005119255]);
      await expectValue(() => grad(loss)(at()).at(0).at(0), [expected]);
    }
  });

  it('has the derivatives of its equation, finite where the angle is 0 or pi', async () => {
    await checkDerivatives(
      (c) => losses.arcFaceLogits(c, c32([0, 2]), { scale: 4 }),
      [random64([2, 3], { low: -0.9, high: 0.9 })],
    );
    for (const dtype of ['float32', 'float64'] as const) {
      const run = compile((c: Tensor) => grad((x: Tensor) => losses.arcFaceLogits(x, c32([0, 0])).sum())(c));
      const at = ndarray([1, 0, -1, 0], { shape: [2, 2], dtype });
      expect(
        toNumbers(await run(at))
          .flat()
          .every(Number.isFinite),
      ).toBe(true);
    }
  });
});

describe('combinedMarginLogits', () => {
  it('is ArcFace, CosFace and the like', async () => {
    const scale = 8;
    const difference = (a: Tensor, b: Tensor) => () => a.sub(b).abs().max();
    await expectValue(
      () =>
        difference(
          losses.combinedMarginLogits(cosines(), labels(), { scale }),
          losses.arcFaceLogits(cosines(), labels(), { scale, guard: 'none' }),
        )(),
      [0],
    );
    await expectValue(
      () =>
        difference(
          losses.combinedMarginLogits(cosines(), labels(), { scale, angularMargin: 0, additiveMargin: 0.35 }),
          losses.cosFaceLogits(cosines(), labels(), { scale }),
        )(),
      [0],
    );
    await expectValue(
      () => own(losses.combinedMarginLogits(cosines(), labels(), { scale: 1, angleFactor: 1.35, angularMargin: 0 })),
      [0.6, 0.4, -0.95].map((c) => Math.cos(1.35 * Math.acos(c))),
    );
    await checkDerivatives(
      (c) => losses.combinedMarginLogits(c, c32([0, 2]), { scale: 4, angleFactor: 1.2, additiveMargin: 0.1 }),
      [random64([2, 3], { low: -0.9, high: 0.9 })],
    );
  });
});

describe('arcFace', () => {
  it('does not see lengths, costs more with a larger margin, and without one is the softmax of cosines', async () => {
    const run = compile((x: Tensor, w: Tensor, stretch: Tensor) => {
      const at = (margin: number, a = x, b = w) =>
        losses.arcFace(a, b, c32([0, 2, 1, 1]), { margin, scale: 8, reduction: 'none' });
      return {
        plain: losses.crossEntropy(losses.classCosines(x, w).mul(8), c32([0, 2, 1, 1]), { reduction: 'none' }),
        none: at(0),
        some: at(0.2),
        more: at(0.5),
        stretched: at(0.5, x.mul(stretch), w.mul(stretch)),
      };
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.double({ min: 1e-3, max: 1e3, noNaN: true }), async (stream, stretch) => {
        const x = ndarray(Float64Array.from(numbers(stream, 12, -2, 2)), { shape: [4, 3] });
        const w = ndarray(Float64Array.from(numbers(stream + 1, 9, -2, 2)), { shape: [3, 3] });
        const { plain, none, some, more, stretched } = await run(x, w, ndarray(stretch, { dtype: 'float64' }));
        allClose(none, toNumbers(plain) as number[], 1e-12, 'no margin');
        allClose(stretched, toNumbers(more) as number[], 1e-9, 'stretched');
        for (let i = 0; i < 4; i++) {
          expect(some.data[i]).toBeGreaterThanOrEqual(none.data[i]);
          expect(more.data[i]).toBeGreaterThanOrEqual(some.data[i]);
        }
      }),
      { numRuns: 20 },
    );
    // The published scale and margin.
    await expectValue(
      () =>
        losses.arcFace(
          c64([[1, 0]]),
          c64([
            [0.6, 0.8],
            [0.5, -Math.sqrt(0.75)],
          ]),
          c32([0]),
        ),
      [Math.log1p(Math.exp(64 * (0.5 - Math.cos(Math.acos(0.6) + 0.5))))],
    );
    await checkDerivatives(
      (x, w) => losses.arcFace(x, w, c32([0, 2]), { scale: 4 }),
      [random64([2, 3]), random64([3, 3], { stream: 1 })],
    );
  });

  it('refuses what does not fit', () => {
    expect(() => losses.arcFace(zeros([2, 3]), zeros([4, 2]), c32([0, 0]))).toThrow(
      /arcFace: features \[2, 3\] and weights \[4, 2\]/,
    );
    expect(() => losses.arcFaceLogits(zeros([2, 3]), c32([0]))).toThrow(/arcFaceLogits: labels \[1\] must be \[2\]/);
    expect(() => losses.arcFaceLogits(zeros([2, 3]), c32([0, 0]), { scale: 0 })).toThrow(/scale 0 must be .* above 0/);
    expect(() => losses.arcFaceLogits(zeros([2, 3]), c32([0, 0]), { margin: Math.PI })).toThrow(
      /margin 3.14.* must be a number in \[0, pi\)/,
    );
    expect(() => losses.arcFaceLogits(zeros([2, 3]), c32([0, 0]), { guard: 'hard' as 'easy' })).toThrow(
      /arcFaceLogits: guard hard must be 'linear', 'easy' or 'none'/,
    );
    expect(() => losses.cosFaceLogits(zeros([2, 3]), c32([0, 0]), { gradient: 'none' as 'analytic' })).toThrow(
      /cosFaceLogits: gradient none must be 'analytic' or 'straightThrough'/,
    );
    expect(() => losses.arcFace(constant([[1]], 'int32'), zeros([1, 1]), c32([0]))).toThrow(/features must be float/);
  });
});
