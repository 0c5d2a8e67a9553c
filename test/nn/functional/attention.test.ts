import { describe, expect, it } from 'vitest';
import { compile, constant, grad, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { attention, attentionWeights, joinHeads, splitHeads } from '../../../src/nn/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';

const [query, key, value] = [
  random64([2, 3, 4]),
  random64([2, 3, 4], { stream: 1 }),
  random64([2, 3, 5], { stream: 2 }),
];

describe('attention', () => {
  it('is softmax(q k^T / sqrt(d)) v', async () => {
    const run = compile((q: Tensor, k: Tensor, v: Tensor) => attention(q, k, v));
    const [q, k, v] = [query, key, value].map(toNumbers);
    const expected: number[] = [];
    for (let n = 0; n < 2; n++) {
      for (let i = 0; i < 3; i++) {
        const scores = [0, 1, 2].map((j) =>
          [0, 1, 2, 3].reduce((total, d) => total + q[(n * 3 + i) * 4 + d] * k[(n * 3 + j) * 4 + d], 0),
        );
        const weights = scores.map((score) => Math.exp(score / 2));
        const total = weights.reduce((a, b) => a + b, 0);
        for (let d = 0; d < 5; d++)
          expected.push(weights.reduce((sum, w, j) => sum + (w / total) * v[(n * 3 + j) * 5 + d], 0));
      }
    }
    allClose(await run(query, key, value), expected, 1e-12, 'attention');
  });

  it('has the derivatives of its formula', async () => {
    await checkDerivatives(
      (q, k, v) => attention(q, k, v, { causal: true }),
      [random64([3, 2]), random64([3, 2], { stream: 1 }), random64([3, 2], { stream: 2 })],
    );
  });

  it('with causal, looks at no later key', async () => {
    const run = compile((q: Tensor, k: Tensor) => attentionWeights(q, k, { causal: true }));
    const weights = toNumbers(await run(query, key));
    weights.forEach((weight, at) => {
      const [i, j] = [Math.floor(at / 3) % 3, at % 3];
      if (j > i) expect(weight).toBe(0);
      else expect(weight).toBeGreaterThan(0);
    });
  });

  it('with a mask, is attention over the keys that are left', async () => {
    const run = compile((q: Tensor, k: Tensor, v: Tensor) => {
      const two = (x: Tensor) => x.slice([null, [0, 2], null]);
      const mask = constant([true, true, false]);
      return { masked: attention(q, k, v, { mask }), cut: attention(q, two(k), two(v)) };
    });
    const { masked, cut } = await run(query, key, value);
    allClose(masked, toNumbers(cut), 1e-12, 'masked');
  });

  it('both a mask and causal apply', async () => {
    const run = compile((q: Tensor, k: Tensor) =>
      attentionWeights(q, k, { causal: true, mask: constant([false, true, true]) }),
    );
    const weights = toNumbers(await run(query, key));
    expect(weights.slice(0, 3)).toEqual([0, 0, 0]);
    expect(weights.slice(3, 6)).toEqual([0, 1, 0]);
    expect(weights[6]).toBe(0);
  });

  it('gives zeros, with zero gradients, to a query that may look at nothing', async () => {
    const run = compile((q: Tensor, k: Tensor, v: Tensor) => {
      const fn = (p: Tensor) => attention(p, k, v, { mask: constant(false) });
      return { y: fn(q), gradient: grad((p: Tensor) => fn(p).sum())(q) };
    });
    const { y, gradient } = await run(query, key, value);
    expect(toNumbers(y).every((n) => n === 0)).toBe(true);
    expect(toNumbers(gradient).every((n) => n === 0)).toBe(true);
  });

  it('joins heads as it split them', async () => {
    const run = compile((x: Tensor) => [splitHeads(x, 2), joinHeads(splitHeads(x, 2))]);
    const [heads, joined] = await run(query);
    expect(heads.shape).toEqual([2, 2, 3, 2]);
    expect(toNumbers(joined)).toEqual(toNumbers(query));
  });

  it.each<[string, () => unknown, RegExp]>([
    ['features', () => attention(zeros([3, 4]), zeros([3, 5]), zeros([3, 4])), /query \[3, 4\] and key \[3, 5\]/],
    ['heads', () => splitHeads(zeros([2, 3, 4]), 3), /3 heads do not divide the 4 features of x \[2, 3, 4\]/],
  ])('refuses %s that do not fit', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
