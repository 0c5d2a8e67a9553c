import { describe, expect, it } from 'vitest';
import {
  arange,
  compile,
  constant,
  eigh,
  eye,
  grad,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
  valueAndGrad,
  zeros,
} from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { recallAtK } from '../../../src/metrics/index.js';
import { squaredDistances } from '../../../src/numerics/index.js';
import { adam } from '../../../src/optim/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

const rows = (values: number[][]) => ndarray(values, { dtype: 'float64' });
const integers = (...values: number[]) => constant(values, 'int32');
const evaluate = async (fn: (x: Tensor) => Tensor, x: NDArray) => toNumbers(await compile(fn)(x))[0];
const { iCon } = losses;
const z = rows([
  [1, 0],
  [0, 1],
  [0.8, 0.6],
  [-0.6, 0.8],
]);
const five = rows([
  [1, 0],
  [0, 1],
  [0.8, 0.6],
  [-0.6, 0.8],
  [0, -1],
]);

/** The softmax of cosines at a temperature. */
const cosineKernel = (x: Tensor, temperature: number) =>
  losses.gaussianKernel(losses.cosineDistances(x, x), { width: Math.sqrt(temperature / 2) });

/** That two functions have one value and one gradient at several points. */
async function same(a: (x: Tensor) => Tensor, b: (x: Tensor) => Tensor, shape: number[], tolerance = 1e-12) {
  const both = compile((x: Tensor) => [valueAndGrad(a)(x), valueAndGrad(b)(x)]);
  for (let stream = 0; stream < 20; stream++) {
    const [[value, gradient], [expected, direct]] = await both(random64(shape, { stream }));
    allClose(value, toNumbers(expected), tolerance, 'value');
    allClose(gradient, toNumbers(direct), tolerance, 'gradient');
    expect(toNumbers(direct).some((g) => g !== 0)).toBe(true);
  }
}

describe('iCon is', () => {
  it('InfoNCE where p is the other view', async () => {
    const views = integers(0, 1, 2, 0, 1, 2);
    await same(
      (x) => iCon(cosineKernel(x, 0.5), losses.labelKernel(views, 'float64')),
      (x) => losses.ntXent(x.slice([[0, 3]]), x.slice([[3, 6]])),
      [6, 4],
    );
    expect(
      await evaluate((x) => iCon(cosineKernel(x, 0.5), losses.labelKernel(integers(0, 1, 0, 1), 'float64')), z),
    ).toBeCloseTo(0.43019027713671143, 12);
  });

  it('SupCon where p is the label, up to the entropy', async () => {
    const labels = integers(0, 1, 0, 0, 1, 1);
    await same(
      (x) => iCon(cosineKernel(x, 0.1), losses.labelKernel(labels, 'float64'), { subtractEntropy: false }),
      (x) => losses.supCon(x, labels),
      [6, 4],
    );
    const card = (subtractEntropy: boolean) =>
      evaluate(
        (x) => iCon(cosineKernel(x, 0.5), losses.labelKernel(integers(0, 0, 0, 1, 1), 'float64'), { subtractEntropy }),
        five,
      );
    expect(await card(false)).toBeCloseTo(1.8482096400543297, 12);
    expect(await card(true)).toBeCloseTo(1.4323213317183625, 12);
  });

  it('cross-entropy where p is the class, and CLIP where it is the other modality', async () => {
    const weights = () => constant(random64([3, 4], { stream: 50 }));
    const dots = (x: Tensor, y: Tensor) =>
      losses.gaussianKernel(losses.dotProductDistances(x, y), { width: Math.SQRT1_2, excludeSelf: false });
    await same(
      (x) => iCon(dots(x, weights()), losses.classKernel(integers(0, 2, 1), 3, 'float64')),
      (x) => losses.crossEntropy(x.matmul(weights().transpose()), integers(0, 2, 1)),
      [3, 4],
    );
    await same(
      (x) => iCon(dots(x, weights()), losses.classKernel(integers(0, 1, 2), 3, 'float64')),
      (x) => losses.infoNCE(x, weights(), { temperature: 1, normalize: false }),
      [3, 4],
    );
    const logits = rows([
      [2, 0, -1],
      [0.5, 1, 0],
    ]);
    const identity = () =>
      constant(
        [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
        'float64',
      );
    expect(
      await evaluate((x) => iCon(dots(x, identity()), losses.classKernel(integers(0, 2), 3, 'float64')), logits),
    ).toBeCloseTo(0.9250578450990101, 12);
  });

  it('SNE where both are Gaussian, with p of a given perplexity', async () => {
    const data = random64([7, 3], { stream: 9 });
    const run = compile((x: Tensor, y: Tensor) => {
      const distances = squaredDistances(x, x);
      const width = losses.perplexityWidths(distances, 3);
      const p = losses.gaussianKernel(distances, { width });
      return [
        iCon(losses.gaussianKernel(squaredDistances(y, y), { width: Math.SQRT1_2 }), p),
        losses.kernelEntropy(p),
        width,
      ];
    });
    const map = random64([7, 2], { stream: 10 });
    const [value, entropies, width] = await run(data, map);
    allClose(entropies, Array(7).fill(Math.log(3)), 1e-9, 'entropy');
    const at = (a: NDArray, i: number) => toNumbers(a).slice(i * a.shape[1], (i + 1) * a.shape[1]);
    const squared = (a: NDArray, i: number, j: number) => at(a, i).reduce((s, v, k) => s + (v - at(a, j)[k]) ** 2, 0);
    let expected = 0;
    for (let i = 0; i < 7; i++) {
      const others = [0, 1, 2, 3, 4, 5, 6].filter((j) => j !== i);
      const share = (weights: number[]) => weights.map((w) => w / weights.reduce((a, b) => a + b));
      const p = share(others.map((j) => Math.exp(-squared(data, i, j) / (2 * toNumbers(width)[i] ** 2))));
      const q = share(others.map((j) => Math.exp(-squared(map, i, j))));
      expected += p.reduce((s, v, k) => s + v * Math.log(v / q[k]), 0) / 7;
    }
    allClose(value, [expected], 1e-10, 'value');
    const card = await evaluate(
      (x) => iCon(losses.studentKernel(squaredDistances(x, x)), losses.gaussianKernel(squaredDistances(x, x))),
      z,
    );
    expect(card).toBeCloseTo(0.003129985972159648, 12);
  });

  it('k-means where clusters are compared with a Gaussian of the data', async () => {
    // 2 sigma^2 (KL(cluster || Gaussian) + entropy - log Z) is the sum of distances within clusters, twice the inertia over n.
    const assigned = [0, 1, 0, 1, 1, 2];
    const sigma = 0.7;
    const run = compile((x: Tensor) => {
      const cluster = losses.clusterKernel(integers(...assigned).oneHot(3, 'float64'));
      const distances = squaredDistances(x, x);
      const partition = distances
        .mul(-1 / (2 * sigma ** 2))
        .logSumExp(1)
        .mean();
      return iCon(losses.gaussianKernel(distances, { width: sigma, excludeSelf: false }), cluster, {
        subtractEntropy: false,
      })
        .sub(partition)
        .mul(2 * sigma ** 2);
    });
    const x = random64([6, 3]);
    const points = assigned.map((_, i) => toNumbers(x).slice(3 * i, 3 * i + 3));
    let inertia = 0;
    for (const c of [0, 1, 2]) {
      const members = points.filter((_, i) => assigned[i] === c);
      const centre = [0, 1, 2].map((k) => members.reduce((s, p) => s + p[k], 0) / members.length);
      inertia += members.reduce((s, p) => s + p.reduce((t, v, k) => t + (v - centre[k]) ** 2, 0), 0);
    }
    allClose(await run(x), [(2 * inertia) / 6], 1e-9, 'inertia');
  });

  it('spectral clustering where q is a wide Gaussian: the Laplacian of the graph, less the spread', async () => {
    const sigma = 2e3;
    const n = 6;
    const ring = constant(
      Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => (i - j + n) % n === 1 || (j - i + n) % n === 1),
      ),
      'bool',
    );
    const run = compile((x: Tensor) => {
      const distances = squaredDistances(x, x);
      const wide = losses.gaussianKernel(distances, { width: sigma, excludeSelf: false });
      const loss = iCon(wide, losses.graphKernel(ring, 'float64'), { subtractEntropy: false });
      const laplacian = eye(n, n, 'float64').sub(ring.cast('float64').div(2));
      const cut = x.transpose().matmul(laplacian).matmul(x).diagonal().sum();
      return [loss.sub(Math.log(n)).mul(2 * sigma ** 2), cut.mul(2 / n).sub(distances.mean())];
    });
    for (let stream = 0; stream < 5; stream++) {
      const [limit, direct] = await run(random64([n, 2], { stream }));
      allClose(limit, toNumbers(direct), 1e-6, 'cut');
    }
  });

  it('principal components where each point stands alone and q is a wide Gaussian: minus the spread', async () => {
    const alone = (n: number) => losses.classKernel(arange(n), n, 'float64');
    const wide = (x: Tensor, width: number) =>
      losses.gaussianKernel(squaredDistances(x, x), { width, excludeSelf: false });
    expect(await evaluate((x) => iCon(wide(x, 100), alone(4)), z)).toBeCloseTo(1.3862393624948814, 12);
    const spread = await evaluate((x) => iCon(wide(x, 2e3), alone(4)).sub(Math.log(4)).mul(8e6), z);
    expect(spread).toBeCloseTo(-1.1, 6);
  });

  it('clustering of a graph, and its debiased forms, as on the card', async () => {
    const r = rows([
      [0.9, 0.1],
      [0.8, 0.2],
      [0.1, 0.9],
      [0.3, 0.7],
    ]);
    const run = compile((x: Tensor) => {
      const q = losses.clusterKernel(x);
      const p = losses.labelKernel(integers(0, 0, 1, 1), 'float64');
      const mixed = losses.mixUniform(p, 0.4);
      return {
        q: q.exp(),
        values: [
          iCon(q, p),
          iCon(q, mixed, { subtractEntropy: false }),
          iCon(q, mixed),
          iCon(losses.mixUniform(q, 0.4), p),
        ],
      };
    });
    const { q, values } = await run(r);
    expect(toNumbers(q).slice(0, 4)).toEqual(
      [0.3909774436, 0.3533834586, 0.0902255639, 0.1654135338].map((v) => expect.closeTo(v, 9)),
    );
    for (let i = 0; i < 4; i++)
      expect(
        toNumbers(q)
          .slice(4 * i, 4 * i + 4)
          .reduce((a, b) => a + b),
      ).toBeCloseTo(1, 12);
    [1.050954629122177, 1.232999563141419, 0.2925515744860928, 1.171937383079049].forEach((v, i) =>
      allClose(values[i], [v], 1e-12, `value ${i}`),
    );
  });

  it('0 where the two agree, and leaves rows out about which p says nothing', async () => {
    const run = compile((x: Tensor) => {
      const q = cosineKernel(x, 1);
      const lonely = losses.labelKernel(integers(0, 0, 1, 2, 3), 'float64');
      return [
        iCon(q, q),
        iCon(q, lonely),
        iCon(q, lonely, { reduction: 'none' }),
        iCon(q, losses.labelKernel(integers(0, 1, 2, 3, 4), 'float64')),
        iCon(zeros([0, 3]), zeros([0, 3])),
      ];
    });
    const [equal, mean, each, none, empty] = (await run(five)).map(toNumbers);
    expect(equal[0]).toBeCloseTo(0, 12);
    expect(mean[0]).toBeCloseTo((each[0] + each[1]) / 2, 12);
    expect(each.slice(2).map(Math.abs)).toEqual([0, 0, 0]);
    expect([none[0], empty[0]].map(Math.abs)).toEqual([0, 0]);
  });
});

describe('divergences of iCon', () => {
  it('are 0 where the two agree; the one to the middle is symmetric and log 2 for two that never meet', async () => {
    const run = compile((x: Tensor) => {
      const [p, q] = [cosineKernel(x, 1), losses.studentKernel(squaredDistances(x, x))];
      const js = { divergence: 'jensenShannon', reduction: 'none' } as const;
      const [one, other] = [
        [true, false],
        [false, true],
      ].map((mask) => losses.graphKernel(constant([mask]), 'float64'));
      return {
        equal: [iCon(p, p, { divergence: 'reverse' }), iCon(p, p, { divergence: 'jensenShannon' })],
        asymmetry: iCon(p, q, js).sub(iCon(q, p, js)),
        apart: iCon(one, other, js),
        // KL(q || p) where p is 0 is measured to 1e-10.
        ruledOut: iCon(one, other, { divergence: 'reverse' }),
      };
    });
    const { equal, asymmetry, apart, ruledOut } = await run(z);
    for (const value of [...equal, asymmetry].flatMap(toNumbers)) expect(value).toBeCloseTo(0, 12);
    expect(toNumbers(apart)[0]).toBeCloseTo(Math.LN2, 12);
    expect(toNumbers(ruledOut)[0]).toBeCloseTo(Math.log(1e10), 10);
  });

  it('are refused by other names, and without their entropies', () => {
    const p = () => losses.labelKernel(integers(0, 0));
    expect(() => iCon(p(), p(), { divergence: 'hellinger' as never })).toThrow(
      /divergence hellinger must be forward, /,
    );
    expect(() => iCon(p(), p(), { divergence: 'reverse', subtractEntropy: false })).toThrow(
      /subtractEntropy false is for the divergence forward, not reverse/,
    );
  });
});

describe('iCon agrees with PyTorch', () => {
  const reference = golden<{
    labels: number[];
    cases: { name: string; x: GoldenArray; value: number; gradient: GoldenArray }[];
  }>('i_con_kernels');
  const byLabel = () => losses.labelKernel(integers(...reference.labels), 'float64');
  const { clusterKernel, mixUniform, propagate } = losses;
  const gaussian = (x: Tensor) => losses.gaussianKernel(squaredDistances(x, x), { width: 0.8 });
  const student = (x: Tensor) => losses.studentKernel(squaredDistances(x, x), { width: 1.3, degrees: 2 });
  const others = { excludeSelf: true };
  const ways: Record<string, (x: Tensor) => Tensor> = {
    gaussian: (x) => iCon(gaussian(x), byLabel()),
    student: (x) => iCon(student(x), byLabel()),
    'student of a gaussian': (x) => iCon(student(x.slice([null, [0, 2]])), gaussian(x)),
    cluster: (x) => iCon(clusterKernel(x.softmax(1)), byLabel()),
    'cluster, supervision mixed': (x) => iCon(clusterKernel(x.softmax(1)), mixUniform(byLabel(), 0.3)),
    'gaussian, both mixed': (x) => iCon(mixUniform(gaussian(x), 0.3, others), mixUniform(byLabel(), 0.2, others)),
    reverse: (x) => iCon(gaussian(x), byLabel(), { divergence: 'reverse' }),
    jensenShannon: (x) => iCon(gaussian(x), byLabel(), { divergence: 'jensenShannon' }),
    walks: (x) => iCon(propagate(gaussian(x), 2), byLabel()),
  };

  it.each(reference.cases.map((c) => [c.name, c] as const))('%s', async (name, c) => {
    const [value, gradient] = await compile((x: Tensor) => valueAndGrad(ways[name])(x))(fromGolden(c.x));
    allClose(value, [c.value], 1e-12, 'value');
    allClose(gradient, c.gradient.data, 1e-12, 'gradient');
  });
});

describe('kernels', () => {
  it('of walks leave out those that come to a row that says nothing', async () => {
    // 0 goes to 1 or 2, 1 goes back to 0, 2 goes nowhere.
    const graph = () =>
      constant([
        [false, true, true],
        [true, false, false],
        [false, false, false],
      ]);
    const [walks] = await compile(() => [losses.propagate(losses.graphKernel(graph(), 'float64'), 2).exp()])();
    [1 / 3, 1 / 3, 1 / 3, 0.5, 0.25, 0.25, 0, 0, 0].forEach((v, i) => expect(toNumbers(walks)[i]).toBeCloseTo(v, 12));
  });

  it('over neighbours are even over the nearest; walks are the mean of powers', async () => {
    const run = compile((x: Tensor) => {
      const near = losses.neighbourKernel(squaredDistances(x, x), 2);
      const step = near.exp();
      return [
        step,
        losses
          .propagate(near, 3)
          .exp()
          .sub(step.add(step.matmul(step)).add(step.matmul(step).matmul(step)).div(3)),
      ];
    });
    const [near, walk] = await run(rows([[0], [1], [3], [7]]));
    expect(toNumbers(near)).toEqual([0, 0.5, 0.5, 0, 0.5, 0, 0.5, 0, 0.5, 0.5, 0, 0, 0, 0.5, 0.5, 0]);
    for (const v of toNumbers(walk)) expect(v).toBeCloseTo(0, 12);
  });

  it('mixed wholly are even, not at all the same', async () => {
    const run = compile((x: Tensor) => {
      const q = cosineKernel(x, 1);
      return [
        losses.mixUniform(q, 1).exp(),
        losses.mixUniform(q, 1, { excludeSelf: true }).exp(),
        losses.mixUniform(q, 0).exp().sub(q.exp()),
      ];
    });
    const [even, others, unmixed] = (await run(z)).map(toNumbers);
    for (const v of even) expect(v).toBeCloseTo(1 / 4, 12);
    others.forEach((v, k) => expect(v).toBeCloseTo(k % 5 === 0 ? 0 : 1 / 3, 12));
    for (const v of unmixed) expect(v).toBeCloseTo(0, 12);
  });

  it('that say nothing of a row say nothing of it when mixed', async () => {
    const lonely = await compile(() =>
      [0, 0.5, 1].map((share) =>
        losses
          .mixUniform(losses.labelKernel(integers(0, 0, 1)), share)
          .exp()
          .sum(1),
      ),
    )();
    for (const sums of lonely) allClose(sums, [1, 1, 0], 1e-6, 'sums of rows');
  });

  it('have the derivatives of their values', async () => {
    const p = () => losses.labelKernel(integers(0, 1, 0, 1), 'float64');
    const x = random64([4, 2]);
    const squared = (y: Tensor) => squaredDistances(y, y);
    await checkDerivatives((y) => iCon(losses.studentKernel(squared(y), { degrees: 2, width: 0.8 }), p()), [x]);
    await checkDerivatives((y) => iCon(losses.mixUniform(losses.clusterKernel(y.softmax()), 0.2), p()), [x]);
    await checkDerivatives((y) => iCon(losses.propagate(losses.gaussianKernel(squared(y)), 2), p()), [x]);
    await checkDerivatives((y) => losses.perplexityWidths(squared(y), 2), [random64([5, 2])], { second: false });
  });

  it('refuse what does not fit', () => {
    expect(() => iCon(zeros([2, 3]), zeros([2, 2]))).toThrow(
      /iCon: learned \[2, 3\] and supervision \[2, 2\] must have one shape/,
    );
    expect(() => losses.gaussianKernel(zeros([2, 3]))).toThrow(/gaussianKernel: distances \[2, 3\] must be \[n, n\]/);
    expect(() => losses.gaussianKernel(zeros([3, 3]), { width: zeros([2]) })).toThrow(/width \[2\] must be \[3\]/);
    expect(() => losses.perplexityWidths(zeros([4, 4]), 3)).toThrow(/perplexity 3 must lie above 1 and below 3/);
    expect(() => losses.neighbourKernel(zeros([3, 3]), 3)).toThrow(/k 3 must be an integer from 1 to 2/);
    expect(() => losses.mixUniform(zeros([3, 3]), 2)).toThrow(/share 2 must be a number at least 0 and at most 1/);
    expect(() => losses.graphKernel(zeros([3, 3]))).toThrow(/mask float32\[3, 3\] must be bool/);
  });
});

/** A function of float64 arrays to learn, minimised by Adam. */
async function minimized(loss: (z: Tensor) => Tensor, start: NDArray, learningRate: number, steps: number) {
  const optimizer = adam({ learningRate });
  const step = compile((z: Tensor, moments: unknown) => {
    const { updates, state } = optimizer.update(grad(loss)(z), moments, z);
    return { z: z.add(updates), moments: state };
  });
  let state = { z: start, moments: optimizer.init(start) as never };
  for (let i = 0; i < steps; i++) state = (await step(state.z, state.moments)) as never;
  return state.z;
}

describe('what iCon learns', () => {
  it('is the first principal direction, where it is asked for the spread along one', async () => {
    const spreads = [1, 3, 0.5, 2, 1, 0.7];
    const points = toNumbers(random64([100, 6], { stream: 30 })).map((v, i) => v * spreads[i % 6]);
    const mean = spreads.map((_, k) => points.filter((_, i) => i % 6 === k).reduce((a, b) => a + b) / 100);
    const x = ndarray(
      Float64Array.from(points, (v, i) => v - mean[i % 6]),
      { shape: [100, 6] },
    );
    const direction = await minimized(
      (w) => {
        const z = constant(x).matmul(w.normalize(0).expandDims(1));
        const wide = losses.gaussianKernel(squaredDistances(z, z), { width: 100, excludeSelf: false });
        return iCon(wide, losses.classKernel(arange(100), 100, 'float64')).mul(1e4);
      },
      random64([6], { stream: 31 }),
      0.05,
      200,
    );
    const cosine = await compile((x: Tensor, w: Tensor) => {
      const [, vectors] = eigh(x.transpose().matmul(x));
      return w.normalize(0).mul(vectors.at(5, 1)).sum().abs();
    })(x, direction);
    expect(toNumbers(cosine)[0]).toBeGreaterThan(0.99);
  });

  it('is a map that keeps groups together, where p is Gaussian and q is of Student', async () => {
    const centres = toNumbers(random64([3, 10], { stream: 40, low: -7, high: 7 }));
    const noise = toNumbers(random64([60, 10], { stream: 41, low: -1.7, high: 1.7 }));
    const data = ndarray(
      Float64Array.from(noise, (v, i) => v + centres[(Math.floor(i / 10) % 3) * 10 + (i % 10)]),
      { shape: [60, 10] },
    );
    const p = await compile((x: Tensor) => {
      const distances = squaredDistances(x, x);
      return losses.gaussianKernel(distances, { width: losses.perplexityWidths(distances, 10) });
    })(data);
    const loss = (z: Tensor) => iCon(losses.studentKernel(squaredDistances(z, z)), constant(p));
    const start = random64([60, 2], { stream: 42, low: -0.02, high: 0.02 });
    const map = await minimized(loss, start, 0.1, 300);
    expect(await evaluate(loss, map)).toBeLessThan((await evaluate(loss, start)) / 3);
    const labels = Array.from({ length: 60 }, (_, i) => i % 3);
    expect(recallAtK(map, labels, { k: 1, by: 'euclidean' })).toBeGreaterThan(0.95);
  });
});
