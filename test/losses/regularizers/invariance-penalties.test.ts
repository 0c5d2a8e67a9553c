import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, inverse, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import {
  domainObjective,
  featureGramian,
  gramianSpectrum,
  irmAdaptivePenalty,
  irmExcessRiskPenalty,
  irmHeadDistance,
  irmPenalty,
  irmScaleExcessRiskPenalty,
  irmScalePenalty,
  meanSquaredError,
  riskVariance,
} from '../../../src/losses/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });
const features = f64([
  [1, 0],
  [1, 1],
  [0, 2],
  [2, 1],
]);
const targets = f64([1, 2, 1, 3]);
const head = f64([1, 0.5]);
/** So small that the penalties are the formulas without one. */
const ridge = 1e-14;

interface Penalty {
  output: number;
  gradients: [GoldenArray, GoldenArray];
}
interface Head {
  targets: GoldenArray;
  v1: Penalty;
  v2: Penalty;
}
const reference = golden<{
  scalarHead: Record<'split' | 'whole', { output: number; gradient: GoldenArray }>;
  regressionHead: Head;
  classificationHead: Head;
}>('regularizers');

describe('penalties of a linear head', () => {
  const penalties = (p: Tensor, w: Tensor, y: Tensor) => ({
    rho1: irmPenalty(p, w, y),
    rho2: irmExcessRiskPenalty(p, w, y, { ridge }),
    adaptive: irmAdaptivePenalty(p, w, y, { ridge }),
    distance: irmHeadDistance(p, w, y, { ridge }),
  });
  const run = compile((p: Tensor, w: Tensor, y: Tensor) => penalties(p, w, y));

  it('has the values of the card', async () => {
    const got = await run(features, head, targets);
    const of = await compile((p: Tensor) => ({ m: featureGramian(p), ...gramianSpectrum(p) }))(features);
    allClose(of.m, [1.5, 0.75, 0.75, 1.5], 1e-15, 'Gramian');
    allClose(of.min, [0.75], 1e-14, 'least eigenvalue');
    allClose(of.max, [2.25], 1e-14, 'largest eigenvalue');
    allClose(of.condition, [3], 1e-13, 'condition');
    allClose(got.rho1, [0.8125], 1e-14, 'rho1');
    allClose(got.rho2, [0.125 - 1 / 36], 1e-12, 'rho2, the excess risk');
    allClose(got.distance, [0.0524691358], 1e-10, 'distance');
    allClose(got.adaptive, [0.8125 / 3], 1e-12, 'rho1 / (4 min)');
    const byDefault = await compile((p: Tensor, w: Tensor, y: Tensor) => irmExcessRiskPenalty(p, w, y))(
      features,
      head,
      targets,
    );
    allClose(byDefault, [0.0972222222], 1e-6, 'rho2 with the default ridge');
  });

  it('lets small features shrink rho1, not rho2', async () => {
    const scaled = compile((p: Tensor, w: Tensor, y: Tensor) => {
      const by = constant([1, 0.01], 'float64');
      return penalties(p.mul(by), w.div(by), y);
    });
    const got = await scaled(features, head, targets);
    allClose(got.rho1, [0.562525], 1e-12, 'rho1');
    allClose(got.rho2, [0.125 - 1 / 36], 1e-10, 'rho2');
  });

  it('rho2 is the excess risk, the same under every change of basis, and lies between multiples of rho1', async () => {
    const both = compile((p: Tensor, w: Tensor, y: Tensor, a: Tensor) => {
      const { min, max } = gramianSpectrum(p);
      const risk = (v: Tensor) => meanSquaredError(p.matmul(v), y);
      const best = inverse(featureGramian(p)).matmul(p.transpose().matmul(y).div(p.shape[0]));
      return {
        ...penalties(p, w, y),
        excess: risk(w).sub(risk(best)),
        moved: irmExcessRiskPenalty(p.matmul(a.transpose()), inverse(a).transpose().matmul(w), y, { ridge }),
        atBest: irmExcessRiskPenalty(p, best, y, { ridge }),
        byHead: grad((v: Tensor) => irmExcessRiskPenalty(p, v, y, { ridge }))(w),
        byRisk: grad(risk)(w),
        min,
        max,
      };
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const mixing = random64([3, 3], { stream: seed + 3 });
        const dominant = { ...mixing, data: (mixing.data as Float64Array).map((v, i) => v + (i % 4 === 0 ? 3 : 0)) };
        const got = await both(
          random64([12, 3], { stream: seed }),
          random64([3], { stream: seed + 1 }),
          random64([12], { stream: seed + 2 }),
          dominant,
        );
        const value = (name: 'rho1' | 'rho2' | 'adaptive' | 'excess' | 'moved' | 'atBest' | 'min' | 'max') =>
          toNumbers(got[name])[0];
        close(value('rho2'), value('excess'), 1e-11, 'excess risk');
        close(value('moved'), value('rho2'), 1e-11, 'in another basis');
        close(value('atBest'), 0, 1e-20, 'at the best head');
        allClose(got.byHead, toNumbers(got.byRisk), 1e-11, 'its gradient is that of the risk');
        expect(value('rho1')).toBeGreaterThanOrEqual(4 * value('min') * value('rho2') - 1e-12);
        expect(value('rho1')).toBeLessThanOrEqual(4 * value('max') * value('rho2') + 1e-12);
        expect(value('adaptive')).toBeGreaterThanOrEqual(value('rho2') - 1e-12);
      }),
      { numRuns: 15 },
    );
  });

  it.each(['regressionHead', 'classificationHead'] as const)('agrees with PyTorch: %s', async (name) => {
    const expected = reference[name];
    const run = compile((p: Tensor, w: Tensor, y: Tensor) => {
      const both = (penalty: typeof irmExcessRiskPenalty) => ({
        output: penalty(p, w, y),
        gradients: grad(([q, v]: readonly [Tensor, Tensor]) => penalty(q, v, y))([p, w]),
      });
      return { v1: both(irmPenalty), v2: both(irmExcessRiskPenalty) };
    });
    const regression = name === 'regressionHead';
    const got = await run(
      random64([9, 3], { stream: 311, low: -2, high: 2 }),
      random64(regression ? [3] : [4, 3], { stream: 312 }),
      fromGolden(expected.targets, regression ? 'float64' : 'int32'),
    );
    for (const kind of ['v1', 'v2'] as const) {
      allClose(got[kind].output, [expected[kind].output], 1e-12, kind);
      got[kind].gradients.forEach((g, i) => allClose(g, expected[kind].gradients[i].data, 1e-12, `${kind}, gradient`));
    }
  });

  it('is right in its derivatives', async () => {
    const labels = () => constant([0, 2, 1, 0, 1, 2], 'int32');
    const phi = random64([6, 3], { stream: 320 });
    const vector = random64([3], { stream: 321 });
    const y = random64([6], { stream: 322 });
    await checkDerivatives((p, w, t) => irmExcessRiskPenalty(p, w, t, { splitBatch: true }), [phi, vector, y]);
    await checkDerivatives((p, w, t) => irmHeadDistance(p, w, t), [phi, vector, y]);
    await checkDerivatives((p, w) => irmExcessRiskPenalty(p, w, labels()), [phi, random64([3, 3], { stream: 323 })]);
    await checkDerivatives(
      (p, w) => irmPenalty(p, w, labels(), { splitBatch: true }),
      [phi, random64([3, 3], { stream: 323 })],
    );
    // The least eigenvalue is a constant for the derivative: only the head may move.
    await checkDerivatives((w) => irmAdaptivePenalty(constant(phi), w, constant(y)), [vector]);
    const [adaptive, fixed] = await compile((p: Tensor, w: Tensor, t: Tensor) => {
      const least = gramianSpectrum(p).min.stopGradient();
      return [
        grad((q: Tensor) => irmAdaptivePenalty(q, w, t, { ridge }))(p),
        grad((q: Tensor) => irmPenalty(q, w, t).div(least.mul(4)))(p),
      ];
    })(phi, vector, y);
    allClose(adaptive, toNumbers(fixed), 1e-9, 'by the features, the eigenvalue held fixed');
  });

  it('is 0, not NaN, for features of zeros; fewer samples than features are left to the ridge', async () => {
    const zeros = f64([
      [0, 0],
      [0, 0],
    ]);
    const all = compile((p: Tensor, w: Tensor, y: Tensor) => {
      const value = irmExcessRiskPenalty(p, w, y);
      return { value, slope: grad((q: Tensor) => irmExcessRiskPenalty(q, w, y))(p), ...gramianSpectrum(p) };
    });
    const none = await all(zeros, head, f64([1, 2]));
    expect(toNumbers(none.value)).toEqual([0]);
    expect(toNumbers(none.slope).every(Number.isFinite)).toBe(true);
    expect(toNumbers(none.condition)).toEqual([Infinity]);
    const few = await all(f64([[1, 2]]), head, f64([1]));
    // One sample can be met exactly: the excess risk is all of the risk, 1.
    allClose(few.value, [1], 1e-5, 'one sample');
  });
});

describe('penalties of a scale', () => {
  it('has the values of the card', async () => {
    const got = await compile((f: Tensor, y: Tensor) => ({
      rho1: irmScalePenalty(f, y),
      rho2: irmScaleExcessRiskPenalty(f, y),
      asLinear: irmPenalty(f.expandDims(-1), constant([1], 'float64'), y),
    }))(f64([1, 1.5, 1, 2.5]), targets);
    allClose(got.rho1, [1], 1e-14, 'rho1');
    allClose(got.rho2, [1 / 10.5], 1e-14, 'rho2');
    allClose(got.asLinear, [1], 1e-14, 'the same as a head on one feature');
  });

  it('does not vanish with the predictions, but is 0 where there are none', async () => {
    const rho2 = compile((f: Tensor, y: Tensor) => irmScaleExcessRiskPenalty(f, y));
    const f = [1, 1.5, 1, 2.5];
    const small = await rho2(f64(f.map((v) => v * 1e-7)), targets);
    allClose(small, [(12.5 / 4) ** 2 / 2.625], 1e-5, 'the share explained');
    expect(toNumbers(await rho2(f64([0, 0, 0, 0]), targets))).toEqual([0]);
  });

  it.each(['whole', 'split'] as const)('agrees with PyTorch, halves too: %s', async (name) => {
    const options = { splitBatch: name === 'split' };
    const labels = () => constant([0, 1, 2, 3, 0, 1, 2], 'int32');
    const got = await compile((z: Tensor) => ({
      output: irmScalePenalty(z, labels(), options),
      gradient: grad((p: Tensor) => irmScalePenalty(p, labels(), options))(z),
    }))(random64([7, 4], { stream: 310, low: -3, high: 3 }));
    allClose(got.output, [reference.scalarHead[name].output], 1e-13, 'penalty');
    allClose(got.gradient, reference.scalarHead[name].gradient.data, 1e-13, 'gradient');
  });

  it('weighs logits by their mean square over samples and classes', async () => {
    const z = [
      [2, -1, 0],
      [0.5, 1, -2],
    ];
    const got = await compile((logits: Tensor) => {
      const labels = constant([0, 1], 'int32');
      return [irmScalePenalty(logits, labels), irmScaleExcessRiskPenalty(logits, labels)];
    })(f64(z));
    const power = z.flat().reduce((sum, v) => sum + v * v, 0) / 6;
    allClose(got[1], [toNumbers(got[0])[0] / (4 * power)], 1e-14, 'rho2');
  });

  it('is right in its derivatives', async () => {
    const labels = () => constant([0, 1, 2, 1], 'int32');
    await checkDerivatives(
      (f, y) => irmScaleExcessRiskPenalty(f, y),
      [random64([5], { stream: 324 }), random64([5], { stream: 325 })],
    );
    await checkDerivatives(
      (z) => irmScaleExcessRiskPenalty(z, labels(), { splitBatch: true }),
      [random64([4, 3], { stream: 326 })],
    );
  });
});

describe('objectives over domains', () => {
  it('weighs as DomainBed does, and scales as the code of Arjovsky et al.', async () => {
    const run = compile((r: Tensor, p: Tensor, w: Tensor) => {
      const [risks, penalties] = [r, p].map((x) => [x.at(0), x.at(1)]);
      return [
        domainObjective(risks, penalties, { weight: 0.5 }),
        domainObjective(risks, penalties, { weight: 100 }),
        domainObjective(risks, penalties, { weight: w }),
        riskVariance(risks),
      ];
    });
    const [light, heavy, scheduled, variance] = await run(f64([1, 2]), f64([0.1, 0.5]), f64(100));
    allClose(light, [1.65], 1e-14, 'weight 1/2');
    allClose(heavy, [0.315], 1e-14, 'weight 100');
    allClose(scheduled, [0.315], 1e-14, 'weight 100 from a schedule');
    allClose(variance, [0.25], 1e-14, 'variance');
    await checkDerivatives((r) => riskVariance([r.at(0), r.at(1), r.at(2)]), [random64([3], { stream: 327 })]);
  });
});

describe('errors', () => {
  const [p, w, y] = [() => constant(features), () => constant(head), () => constant(targets)];
  it.each<[string, () => unknown, RegExp]>([
    ['features', () => featureGramian(w()), /features \[2\] must be \[n, d\]/],
    [
      'head',
      () => irmPenalty(p(), constant([1, 2, 3]), y()),
      /irmPenalty: head \[3\] and targets float64\[4\] must be \[2\]/,
    ],
    ['targets', () => irmPenalty(p(), w(), constant([1, 2], 'float64')), /targets float64\[2\]/],
    ['labels for the squared loss', () => irmPenalty(p(), w(), constant([1, 0, 1, 0], 'int32')), /targets int32\[4\]/],
    ['ridge', () => irmExcessRiskPenalty(p(), w(), y(), { ridge: 0 }), /ridge 0 must be positive/],
    ['distance', () => irmHeadDistance(p(), p(), y()), /head \[4, 2\] must be \[d\]/],
    [
      'halves',
      () => irmScalePenalty(constant([1]), constant([1]), { splitBatch: true }),
      /1 sample\(s\) cannot be split/,
    ],
    ['scale', () => irmScalePenalty(p(), y()), /predictions \[4, 2\] and targets float64\[4\]/],
    ['risks', () => riskVariance([]), /risks must be scalars, at least one/],
    [
      'penalties',
      () => domainObjective([constant(1)], [constant([1])], { weight: 1 }),
      /penalties must be scalars.*\[1\]/,
    ],
    [
      'number',
      () => domainObjective([constant(1)], [constant(1), constant(1)], { weight: 1 }),
      /1 risks and 2 penalties/,
    ],
    ['weight', () => domainObjective([constant(1)], [constant(1)], { weight: -1 }), /weight -1/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
