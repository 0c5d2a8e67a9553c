import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { allClose, checkDerivatives, numbers, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

const x = () =>
  c64([
    [1, 0],
    [0, 1],
  ]);
const y = () =>
  c64([
    [0.8, 0.6],
    [-0.6, 0.8],
  ]);

describe('macl', () => {
  it.each([
    [{}, 1.0571746296],
    [{ adaptation: 0 }, 1.0325492317],
    [{ reweight: false }, 0.1104127727],
    [{ adaptation: 0, reweight: false }, 0.0637798398],
    [{ threshold: 0.8 }, 1.0325492317],
    [{ temperature: 0.5, adaptation: 1 }, 1.355099537],
    [{ temperature: 0.5 }, 1.3032585022],
  ] as const)('%j: as by hand', (options, expected) => expectValue(() => losses.macl(x(), y(), options), [expected]));

  it('is NT-Xent without its two changes', async () => {
    const [a, b] = [random64([5, 4]), random64([5, 4], { stream: 1 })];
    const run = compile((p: Tensor, q: Tensor) => [
      losses.macl(p, q, { adaptation: 0, reweight: false, temperature: 0.3, reduction: 'none' }),
      losses.ntXent(p, q, { temperature: 0.3, reduction: 'none' }),
    ]);
    const [own, plain] = await run(a, b);
    allClose(own, toNumbers(plain), 1e-12, 'losses');
  });

  it('has a derivative through the similarities alone: temperature and weights are constant', async () => {
    await expectValue(
      () => grad((p: Tensor) => losses.macl(p, y(), { temperature: 0.5 }))(x()).reshape([4]),
      [0, 0.098820927, 1.1868933254, 0],
    );
    // Equal to the derivative where both are numbers that were measured before.
    const [a, b] = [random64([4, 3]), random64([4, 3], { stream: 1 })];
    const [p, q] = [constant(a), constant(b)];
    const cosines = p.normalize(-1).mul(q.normalize(-1)).sum(1);
    const temperature = losses.modelAwareTemperature(cosines.mean(), { adaptation: 1 });
    const frozen = (z: Tensor) => {
      const plain = (v: Tensor) => losses.ntXent(v, q, { temperature, reduction: 'none' });
      const weights = plain(p).neg().expm1().neg().add(1e-8).reciprocal().stopGradient();
      return plain(z).mul(weights).mean();
    };
    const got = await compile(() => [grad((z: Tensor) => losses.macl(z, q, { adaptation: 1 }))(p), grad(frozen)(p)])();
    allClose(got[0], toNumbers(got[1]), 1e-9, 'gradient');
    await checkDerivatives((z, w) => losses.macl(z, w, { adaptation: 0, reweight: false, temperature: 0.4 }), [a, b]);
  });

  it('pulls every pair by 1 / temperature, however few and easy the negatives are', async () => {
    // Orthogonal pairs: only the positives' cosines move along their partners.
    const pull = (n: number, angle: number) =>
      compile(() => {
        const rows = (t: number) =>
          c64(
            Array.from({ length: n }, (_, i) =>
              Array.from({ length: 2 * n }, (_, j) => (j === 2 * i ? Math.cos(t) : j === 2 * i + 1 ? Math.sin(t) : 0)),
            ),
          );
        const [p, q] = [rows(0), rows(angle)];
        const slope = (options: losses.MaclOptions) =>
          grad((z: Tensor) => losses.macl(z, q, { adaptation: 0, ...options }).mul(2 * n))(p)
            .at(0)
            .at(1);
        return [slope({}), slope({ reweight: false })];
      })();
    for (const [n, angle] of [
      [2, 0.3],
      [2, 1.2],
      [6, 0.7],
    ] as const) {
      const [all, plain] = (await pull(n, angle)).map((slope) => toNumbers(slope)[0]);
      // Both anchors of the pair: -2 / 0.1 times the derivative of the cosine by that coordinate.
      expect(all).toBeCloseTo(-20 * Math.sin(angle), 3);
      const scaling = 1 / (1 + Math.exp(Math.cos(angle) / 0.1) / (2 * n - 2));
      expect(plain).toBeCloseTo(-20 * Math.sin(angle) * scaling, 9);
    }
  });

  it('keeps that pull in float32 where the probability is 1 to a millionth', async () => {
    const slope = compile((p: Tensor, q: Tensor) => grad((z: Tensor) => losses.macl(z, q, { temperature: 0.045 }))(p));
    const of = (dtype: 'float32' | 'float64') =>
      [
        [1, 0, 0, 0, 0, 1, 0, 0],
        [0.999, 0.0447101778, 0, 0, 0, 0.999, 0, 0.0447101778],
      ].map((row) => ndarray(row, { shape: [2, 4], dtype }));
    const precise = toNumbers(await slope(...(of('float64') as [never, never])));
    const single = toNumbers(await slope(...(of('float32') as [never, never])));
    expect(Math.max(...precise.map(Math.abs))).toBeGreaterThan(1);
    single.forEach((g, i) => {
      expect(Math.abs(g - precise[i])).toBeLessThan(1e-3 * Math.max(1, Math.abs(precise[i])));
    });
  });

  it('costs nothing for one item, and does not see lengths, the order of the views or chunks', async () => {
    await expectValue(() => losses.macl(c64([[1, 2]]), c64([[2, 1]])), [0]);
    const run = compile((p: Tensor, q: Tensor) => {
      const of = (options: losses.MaclOptions) => (a: Tensor, b: Tensor) =>
        losses.macl(a, b, { temperature: 0.3, ...options });
      return [of({})(p, q), of({})(q, p), of({})(p.mul(3), q.mul(0.2)), of({ chunk: 3 })(p, q)];
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (stream) => {
        const rows = (k: number) => ndarray(Float64Array.from(numbers(stream + k, 15, -1, 1)), { shape: [5, 3] });
        const [plain, ...others] = await run(rows(0), rows(1));
        for (const other of others) allClose(other, toNumbers(plain), 1e-9, 'the same');
      }),
      { numRuns: 10 },
    );
    const [a, b] = [random64([5, 3]), random64([5, 3], { stream: 1 })];
    const both = await compile((p: Tensor, q: Tensor) =>
      [undefined, 4].map((chunk) => grad((z: Tensor) => losses.macl(z, q, { chunk }))(p)),
    )(a, b);
    allClose(both[1], toNumbers(both[0]), 1e-12, 'gradient in parts');
  });

  it('refuses what does not fit', () => {
    const at = (options: losses.MaclOptions, rows = 2) => losses.macl(zeros([2, 3]), zeros([rows, 3]), options);
    expect(() => at({}, 3)).toThrow(/macl: x \[2, 3\] and y \[3, 3\] must be one shape/);
    expect(() => at({ temperature: 0 })).toThrow(/macl: temperature 0 must be a number above 0/);
    expect(() => at({ adaptation: 2 })).toThrow(/macl: adaptation 2 must be .* at most 1/);
    expect(() => at({ threshold: -1 })).toThrow(/macl: threshold -1 must be/);
  });
});

describe('modelAwareTemperature', () => {
  it('follows the alignment, and stays above 0', async () => {
    const at =
      (alignment: number, options: losses.ModelAwareTemperatureOptions = {}) =>
      () =>
        losses.modelAwareTemperature(c64(alignment), options);
    await expectValue(at(0.8), [0.14]);
    await expectValue(at(-0.5), [0.075]);
    await expectValue(at(0.8, { threshold: 0.8, temperature: 0.2 }), [0.2]);
    await expectValue(at(-1, { adaptation: 1, threshold: 1 }), [1e-4]);
    await expectValue(() => grad((a: Tensor) => losses.modelAwareTemperature(a))(c64(0.3)), [0]);
    expect(() => losses.modelAwareTemperature(zeros([2]))).toThrow(/alignment \[2\] must be a scalar/);
  });
});

describe('gradientScaling', () => {
  it('vanishes where negatives are few and the positive is near', async () => {
    const at = (s: number, k: number) => () =>
      losses.gradientScaling(c64([s]), zeros([1, k], 'float64'), { temperature: 0.1 });
    for (const [s, k, expected] of [
      [0.9, 1, 1.2339e-4],
      [0.9, 256, 0.030625],
      [0.9, 65536, 0.889962],
      [0.5, 1, 0.0066929],
      [0.5, 256, 0.633016],
      [0.5, 65536, 0.997741],
    ])
      await expectValue(at(s, k), [expected], 5);
    await expectValue(at(0.9, 0), [0]);
  });

  it('is what the derivative of the cross-entropy is short of', async () => {
    const [s, others] = [() => c64([0.8]), () => c64([[0.3, 0.1, -0.2]])];
    const loss = (p: Tensor, q: Tensor) => q.concat(p.expandDims(1), 1).div(0.14).logSumExp(1).sub(p.div(0.14)).sum();
    await expectValue(
      () =>
        grad((p: Tensor) => loss(p, others()))(s())
          .mul(-0.14)
          .sub(losses.gradientScaling(s(), others(), { temperature: 0.14 })),
      [0],
    );
    // The weight of that anchor.
    await expectValue(
      () => losses.gradientScaling(s(), others(), { temperature: 0.14 }).reciprocal(),
      [29.055136254],
      6,
    );
    expect(() => losses.gradientScaling(zeros([2]), zeros([3, 1]))).toThrow(/positives \[2\] and negatives \[3, 1\]/);
  });
});
