import { describe, expect, it } from 'vitest';
import { compile, grad, item, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { regressionLosses, regressionObjectives } from '../../../src/train/index.js';
import { made, parseChoice } from '../../../src/train/options/choice.js';

const f64 = (values: number[], shape: readonly number[] = [values.length]) =>
  ndarray(values, { shape: [...shape], dtype: 'float64' });
const objective = (text: string) => made(regressionObjectives, parseChoice(text));
const [outputs, targets] = [
  [0.5, -1.2, 3, 0.1],
  [0.25, 0.8, 2, 0.1],
];

describe('objectives of regressions', () => {
  it.each([
    ['huber:delta=0.3', (p: Tensor, y: Tensor) => losses.huber(p, y, { delta: 0.3 })],
    ['smoothL1:beta=0.5', (p: Tensor, y: Tensor) => losses.smoothL1(p, y, { beta: 0.5 })],
    ['balancedL1:alpha=0.4,gamma=1.2', (p: Tensor, y: Tensor) => losses.balancedL1(p, y, { alpha: 0.4, gamma: 1.2 })],
    ['berHu:threshold=0.5', (p: Tensor, y: Tensor) => losses.berHu(p, y, { threshold: 0.5 })],
    ['wing:width=0.7,curvature=0.2', (p: Tensor, y: Tensor) => losses.wing(p, y, { width: 0.7, curvature: 0.2 })],
    ['logCosh', losses.logCosh],
    ['meanAbsoluteError', losses.meanAbsoluteError],
    ['meanSquaredError', losses.meanSquaredError],
    ['quantileLoss', (p: Tensor, y: Tensor) => losses.quantileLoss(p, y)],
    ['quantileLoss:level=0.9', (p: Tensor, y: Tensor) => losses.quantileLoss(p, y, { level: 0.9 })],
  ])('%s is its function with its options, of one output', async (text, expected) => {
    const { outputs: count, scale, loss, forecast } = objective(text);
    expect([count, scale]).toEqual([1, 'standard']);
    const both = compile((o: Tensor, y: Tensor) => [loss(o, y), expected(o.reshape([-1]), y), forecast(o).prediction]);
    const [got, wanted, prediction] = await both(f64(outputs, [4, 1]), f64(targets));
    expect(toNumbers(got)).toEqual(toNumbers(wanted));
    expect(toNumbers(prediction)).toEqual(outputs);
  });

  it('has all losses of errors there are', () => {
    expect(Object.keys(regressionObjectives)).toEqual(expect.arrayContaining(Object.keys(regressionLosses)));
    // Not by the names of others.
    expect(Object.keys(losses)).toEqual(expect.arrayContaining(Object.keys(regressionObjectives)));
  });

  it('of several quantiles has an output for each, in ascending order, and predicts by the one nearest to the median', async () => {
    const { outputs: count, levels, loss, forecast } = objective('quantileLoss:level=[0.9, 0.4, 0.05]');
    expect([count, levels]).toEqual([3, [0.05, 0.4, 0.9]]);
    const run = compile((o: Tensor, y: Tensor) => ({ loss: loss(o, y), ...forecast(o) }));
    const got = await run(f64([-1, 0, 2, 1, 3, 4], [2, 3]), f64([1, 2]));
    const pinball = (error: number, level: number) => Math.max(level * error, (level - 1) * error);
    const expected = [
      [-1, 0, 2].map((q, k) => pinball(1 - q, [0.05, 0.4, 0.9][k])),
      [1, 3, 4].map((q, k) => pinball(2 - q, [0.05, 0.4, 0.9][k])),
    ].flat();
    expect(item(got.loss as NDArray)).toBeCloseTo(expected.reduce((a, b) => a + b) / 6, 12);
    expect(toNumbers(got.prediction as NDArray)).toEqual([0, 3]);
    expect((got.quantiles as NDArray).shape).toEqual([2, 3]);
  });

  it('of one normal distribution is its negative log-likelihood; of several their mean is predicted', async () => {
    const one = objective('gaussianMixtureNegativeLogLikelihood');
    expect(one.outputs).toBe(2);
    const run = compile((o: Tensor, y: Tensor) => ({ loss: one.loss(o, y), ...one.forecast(o) }));
    const got = await run(f64([0.5, 0.2, -1, 2], [2, 2]), f64([1, -0.5]));
    const scales = [0.2, 2].map((x) => Math.log1p(Math.exp(x)) + 0.01);
    const nll = [0.5, 0.5].map(
      (e, i) => 0.5 * (e / scales[i]) ** 2 + Math.log(scales[i]) + 0.5 * Math.log(2 * Math.PI),
    );
    expect(item(got.loss as NDArray)).toBeCloseTo((nll[0] + nll[1]) / 2, 12);
    expect(toNumbers(got.prediction as NDArray)).toEqual([0.5, -1]);

    const two = objective('gaussianMixtureCrps:components=2');
    expect(two.outputs).toBe(6);
    const more = compile((o: Tensor) => two.forecast(o).prediction);
    const weight = 1 / (1 + Math.exp(-1));
    expect(toNumbers(await more(f64([1, 0, 3, -2, 0, 0], [1, 6])))[0]).toBeCloseTo(3 * weight - 2 * (1 - weight), 12);
  });

  it.each(['poissonLoss', 'poissonLoss:logRate=true'])(
    '%s of counts divided by their mean has the gradient of the loss of counts divided by it',
    async (text) => {
      const { scale, loss, forecast } = objective(text);
      expect(scale).toBe('mean');
      const mean = 7;
      const counts = [0, 3, 12, 5];
      const scaled = compile(grad((o: Tensor, y: Tensor) => loss(o, y)));
      const own = compile(grad((o: Tensor, y: Tensor) => losses.poissonLoss(forecast(o).prediction.mul(mean), y)));
      const a = toNumbers(await scaled(f64(outputs, [4, 1]), f64(counts.map((c) => c / mean))));
      const b = toNumbers(await own(f64(outputs, [4, 1]), f64(counts)));
      a.forEach((value, i) => {
        expect(value).toBeCloseTo(b[i] / mean, 12);
      });
    },
  );

  it('refuses levels that are none, and options that are not there', () => {
    const parse = (name: string, options: object) => regressionObjectives[name].schema.safeParse(options).success;
    expect(parse('quantileLoss', { level: 1 })).toBe(false);
    expect(parse('quantileLoss', { level: [] })).toBe(false);
    expect(parse('quantileLoss', { level: [0.1, 0.9] })).toBe(true);
    expect(parse('gaussianMixtureCrps', { components: 0 })).toBe(false);
    expect(parse('huber', { beta: 1 })).toBe(false);
  });
});
