import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alignment,
  cka,
  deconfound,
  deconfoundedCka,
  deconfoundedRsa,
  hsic,
  layerSimilarity,
  normalizedGram,
  pairDistances,
  rankCorrelation,
  rsa,
} from '../../../src/diagnostics/index.js';
import {
  compile,
  constant,
  eigh,
  grad,
  type NDArray,
  ndarray,
  qr,
  type Tensor,
  toNumbers,
  trace,
} from '../../../src/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });
const inputs = f64([
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
  [3, 2],
]);
const first = f64([
  [1, 2],
  [0, 1],
  [3, -1],
  [2, 0],
  [4, 5],
]);
const second = f64([
  [0, 1, 1],
  [1, 0, 2],
  [2, 1, 0],
  [0, 3, 1],
  [5, 4, 3],
]);
const deconfounded = compile((a: Tensor, b: Tensor, x: Tensor) => deconfoundedCka(a, b, x));

interface Differentiated {
  output: number;
  gradients: GoldenArray[];
}
const reference = golden<{
  cka: Differentiated;
  deconfoundedCka: Differentiated;
  twoConfounders: GoldenArray;
  rsa: number;
  deconfoundedRsa: number;
  ties: { x: GoldenArray; output: number };
}>('similarity');
const [left, right, given] = [
  random64([9, 4], { stream: 401 }),
  random64([9, 3, 2], { stream: 402 }),
  random64([9, 5], { stream: 403 }),
];

describe('CKA', () => {
  it('has the values of the card', async () => {
    const got = await deconfounded(first, second, inputs);
    allClose(await compile((a: Tensor, b: Tensor) => cka(a, b))(first, second), [0.7781806977], 1e-9, 'CKA');
    allClose(got.value, [0.491395738], 1e-9, 'dCKA');
    allClose(got.slopes[0], [0.6091650911], 1e-9, 'first slope');
    allClose(got.slopes[1], [0.777350021], 1e-9, 'second slope');
    allClose(got.explained[0], [0.4812132981], 1e-9, 'explained of the first');
    allClose(got.explained[1], [0.8240577664], 1e-9, 'explained of the second');
    const positive = compile((a: Tensor, b: Tensor, x: Tensor) => deconfoundedCka(a, b, x, { positive: true }).value);
    allClose(await positive(first, second, inputs), [0.4185032748], 1e-9, 'dCKA of positive parts');
    const [values] = await compile((a: Tensor, x: Tensor) =>
      eigh(deconfound(normalizedGram(a), [normalizedGram(x)]).residual),
    )(first, inputs);
    close(
      toNumbers(values).reduce((s, v) => s + v),
      0.3908349089,
      1e-9,
      'sum of eigenvalues',
    );
    close(Math.min(...toNumbers(values)), -0.2473090123, 1e-9, 'a negative one');
  });

  it('does not change under rotation, scale and shift; is symmetric, and 1 for equals', async () => {
    const run = compile((a: Tensor, b: Tensor, x: Tensor, basis: Tensor) => {
      const [q] = qr(basis);
      const moved = b.matmul(q).mul(2).add(1);
      return [
        deconfoundedCka(a, b, x).value,
        deconfoundedCka(a, moved, x).value,
        deconfoundedCka(b, a, x).value,
        deconfoundedCka(a, a, x).value,
        cka(a, b).sub(cka(a, moved)),
        cka(a, b),
      ];
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const [plain, moved, swapped, same, change, full] = (
          await run(
            random64([8, 3], { stream: seed }),
            random64([8, 4], { stream: seed + 1 }),
            random64([8, 5], { stream: seed + 2 }),
            random64([4, 4], { stream: seed + 3 }),
          )
        ).map((v) => toNumbers(v)[0]);
        close(moved, plain, 1e-10, 'moved');
        close(swapped, plain, 1e-13, 'swapped');
        close(same, 1, 1e-12, 'with itself');
        close(change, 0, 1e-12, 'CKA, moved');
        expect(Math.abs(plain)).toBeLessThanOrEqual(1);
        expect(full >= 0 && full <= 1).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it.each(['cka', 'deconfoundedCka'] as const)('agrees with PyTorch: %s', async (name) => {
    const fn = (a: Tensor, b: Tensor, x: Tensor) => (name === 'cka' ? cka(a, b) : deconfoundedCka(a, b, x).value);
    const got = await compile((a: Tensor, b: Tensor, x: Tensor) => ({
      output: fn(a, b, x),
      gradients: grad((all: readonly [Tensor, Tensor, Tensor]) => fn(...all))([a, b, x]),
    }))(left, right, given);
    allClose(got.output, [reference[name].output], 1e-12, 'value');
    got.gradients.forEach((g, i) => allClose(g, reference[name].gradients[i].data, 1e-12, `gradient ${i}`));
  });

  it('takes several confounders, and one twice for one', async () => {
    const got = await compile((a: Tensor, x: Tensor, other: Tensor) => {
      const [y, k, l] = [a, x, other].map(normalizedGram);
      return {
        two: deconfound(y, [k, l]).residual,
        twice: deconfound(y, [k, k]),
        once: deconfound(y, [k]),
      };
    })(left, given, random64([9, 2], { stream: 404 }));
    allClose(got.two, reference.twoConfounders.data, 1e-12, 'two');
    allClose(got.twice.residual, toNumbers(got.once.residual), 1e-12, 'twice');
    const [slope] = toNumbers(got.once.slopes);
    allClose(got.twice.slopes, [slope / 2, slope / 2], 1e-12, 'slopes');
  });

  it('is 0, not NaN, for what is constant, and for what the inputs explain', async () => {
    const same = f64([
      [7.1, 7.3],
      [7.1, 7.3],
      [7.1, 7.3],
      [7.1, 7.3],
      [7.1, 7.3],
    ]);
    expect(toNumbers((await deconfounded(same, second, inputs)).value)).toEqual([0]);
    expect(toNumbers(await compile((a: Tensor, b: Tensor) => cka(a, b))(same, second))).toEqual([0]);
    const copy = await deconfounded(
      { ...inputs, data: (inputs.data as Float64Array).map((v) => 3 * v + 0.1) },
      second,
      inputs,
    );
    expect(toNumbers(copy.value)).toEqual([0]);
    allClose(copy.explained[0], [1], 1e-12, 'explained');
    const gradient = await compile((a: Tensor, b: Tensor) => grad((p: Tensor) => cka(p, b))(a))(same, second);
    expect(toNumbers(gradient).every(Number.isFinite)).toBe(true);
  });

  it('is right in its derivatives, its parts too', async () => {
    const [a, b, x] = [
      random64([5, 3], { stream: 50 }),
      random64([5, 2], { stream: 51 }),
      random64([5, 2], { stream: 52 }),
    ];
    await checkDerivatives((p, q) => cka(p, q), [a, b]);
    await checkDerivatives((p, q, r) => deconfoundedCka(p, q, r).value, [a, b, x]);
    await checkDerivatives(
      (k, l) => alignment(k, l),
      [random64([4, 4], { stream: 53 }), random64([4, 4], { stream: 54 })],
    );
    await checkDerivatives((k, l) => hsic(k, l), [random64([4, 4], { stream: 53 }), random64([4, 4], { stream: 54 })]);
  });

  it('has Gram matrices of trace 1 that sum to 0', async () => {
    const got = await compile((a: Tensor) => ({ t: trace(normalizedGram(a)), s: normalizedGram(a).sum(0) }))(right);
    allClose(got.t, [1], 1e-14, 'trace');
    allClose(got.s, new Array(9).fill(0), 1e-15, 'sums');
  });
});

describe('RSA', () => {
  const analysis = compile((a: Tensor, b: Tensor, x: Tensor) => ({
    plain: rsa(a, b),
    deconfounded: deconfoundedRsa(a, b, x).value,
    distances: pairDistances(a),
  }));

  it('has the values of the card', async () => {
    const got = await analysis(first, second, inputs);
    allClose(got.plain, [0.709509982], 1e-9, 'RSA');
    allClose(got.deconfounded, [0.3951386034], 1e-9, 'dRSA');
    allClose(got.distances, [2, 13, 5, 18, 13, 5, 32, 2, 37, 29].map(Math.sqrt), 1e-14, 'distances');
  });

  it('agrees with SciPy', async () => {
    const got = await analysis(left, right, given);
    allClose(got.plain, [reference.rsa], 1e-13, 'RSA');
    allClose(got.deconfounded, [reference.deconfoundedRsa], 1e-13, 'dRSA');
    const ties = await compile((a: Tensor, b: Tensor) => rankCorrelation(a, b.reshape([36]).slice([[0, 9]])))(
      fromGolden(reference.ties.x),
      left,
    );
    allClose(ties, [reference.ties.output], 1e-13, 'ties');
  });

  it('sees order alone, and is 0 where there is none', async () => {
    const rank = compile((a: Tensor, b: Tensor) => rankCorrelation(a, b));
    expect(toNumbers(await rank(f64([1, 5, 2]), f64([-1, 9, 0])))).toEqual([1]);
    expect(toNumbers(await rank(f64([1, 5, 2]), f64([3, 1, 2])))).toEqual([-1]);
    expect(toNumbers(await rank(f64([1, 5, 2]), f64([4, 4, 4])))).toEqual([0]);
  });
});

describe('layerSimilarity', () => {
  it('compares each layer with each', async () => {
    const got = await compile((a: Tensor, b: Tensor, c: Tensor) => ({
      matrix: layerSimilarity([a, b], [a, b, c], cka),
      one: cka(b, c),
    }))(left, right, given);
    expect(got.matrix.shape).toEqual([2, 3]);
    const values = toNumbers(got.matrix);
    close(values[0], 1, 1e-12, 'with itself');
    close(values[4], 1, 1e-12, 'with itself');
    close(values[1], values[3], 1e-14, 'symmetric');
    close(values[5], toNumbers(got.one)[0], 1e-15, 'the last');
  });
});

describe('errors', () => {
  const [a, b] = [constant([[1], [2]]), constant([[1], [2], [3]])];
  it.each<[string, () => unknown, RegExp]>([
    ['items', () => cka(a, b), /cka: \[2, 1\], \[3, 1\] must be \[n, ...\] of the same n items/],
    ['inputs', () => deconfoundedCka(a, a, b), /deconfoundedCka: \[2, 1\], \[2, 1\], \[3, 1\]/],
    ['one item', () => normalizedGram(constant([[1]])), /x \[1, 1\] must be \[n, ...\] of at least two items/],
    ['matrices', () => hsic(a, a), /a \[2, 1\] and b \[2, 1\] must both be \[n, n\]/],
    ['confounders', () => deconfound(a, []), /confounders none must have the shape of y \[2, 1\]/],
    ['pairs', () => pairDistances(constant([[1]])), /1 item\(s\) have no pairs/],
    ['layers', () => layerSimilarity([], [a], cka), /0 and 1 layers/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
