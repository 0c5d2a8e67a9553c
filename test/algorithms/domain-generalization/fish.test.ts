import { describe, expect, it } from 'vitest';
import { fish, fishStep, gradientInnerProduct, idgmLoss, interpolate } from '../../../src/algorithms/index.js';
import { compile, constant, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { sgd } from '../../../src/optim/index.js';
import { allClose } from '../../support/derivatives.js';

const start = ndarray([2, 1], { dtype: 'float64' });
const weighted = (t: Tensor, centre: number[], weights: number[]) =>
  t.sub(constant(centre).cast(t.dtype)).square().mul(constant(weights).cast(t.dtype)).sum().div(2);
const f1 = (t: Tensor) => weighted(t, [1, 0], [1, 4]);
const f2 = (t: Tensor) => weighted(t, [0, 2], [3, 1]);

const step = (objectives: ((t: Tensor) => Tensor)[], rate: number, learningRate = 0.1) => {
  const inner = sgd({ learningRate });
  return compile((t: Tensor) => fishStep(objectives, t, inner, inner.init(t), { rate }).params)(start);
};

describe('fish', () => {
  it('follows the clone that walked through the domains', async () => {
    allClose(await step([f1, f2], 1), [1.33, 0.74], 1e-12, 'clone');
    allClose(await step([f1, f2], 0.5), [1.665, 0.87], 1e-12, 'half of the way');
    allClose(await step([f1, f2], 0), [2, 1], 0, 'no step');
    allClose(await step([f1], 0.5), [1.95, 0.8], 1e-12, 'one domain');
  });

  it('on average follows the gradients less half the gradient of their product', async () => {
    const [a, b] = [toNumbers(await step([f1, f2], 1)), toNumbers(await step([f2, f1], 1))];
    const direction = a.map((v, i) => (toNumbers(start)[i] - (v + b[i]) / 2) / 0.1);
    allClose(ndarray(direction, { dtype: 'float64' }), [6.55, 3], 1e-12, 'direction');
    const got = await compile((t: Tensor) => ({
      product: gradientInnerProduct([grad(f1)(t), grad(f2)(t)]),
      cosine: gradientInnerProduct([grad(f1)(t), grad(f2)(t)], { normalize: true }),
      itsGradient: grad((u: Tensor) => gradientInnerProduct([grad(f1)(u), grad(f2)(u)]))(t),
      idgm: grad((u: Tensor) => idgmLoss([f1, f2], u, { gamma: 1 }))(t),
      still: gradientInnerProduct([t.zerosLike(), t], { normalize: true }),
    }))(start);
    allClose(got.product, [2], 1e-12, 'inner product');
    allClose(got.cosine, [2 / Math.sqrt(17 * 37)], 1e-12, 'cosine');
    allClose(got.itsGradient, [9, 0], 1e-12, 'its gradient');
    allClose(got.idgm, [-5.5, 1.5], 1e-12, 'gradient of the matching loss');
    expect(toNumbers(got.still)).toEqual([0]);
  });

  it('goes half of the way by default, and averages over pairs of three domains', async () => {
    const inner = sgd({ learningRate: 0.1 });
    const got = await compile((t: Tensor) => {
      // G1 = (1, 4), G2 = (6, -1), G3 = (1, 1): inner products 2, 5 and 5; losses 2.5, 6.5 and 3.
      const f3 = (u: Tensor) => u.sum();
      const domains = [f1, f2, f3];
      const gradients = domains.map((f) => grad(f)(t));
      return {
        step: fishStep([f1, f2], t, inner, inner.init(t)).params,
        product: gradientInnerProduct(gradients),
        idgm: idgmLoss(domains, t, { gamma: 0.5 }),
      };
    })(start);
    allClose(got.step, [1.665, 0.87], 1e-12, 'step');
    allClose(got.product, [4], 1e-12, 'mean inner product');
    allClose(got.idgm, [4 - 0.5 * 4], 1e-12, 'matching loss');
  });

  it('carries the state of the inner optimizer from domain to domain', async () => {
    const inner = sgd({ learningRate: 0.1, momentum: 0.9 });
    const run = compile(
      (t: Tensor) => fishStep([f1, f2], t, inner, inner.init(t), { rate: 1 }) as { params: Tensor; state: unknown },
    );
    const { params, state } = (await run(start)) as { params: NDArray; state: { velocity?: NDArray }[] };
    // v1 = G1 = (1, 4); v2 = 0.9 v1 + G2 at (1.9, 0.6) = (0.9 + 5.7, 3.6 - 1.4).
    allClose(params, [1.9 - 0.66, 0.6 - 0.22], 1e-12, 'clone');
    allClose(state.find((s) => s.velocity)?.velocity as NDArray, [6.6, 2.2], 1e-12, 'velocity');
  });

  it('is a minimizer that asks for its domains', async () => {
    const inner = sgd({ learningRate: 0.1 });
    const minimizer = fish(inner, { rate: 1 });
    const whole = (t: Tensor) => [f1(t).add(f2(t)).div(2), t.mul(3)] as const;
    const run = compile((t: Tensor) => {
      const { params, value } = minimizer.step(whole, t, minimizer.init(t), { domains: () => [f1, f2] });
      return { params, loss: value[0], aux: value[1] };
    });
    const got = await run(start);
    allClose(got.params, [1.33, 0.74], 1e-12, 'clone');
    allClose(got.loss, [(0.5 * (1 + 4) + 0.5 * (12 + 1)) / 2], 1e-12, 'loss before the step');
    allClose(got.aux, [6, 3], 1e-12, 'what came with it');
    const alone = compile((t: Tensor) => minimizer.step(whole, t, minimizer.init(t)).params);
    await expect(alone(start)).rejects.toThrow(/fish: a step needs the losses of its domains/);
  });

  it('interpolates floats and takes over counts', async () => {
    const got = await compile((a: { w: Tensor; n: Tensor }, b: { w: Tensor; n: Tensor }) => interpolate(a, b, 0.25))(
      { w: start, n: ndarray([3], { dtype: 'int32' }) },
      { w: ndarray([6, 5], { dtype: 'float64' }), n: ndarray([7], { dtype: 'int32' }) },
    );
    expect([toNumbers(got.w), toNumbers(got.n)]).toEqual([[3, 2], [7]]);
  });

  it('refuses what has no meaning', () => {
    const t = constant([1, 2]);
    const inner = sgd({ learningRate: 0.1 });
    expect(() => fishStep([], t, inner, [{}])).toThrow(/no domains/);
    expect(() => fishStep([f1], t, inner, [{}], { rate: 2 })).toThrow(/rate 2/);
    expect(() => gradientInnerProduct([t])).toThrow(/1 gradients/);
    expect(() => idgmLoss([f1], t, { gamma: 1 })).toThrow(/idgmLoss: 1 domains; there must be two or more/);
    expect(() => idgmLoss([f1, f2], t, { gamma: -1 })).toThrow(/idgmLoss: gamma -1/);
  });
});
