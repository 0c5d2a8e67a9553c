import { describe, expect, it } from 'vitest';
import { compile, constant, hvp, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { balancedL1, berHu, huber, logCosh, poissonLoss, quantileLoss, wing } from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c64, expectValue, value } from '../../support/losses.js';

const targets = () => c64([1, 2, 3, 5]);
const predictions = () => c64([1.5, 1.8, 3, 2]);
const zero = () => c64([0]);

describe('values', () => {
  it.each<[string, () => Tensor, number]>([
    ['huber', () => huber(predictions(), targets()), 0.66125],
    ['logCosh', () => logCosh(predictions(), targets()), 0.6123277708],
    ['quantileLoss 0.9', () => quantileLoss(predictions(), targets(), { level: 0.9 }), 0.7325],
    ['quantileLoss 0.5', () => quantileLoss(predictions(), targets()), 0.925 / 2],
    ['poissonLoss', () => poissonLoss(predictions(), targets()), -0.0106528017],
    ['poissonLoss of logarithms', () => poissonLoss(predictions().log(), targets(), { logRate: true }), -0.0106528017],
    ['balancedL1 0.5', () => balancedL1(c64([0.5]), zero()), 0.4005675069],
    ['balancedL1 1', () => balancedL1(c64([1]), zero()), 1.0785935447],
    ['balancedL1 2', () => balancedL1(c64([2]), zero()), 2.5785935447],
    ['wing 1', () => wing(c64([1]), zero()), 4.0546510811],
    ['wing 20', () => wing(c64([-20]), zero()), 27.9175946923],
    ['berHu 0.5', () => berHu(c64([0.5]), zero(), { threshold: 1 }), 0.5],
    ['berHu 3', () => berHu(c64([3]), zero(), { threshold: 1 }), 5],
    // c = 0.6, so that 3 costs (9 + 0.36) / 1.2.
    ['berHu of a batch', () => berHu(c64([3, 0.6]), c64([0, 0]), { reduction: 'sum' }), 7.8 + 0.6],
  ])('%s', async (_, loss, expected) => {
    await expectValue(loss, [expected]);
  });
});

describe('derivatives', () => {
  const [x, y] = [random64([3, 4], { low: -3, high: 3 }), random64([3, 4], { stream: 1, low: -3, high: 3 })];
  it.each<[string, (p: Tensor, t: Tensor) => Tensor]>([
    ['logCosh', (p, t) => logCosh(p, t)],
    ['quantileLoss', (p, t) => quantileLoss(p, t, { level: constant([0.1, 0.5, 0.7, 0.9], 'float64') })],
    ['poissonLoss', (p, t) => poissonLoss(p.exp(), t.exp(), { stirling: true })],
    ['poissonLoss, logarithms', (p, t) => poissonLoss(p, t.square(), { logRate: true, reduction: 'none' })],
    ['balancedL1', (p, t) => balancedL1(p, t)],
    ['wing', (p, t) => wing(p, t, { width: 2, curvature: 0.7 })],
    ['berHu', (p, t) => berHu(p, t, { threshold: 0.8 })],
  ])('%s', async (_, loss) => {
    await checkDerivatives(loss, [x, y]);
  });
});

describe('at their limits', () => {
  it('logCosh keeps the digits of small errors in float32, curves as a parabola at 0, and does not overflow', async () => {
    const run = compile((x: Tensor) => [
      logCosh(x, x.zerosLike(), { reduction: 'none' }),
      hvp((p: Tensor) => logCosh(p, p.zerosLike(), { reduction: 'sum' }), x, x.onesLike()),
    ]);
    const [loss, curvature] = (await run(ndarray([1e-4, 0, 1e4]))).map(toNumbers);
    expect(loss[0] / 0.5e-8).toBeCloseTo(1, 5);
    expect(loss[1]).toBe(0);
    expect(loss[2]).toBeCloseTo(1e4 - Math.LN2, 2);
    expect(curvature[0]).toBeCloseTo(1, 5);
    expect(curvature.slice(1)).toEqual([1, 0]);
  });

  it('berHu of no error is 0', async () => {
    expect(await value(() => berHu(zeros([3]), zeros([3])))).toEqual([0]);
  });

  it('the quantile loss is least at the quantile', async () => {
    const sample = Array.from({ length: 99 }, (_, i) => i + 1);
    const cost = async (q: number) =>
      (await value(() => quantileLoss(constant(q, 'float64').broadcastTo([99]), c64(sample), { level: 0.8 })))[0];
    const all = await Promise.all([60, 75, 80, 85, 95].map(cost));
    expect(Math.min(...all)).toBe(all[2]);
  });
});

it('refuses options out of range', () => {
  const x = () => zeros([2]);
  expect(() => quantileLoss(x(), x(), { level: 1.5 })).toThrow(
    /quantileLoss: level 1.5 must be a number at least 0 and at most 1/,
  );
  expect(() => quantileLoss(x(), x(), { level: zeros([3]) })).toThrow(
    /level \[3\] must broadcast to predictions \[2\]/,
  );
  expect(() => wing(x(), x(), { width: 0 })).toThrow(/wing: width 0/);
  expect(() => berHu(x(), x(), { threshold: 0 })).toThrow(/berHu: threshold 0/);
  expect(() => balancedL1(x(), x(), { alpha: -1 })).toThrow(/balancedL1: alpha -1/);
});
