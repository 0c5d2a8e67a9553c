import { describe, expect, it } from 'vitest';
import { compile, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { Context, dropout, dropoutWithKey } from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';

const ones = ndarray(new Float32Array(20_000).fill(1));

describe('dropout', () => {
  it('drops the given share and scales what is left, so that the mean stays', async () => {
    const run = compile((x: Tensor, k: Tensor) => dropoutWithKey(x, k, 0.3));
    const y = toNumbers(await run(ones, key(0)));
    const kept = y.filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / Math.fround(0.7))]));
    // Five standard errors of a binomial share.
    expect(Math.abs(kept.length / y.length - 0.7)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / y.length));
  });

  it('as a layer draws in training only, anew for each layer', async () => {
    const layer = dropout(0.5);
    const run = compile((x: Tensor, k: Tensor) => {
      const context = new Context({ training: true, key: k });
      return {
        first: layer.apply({}, x, context),
        second: layer.apply({}, x, context),
        evaluated: layer.apply({}, x, new Context()),
      };
    });
    const { first, second, evaluated } = await run(ones, key(1));
    expect(evaluated.data).toEqual(ones.data);
    const both = toNumbers(first).filter((value, i) => value !== 0 && second.data[i] !== 0).length;
    expect(Math.abs(both / ones.data.length - 0.25)).toBeLessThan(5 * Math.sqrt(0.1875 / ones.data.length));
  });

  it('with probability 0 draws nothing, so needs no key', () => {
    const x = zeros([3]);
    expect(dropout(0).apply({}, x, new Context({ training: true }))).toBe(x);
  });

  it('refuses what is no probability', () => {
    for (const probability of [-0.1, 1, Number.NaN])
      expect(() => dropout(probability)).toThrow(/probability .* must lie in \[0, 1\)/);
  });
});
