import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, hessian, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import {
  adversarialPerturbation,
  type Classifier,
  conditionalEntropy,
  crossEntropy,
  perturbationAlong,
  predictionChange,
  virtualAdversarialLoss,
  virtualAdversarialPerturbation,
} from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { type GoldenArray, golden } from '../../support/golden.js';

const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });
const rows = f64([
  [1, 0.5],
  [-0.5, 1],
  [0.2, -0.8],
]);
const linear: Classifier = (x) => x.matmul(constant(rows).transpose()).add(constant([0.1, 0, -0.1], 'float64'));
const x = f64([[0.3, -0.2]]);

const { virtualAdversarial } = golden<{
  virtualAdversarial: {
    step: number;
    iterations: number;
    radius: number;
    perturbation: GoldenArray;
    loss: number;
    gradients: [GoldenArray, GoldenArray];
  }[];
}>('regularizers');

describe('predictionChange', () => {
  const change = compile((p: Tensor, r: Tensor) => predictionChange(linear, p, r));

  it('has the values of the card along the direction of largest curvature', async () => {
    const top = [-0.069520333, 0.9975805347];
    const [plus] = toNumbers(await change(x, f64([top.map((v) => 0.5 * v)])));
    const [minus] = toNumbers(await change(x, f64([top.map((v) => -0.5 * v)])));
    close(plus, 0.0633116221, 1e-9, 'plus');
    close(minus, 0.0676962241, 1e-9, 'minus');
  });

  it('is flat at 0, with the Fisher information as its Hessian', async () => {
    const at = (r: Tensor) => predictionChange(linear, constant(x), r);
    const got = await compile((r: Tensor) => ({ g: grad(at)(r), h: hessian(at)(r) as Tensor }))(f64([[0, 0]]));
    allClose(got.g, [0, 0], 1e-15, 'gradient');
    allClose(got.h, [0.3460250685, -0.0130063364, -0.0130063364, 0.5317528168], 1e-10, 'Hessian');
  });

  it('holds the clean prediction fixed, and is right in its derivatives by perturbation and weights', async () => {
    const perturbation = random64([3, 4], { stream: 30 });
    const reference = random64([4, 3], { stream: 31 });
    // The derivative by the weights of the perturbed side alone: the clean side is a model of constants.
    const fixed = constant(reference).mul(1);
    await checkDerivatives(
      (r, w) => {
        let calls = 0;
        const model: Classifier = (p) => p.matmul(calls++ === 0 ? fixed : w).tanh();
        return predictionChange(model, constant(random64([3, 4], { stream: 32 })), r, { reduction: 'none' });
      },
      [perturbation, reference],
    );
    const both = await compile((w: Tensor, r: Tensor) => {
      const at = (clean: Tensor, moved: Tensor) => {
        let calls = 0;
        const model: Classifier = (p) => p.matmul(calls++ === 0 ? clean : moved).tanh();
        return predictionChange(model, r.mul(0.5), r);
      };
      return [grad((v: Tensor) => at(v, v))(w), grad((v: Tensor) => at(w, v))(w)];
    })(reference, perturbation);
    expect(toNumbers(both[0])).toEqual(toNumbers(both[1]));
  });
});

describe('virtualAdversarialPerturbation', () => {
  const from = (start: number[][], options: object = {}) =>
    compile((p: Tensor, d: Tensor) => virtualAdversarialPerturbation(linear, p, d, { radius: 0.5, ...options }))(
      x,
      f64(start),
    );

  it('takes the steps of the card', async () => {
    allClose(await from([[1, 0]], { differenceStep: 1e-3 }), [0.499652, -0.0186437], 1e-6, 'K = 1');
    const five = await from([[1, 0]], { differenceStep: 1e-3, powerIterations: 5 });
    allClose(five, [0.4445521, -0.2288519], 1e-5, 'K = 5');
  });

  it('ends at the eigenvector of the largest eigenvalue; finite steps tend to the exact ones', async () => {
    const exact = await from([[1, 0]], { differenceStep: 0, powerIterations: 60 });
    const sign = Math.sign(Number(exact.data[1]));
    allClose(exact, [-0.5 * sign * 0.069520333, 0.5 * sign * 0.9975805347], 1e-6, 'direction');
    const once = toNumbers(await from([[0.4, 1]], { differenceStep: 0 }));
    allClose(await from([[0.4, 1]]), once, 1e-6, 'default step');
  });

  it('has length radius, and follows the sign of its start', async () => {
    const r = toNumbers(await from([[0.3, -0.9]]));
    close(Math.hypot(...r), 0.5, 1e-6, 'length');
    allClose(
      await from([[-0.3, 0.9]], { differenceStep: 0 }),
      toNumbers(await from([[0.3, -0.9]], { differenceStep: 0 })).map((v) => -v),
      1e-12,
      'sign',
    );
  });

  it('needs one step for two classes: along the difference of their weights', async () => {
    const w = random64([3, 2], { stream: 33 });
    const start = random64([4, 3], { stream: 34 });
    const r = await compile((p: Tensor, d: Tensor) =>
      virtualAdversarialPerturbation((v) => v.matmul(constant(w)), p, d, { radius: 2 }),
    )(random64([4, 3], { stream: 35 }), start);
    const difference = [0, 1, 2].map((i) => Number(w.data[2 * i + 1]) - Number(w.data[2 * i]));
    const length = Math.hypot(...difference);
    for (let n = 0; n < 4; n++) {
      const row = toNumbers(r).slice(3 * n, 3 * n + 3);
      const cosine = row.reduce((total, v, i) => total + v * difference[i], 0) / (2 * length);
      close(Math.abs(cosine), 1, 1e-5, `sample ${n}`);
    }
  });

  it('is 0 where nothing changes the prediction', async () => {
    const constantModel: Classifier = (p) => p.mul(0).matmul(constant(random64([2, 3], { stream: 36 })));
    const got = await compile((p: Tensor, k: Tensor) => ({
      r: virtualAdversarialPerturbation(constantModel, p, p.add(1), { radius: 3 }),
      loss: virtualAdversarialLoss(constantModel, p, k, { radius: 3 }),
    }))(x, key(0));
    expect([...toNumbers(got.r), ...toNumbers(got.loss)].map((v) => v + 0)).toEqual([0, 0, 0]);
  });

  it.each(virtualAdversarial.map((c) => [`${c.iterations} steps of ${c.step}`, c] as const))(
    'agrees with PyTorch through a network: %s',
    async (_, c) => {
      const network = (a: Tensor, b: Tensor) => (p: Tensor) => p.matmul(a).tanh().matmul(b);
      const options = { radius: c.radius, powerIterations: c.iterations, differenceStep: c.step };
      const got = await compile((a: Tensor, b: Tensor, p: Tensor, d: Tensor) => {
        const loss = (weights: readonly [Tensor, Tensor]) => {
          const model = network(...weights);
          return predictionChange(model, p, virtualAdversarialPerturbation(model, p, d, options));
        };
        return {
          r: virtualAdversarialPerturbation(network(a, b), p, d, options),
          loss: loss([a, b]),
          gradients: grad(loss)([a, b]),
        };
      })(
        random64([4, 6], { stream: 301, low: -2, high: 2 }),
        random64([6, 3], { stream: 302, low: -2, high: 2 }),
        random64([5, 4], { stream: 303 }),
        random64([5, 4], { stream: 304 }),
      );
      // A gradient at a distance of 1e-4 is a difference of probabilities that agree in four digits and more.
      const tolerance = 1e-9;
      allClose(got.r, c.perturbation.data, tolerance, 'perturbation');
      allClose(got.loss, [c.loss], tolerance, 'loss');
      got.gradients.forEach((g, i) => allClose(g, c.gradients[i].data, tolerance, `gradient ${i}`));
    },
  );

  it('is worse than perturbations at random', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const w = random64([6, 4], { stream: seed, low: -2, high: 2 });
        const model: Classifier = (p) => p.matmul(constant(w));
        const d = random64([5, 6], { stream: seed + 1 });
        const got = await compile((p: Tensor, start: Tensor) => {
          const options = { radius: 0.01, powerIterations: 8, differenceStep: 0 };
          return [
            predictionChange(model, p, virtualAdversarialPerturbation(model, p, start, options)),
            predictionChange(model, p, perturbationAlong(start, options)),
          ];
        })(random64([5, 6], { stream: seed + 2 }), d);
        expect(toNumbers(got[0])[0]).toBeGreaterThan(toNumbers(got[1])[0]);
      }),
      { numRuns: 10 },
    );
  });

  it('works in float32, sample by sample', async () => {
    const p = ndarray([
      [0.3, -0.2],
      [1, 2],
    ]);
    const model: Classifier = (v) =>
      v.matmul(
        constant([
          [1, -0.5, 0.2],
          [0.5, 1, -0.8],
        ]),
      );
    const got = await compile((v: Tensor, k: Tensor) =>
      virtualAdversarialLoss(model, v, k, { radius: 0.5, reduction: 'none' }),
    )(p, key(1));
    expect(got.shape).toEqual([2]);
    for (const loss of toNumbers(got)) expect(loss).toBeGreaterThan(0);
  });
});

describe('adversarialPerturbation', () => {
  it('goes up the gradient of the loss, in either norm', async () => {
    const labels = () => constant([1], 'int32');
    const loss = (p: Tensor) => crossEntropy(linear(p), labels());
    const got = await compile((p: Tensor) => ({
      two: adversarialPerturbation(loss, p, { radius: 0.1 }),
      most: adversarialPerturbation(loss, p, { radius: 0.1, norm: Infinity }),
      gradient: grad(loss)(p),
    }))(x);
    const gradient = toNumbers(got.gradient);
    const length = Math.hypot(...gradient);
    allClose(
      got.two,
      gradient.map((g) => (0.1 * g) / length),
      1e-6,
      '2-norm',
    );
    allClose(
      got.most,
      gradient.map((g) => 0.1 * Math.sign(g)),
      1e-15,
      'infinity norm',
    );
  });

  it('is a constant for derivatives', async () => {
    const slopes = await compile((p: Tensor) => {
      const r = (v: Tensor) => adversarialPerturbation((u) => u.pow(3).sum(), v, { radius: 1 }).sum();
      return grad(r)(p);
    })(f64([[0.3, 0.4]]));
    expect(toNumbers(slopes)).toEqual([0, 0]);
  });
});

describe('conditionalEntropy', () => {
  it('is log k where nothing is known, 0 where all is', async () => {
    const value = compile((z: Tensor) => conditionalEntropy(z, { reduction: 'none' }));
    allClose(
      await value(
        f64([
          [5, 5, 5, 5],
          [1e4, 0, 0, -1e4],
        ]),
      ),
      [Math.log(4), 0],
      1e-14,
      'entropy',
    );
    await checkDerivatives((z) => conditionalEntropy(z), [random64([3, 4, 2], { stream: 37, low: -2, high: 2 })]);
  });
});

describe('errors', () => {
  const p = () => constant(x);
  it.each<[string, () => unknown, RegExp]>([
    ['radius', () => perturbationAlong(p(), { radius: -1 }), /radius -1 must not be negative/],
    ['x', () => perturbationAlong(constant([1, 2]), { radius: 1 }), /x \[2\] must be \[n, ...\]/],
    ['norm', () => adversarialPerturbation(linear, p(), { radius: 1, norm: 1 as 2 }), /norm 1 must be 2 or Infinity/],
    [
      'steps',
      () => virtualAdversarialPerturbation(linear, p(), p(), { radius: 1, powerIterations: 0 }),
      /powerIterations 0/,
    ],
    [
      'step',
      () => virtualAdversarialPerturbation(linear, p(), p(), { radius: 1, differenceStep: -1 }),
      /differenceStep -1/,
    ],
    [
      'start',
      () => virtualAdversarialPerturbation(linear, p(), constant([[1, 2]]), { radius: 1 }),
      /start float32\[1, 2\] must be as x float64/,
    ],
    ['logits', () => predictionChange((v) => v.sum(1), p(), p()), /logits \[1\] must be \[n, classes\]/],
    [
      'perturbation',
      () => predictionChange(linear, p(), constant([1])),
      /perturbation \[1\] must have the shape of x \[1, 2\]/,
    ],
    ['entropy', () => conditionalEntropy(constant([1])), /logits \[1\] must be/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
