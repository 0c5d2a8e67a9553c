import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { forwardDescent, forwardGradient, projectGradient, randomGuess, sgd } from '../../../src/optim/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, random64 } from '../../support/derivatives.js';

const f64 = (values: number[] | number[][]) => ndarray(values, { dtype: 'float64' });

describe('forwardGradient', () => {
  it('is the projection of the gradient on the guess, or the unbiased product', async () => {
    const loss = (w: Tensor) => w.mul(constant([3, -1, 2]).cast(w.dtype)).sum();
    const got = await compile((w: Tensor, v: Tensor) => ({
      projected: forwardGradient(loss, w, v)[1],
      plain: forwardGradient(loss, w, v, { normalize: false })[1],
    }))(f64([0, 0, 0]), f64([1, 1, 0]));
    allClose(got.projected, [1, 1, 0], 1e-12, 'projection');
    allClose(got.plain, [2, 2, 0], 1e-12, 'product');
  });

  it('has the coefficient of backpropagation, and gives the gradient back when guessed, up to any factor', async () => {
    const x = random64([5, 4], { stream: 1 });
    const loss = (p: { w: Tensor; b: Tensor }, x: Tensor) => x.matmul(p.w).add(p.b).tanh().square().mean();
    const got = await compile((p: { w: Tensor; b: Tensor }, v: { w: Tensor; b: Tensor }, x: Tensor) => {
      const at = (q: typeof p) => loss(q, x);
      const gradient = grad(at)(p);
      const scaled = { w: gradient.w.mul(-3), b: gradient.b.mul(-3) };
      return {
        gradient,
        estimate: forwardGradient(at, p, v)[1],
        projected: projectGradient(gradient, v),
        exact: forwardGradient(at, p, scaled)[1],
        byTensor: projectGradient(gradient, v, { granularity: 'tensor' }),
        v,
      };
    })(
      { w: random64([4, 2], { stream: 2 }), b: random64([2], { stream: 3 }) },
      { w: random64([4, 2], { stream: 4 }), b: random64([2], { stream: 5 }) },
      x,
    );
    for (const name of ['w', 'b'] as const) {
      allClose(got.estimate[name], toNumbers(got.projected[name]), 1e-12, `estimate of ${name}`);
      allClose(got.exact[name], toNumbers(got.gradient[name]), 1e-12, `gradient of ${name}`);
      const [g, v] = [toNumbers(got.gradient[name]), toNumbers(got.v[name])];
      const c = g.reduce((s, e, i) => s + e * v[i], 0) / v.reduce((s, e) => s + e * e, 0);
      allClose(
        got.byTensor[name],
        v.map((e) => c * e),
        1e-12,
        `own coefficient of ${name}`,
      );
    }
  });

  it('projects example by example: by activations and by the weights of a linear layer alike', async () => {
    // Of the card: gradients by activations, the second a guess, and those by the weights, kept apart by example.
    const [x, target, guess] = [
      [
        [1, 2],
        [0, 1],
      ],
      [
        [1, -1],
        [2, 0],
      ],
      [
        [0.5, 0.5],
        [1, 1],
      ],
    ].map(f64);
    const got = await compile((x: Tensor, g: Tensor, v: Tensor) => {
      const byWeights = (d: Tensor) => d.expandDims(2).mul(x.expandDims(1));
      const apart = { granularity: 'example' } as const;
      return {
        activations: projectGradient(g, v, apart),
        weights: projectGradient([byWeights(g)], [byWeights(v)], apart)[0].sum(0),
        plain: projectGradient(g, v, { ...apart, normalize: false }),
        together: projectGradient(byWeights(g).sum(0), byWeights(v).sum(0)),
        vectors: projectGradient(g.at(0), v.at(0), apart),
      };
    })(x, target, guess);
    allClose(got.activations, [0, 0, 1, 1], 1e-12, 'by activations');
    allClose(got.weights, [0, 1, 0, 1], 1e-12, 'by weights');
    allClose(got.plain, [0, 0, 2, 2], 1e-12, 'not normalised');
    allClose(got.together, [0.2352941176, 0.9411764706, 0.2352941176, 0.9411764706], 1e-9, 'of the whole batch');
    // A number an example: its guess is a multiple of it.
    allClose(got.vectors, [1, -1], 1e-12, 'one number an example');
  });

  it('gives zeros along a guess of zeros, and refuses what does not fit', async () => {
    const zero = await compile((w: Tensor) => [
      forwardGradient((p: Tensor) => p.square().sum(), w, w.zerosLike())[1],
      projectGradient(w, w.zerosLike(), { granularity: 'example' }),
    ])(f64([1, -2]));
    expect(zero.flatMap((v) => toNumbers(v).map((e) => e + 0))).toEqual([0, 0, 0, 0]);
    expect(() => projectGradient({ w: constant([1, 2]) }, { w: constant([1]) }, { granularity: 'tensor' })).toThrow(
      /projectGradient: target \[2\] and guess \[1\] of w must have one shape/,
    );
    expect(() => projectGradient(constant(1), constant(2), { granularity: 'example' })).toThrow(
      /target \[\] and guess \[\] must have one shape \[n, \.\.\.\]/,
    );
  });

  it('is unbiased for random guesses, with the variance that the theory gives', async () => {
    const [dimension, draws] = [10, 40_000];
    const g = random64([dimension], { stream: 6 });
    const run = compile((g: Tensor, k: Tensor) => {
      // One draw after the other is one large draw.
      const v = randomGuess(g.expandDims(0).broadcastTo([draws, dimension]).mul(1), k);
      const estimates = v.mul(v.matmul(g).expandDims(1));
      return { mean: estimates.mean(0), error: estimates.sub(g).square().sum(1).mean().div(g.square().sum()) };
    });
    const { mean, error } = await run(g, key(3));
    const norm = Math.hypot(...toNumbers(g));
    // Standard error of the mean: |g| sqrt((D + 1) / draws) over all coordinates.
    const distance = Math.hypot(...toNumbers(mean).map((v, i) => v - toNumbers(g)[i]));
    expect(distance / norm).toBeLessThan(3 * Math.sqrt((dimension + 1) / draws));
    expect(Math.abs(toNumbers(error)[0] - (dimension + 1))).toBeLessThan(0.5);
    const signs = await compile((w: Tensor, k: Tensor) => randomGuess({ w, u: w }, k, 'signs'))(g, key(4));
    expect(new Set(toNumbers(signs.w).map(Math.abs))).toEqual(new Set([1]));
    expect(toNumbers(signs.w)).not.toEqual(toNumbers(signs.u));
  });
});

describe('forwardDescent', () => {
  it('steps along the estimate of the guess of its key, and returns what the objective did', async () => {
    const loss = (w: Tensor) =>
      [
        w
          .square()
          .mul(constant([1, 2, 3]).cast(w.dtype))
          .sum(),
        w.mul(2),
      ] as const;
    const base = sgd({ learningRate: 0.1 });
    const run = compile((w: Tensor, k: Tensor) => {
      const step = forwardDescent(base).step(loss, w, base.init(w), { key: k });
      const [, estimate] = forwardGradient((p: Tensor) => loss(p)[0], w, randomGuess(w, k), {
        normalize: false,
      });
      return { params: step.params, expected: w.sub(estimate.mul(0.1)), value: step.value[0], aux: step.value[1] };
    });
    const got = await run(f64([1, -2, 0.5]), key(4));
    allClose(got.params, toNumbers(got.expected), 1e-12, 'parameters');
    allClose(got.value, [9.75], 1e-12, 'value');
    allClose(got.aux, [2, -4, 1], 1e-12, 'what came with it');
    const other = await run(f64([1, -2, 0.5]), key(5));
    expect(toNumbers(other.params)).not.toEqual(toNumbers(got.params));
  });

  it('asks for a key', async () => {
    const base = sgd({ learningRate: 0.1 });
    const run = compile((w: Tensor) => forwardDescent(base).step((p: Tensor) => p.sum(), w, base.init(w)).params);
    await expect(run(f64([1]))).rejects.toThrow(/forwardDescent: a step needs a key/);
  });
});
