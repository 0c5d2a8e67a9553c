import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { checkDerivatives, numbers, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue, value } from '../../support/losses.js';

const boxLosses: [string, (p: Tensor, t: Tensor, o?: losses.ReductionOptions) => Tensor, number][] = [
  ['iouLoss', losses.iouLoss, 0.8],
  ['generalizedIouLoss', losses.generalizedIouLoss, 0.9666666667],
  ['distanceIouLoss', losses.distanceIouLoss, 0.8769230769],
  ['completeIouLoss', losses.completeIouLoss, 0.8790138557],
];

describe.each(boxLosses)('%s', (name, loss, expected) => {
  it('has the value of its equation, 0 for equal boxes', async () => {
    await expectValue(() => loss(c64([[0, 0, 4, 4]]), c64([[2, 1, 6, 3]])), [expected]);
    await expectValue(() => loss(c64([[1, 2, 4, 5]]), c64([[1, 2, 4, 5]])), [0], 14);
  });

  it('does not change when both boxes are scaled and moved, or exchanged', async () => {
    const run = compile((p: Tensor, t: Tensor) => [loss(p, t), loss(p.mul(7).add(3), t.mul(7).add(3)), loss(t, p)]);
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (stream) => {
        const box = (k: number) => {
          const [x, y, w, h] = numbers(2 * stream + k, 4, 0.1, 3);
          return ndarray(Float64Array.of(x, y, x + w, y + h), { shape: [1, 4] });
        };
        const [plain, scaled, exchanged] = (await run(box(0), box(1))).map((y) => toNumbers(y)[0]);
        expect(scaled).toBeCloseTo(plain, 11);
        expect(exchanged).toBeCloseTo(plain, 11);
        expect(plain).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 20 },
    );
  });

  it('is finite with finite derivatives for empty boxes', async () => {
    const run = compile((p: Tensor, t: Tensor) => [loss(p, t), grad((x: Tensor) => loss(x, t))(p)]);
    const [l, g] = await run(ndarray([[1, 1, 1, 1]]), ndarray([[1, 1, 1, 1]]));
    expect([...toNumbers(l), ...toNumbers(g)].every(Number.isFinite)).toBe(true);
  });

  it('refuses what is not boxes', () => {
    expect(() => loss(zeros([2, 3]), zeros([2, 3]))).toThrow(
      new RegExp(`${name}: predictions float32\\[2, 3\\] must be float`),
    );
    expect(() => loss(zeros([2, 4]), zeros([3, 4]))).toThrow(/must have one shape/);
  });
});

it('box losses have the derivatives of their equations', async () => {
  const offset = () =>
    c64([
      [0, 0, 3, 4],
      [1, 0, 2, 5],
      [5, 5, 6, 8],
    ]);
  const target = () =>
    c64([
      [1, 0.5, 3.5, 3],
      [0, 1, 3, 4],
      [0, 0, 1, 2],
    ]);
  for (const loss of [losses.iouLoss, losses.generalizedIouLoss, losses.distanceIouLoss])
    await checkDerivatives(
      (p, t) => loss(p.mul(0.3).add(offset()), t.mul(0.3).add(target())),
      [random64([3, 4]), random64([3, 4], { stream: 1 })],
    );
});

it('boxes that do not touch have a gradient, but of the plain loss', async () => {
  const gradient = (loss: (p: Tensor, t: Tensor) => Tensor) =>
    value(() => grad((p: Tensor) => loss(p, c64([[3, 3, 4, 5]])))(c64([[0, 0, 1, 1]])));
  expect(await gradient(losses.iouLoss)).toEqual([0, 0, 0, 0]);
  for (const loss of [losses.generalizedIouLoss, losses.distanceIouLoss, losses.completeIouLoss])
    expect(Math.max(...(await gradient(loss)).map(Math.abs))).toBeGreaterThan(0.01);
});

it('boxIou broadcasts to all pairs', async () => {
  const boxes = () =>
    c64([
      [0, 0, 4, 4],
      [2, 1, 6, 3],
    ]);
  await expectValue(() => losses.boxIou(boxes().expandDims(1), boxes().expandDims(0)), [1, 0.2, 0.2, 1]);
});

describe('yoloLoss', () => {
  const predictions = (boxes: Tensor) => ({
    boxes,
    confidence: c64([[0.8, 0.3]]),
    logits: c64([
      [
        [1, 0],
        [5, 5],
      ],
    ]),
  });
  const targets = () => ({
    boxes: c64([
      [
        [0.5, 0.5, 1, 1],
        [9, 9, 9, 9],
      ],
    ]),
    confidence: c64([[1, 7]]),
    labels: c32([[0, 1]]),
    responsible: constant([[true, false]]),
  });
  const boxes = () =>
    c64([
      [
        [0.4, 0.6, 1.2, 1],
        [0, 0, 0, 0],
      ],
    ]);

  it('adds what responsible boxes and empty ones cost', async () => {
    const expected = 5 * (0.01 + 0.01 + 0.04) + 0.04 + Math.log1p(Math.exp(-1)) + 0.5 * 0.09;
    await expectValue(() => losses.yoloLoss(predictions(boxes()), targets()), [expected]);
  });

  it('has the derivatives of its equation and refuses other shapes', async () => {
    await checkDerivatives((x) => losses.yoloLoss(predictions(x), targets()), [random64([1, 2, 4])]);
    expect(() => losses.yoloLoss(predictions(zeros([1, 3, 4])), targets())).toThrow(/yoloLoss: boxes/);
  });
});
