import { describe, expect, it } from 'vitest';
import { compile, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import * as random from '../../../src/runtime/random/index.js';
import {
  bernoulli,
  categorical,
  foldIn,
  key,
  normal,
  permutation,
  split,
  uniform,
} from '../../../src/runtime/random/index.js';

describe('in compiled functions', () => {
  it('a symbolic key draws the numbers of the concrete one', async () => {
    const f = compile((k: Tensor, step: Tensor) => {
      const [a, b] = split(k);
      return {
        u: uniform(a, [4]).neg(),
        m: bernoulli(foldIn(b, 3), [8], { probability: 0.4 }),
        p: permutation(foldIn(k, step), 5),
        z: normal(k, [3], { dtype: 'float64' }),
      };
    });
    const k = key(99);
    const got = await f(k, ndarray(Int32Array.of(12), { shape: [] }));
    const [a, b] = split(k);
    expect(toNumbers(got.u)).toEqual(toNumbers(uniform(a, [4])).map((x) => -x));
    expect(toNumbers(got.m)).toEqual(toNumbers(bernoulli(foldIn(b, 3), [8], { probability: 0.4 })));
    expect(toNumbers(got.p)).toEqual(toNumbers(permutation(foldIn(k, 12), 5)));
    expect(toNumbers(got.z)).toEqual(toNumbers(normal(k, [3], { dtype: 'float64' })));
    expect(f.stats()[0].sessions).toBe(1);
  });

  it('classes are those of concrete arguments', async () => {
    const f = compile((k: Tensor, logits: Tensor) => categorical(k, logits, { shape: [2000, 4] }));
    const k = key(4);
    const logits = normal(key(5), [4, 10]);
    const concrete = categorical(k, logits, { shape: [2000, 4] });
    const got = await f(k, logits);
    expect(got.dtype).toBe(concrete.dtype);
    expect(got.shape).toEqual(concrete.shape);
    expect(toNumbers(got)).toEqual(toNumbers(concrete));
  });

  it('bad symbolic arguments are refused while tracing', async () => {
    const step = ndarray([1, 2]);
    await expect(compile((k: Tensor, s: Tensor) => foldIn(k, s))(key(0), step)).rejects.toThrow(
      /foldIn: data must be an integer/,
    );
    await expect(compile((k: Tensor) => foldIn(k, 0.5))(key(0))).rejects.toThrow(/foldIn: data 0.5/);
    await expect(compile((s: Tensor) => uniform(s, [2]))(step)).rejects.toThrow(/uniform: key must be int32 \[2\]/);
  });
});

/** FNV-1a of an array's bytes. */
function fingerprint({ buffer }: { buffer: ArrayBufferLike }): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(buffer)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

describe('streams', () => {
  // A changed fingerprint changes every experiment anyone has seeded.
  it('are the same bits on every machine and in every version', () => {
    const k = foldIn(split(key(2024), 3)[1], 5);
    const m = [1000];
    const float64 = { dtype: 'float64' } as const;
    expect({
      uniform: fingerprint(random.uniform(k, m, { low: -1, high: 3 }).data),
      uniform64: fingerprint(random.uniform(k, m, float64).data),
      normal: fingerprint(random.normal(k, m).data),
      normal64: fingerprint(random.normal(k, m, float64).data),
      truncatedNormal: fingerprint(random.truncatedNormal(k, m, float64).data),
      bernoulli: fingerprint(random.bernoulli(k, m).data),
      randint: fingerprint(random.randint(k, m, { high: 1000 }).data),
      permutation: fingerprint(random.permutation(k, 1000).data),
      exponential: fingerprint(random.exponential(k, m, float64).data),
      gumbel: fingerprint(random.gumbel(k, m, float64).data),
      gamma: fingerprint(random.gamma(k, m, { concentration: 0.1, ...float64 }).data),
      beta: fingerprint(random.beta(k, m, { alpha: 0.1, beta: 2, ...float64 }).data),
      dirichlet: fingerprint(random.dirichlet(k, m, { concentration: [1, 2], ...float64 }).data),
    }).toEqual({
      bernoulli: 'b9b17fc1',
      beta: '3c95f55b',
      dirichlet: 'ac31e717',
      exponential: '08893611',
      gamma: '32ec474a',
      gumbel: '8bf0b6e4',
      normal: 'a6505e0d',
      normal64: '6bca4056',
      permutation: '857b2c75',
      randint: 'e45a34a5',
      truncatedNormal: '1f1d220a',
      uniform: '3fe05ddf',
      uniform64: '70e0a699',
    });
  });
});
