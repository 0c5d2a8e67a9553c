import { describe, expect, it } from 'vitest';
import { compile, concat, grad, type NDArray, ndarray, type Tensor, toNumbers, vmap } from '../../../src/index.js';
import { kMeans } from '../../../src/numerics/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';

const cluster = (clusters: number, seed = 0, iterations = 100) =>
  compile((x: Tensor) => kMeans(x, { clusters, key: key(seed), iterations }));

const rowsOf = ({ data, shape }: NDArray) =>
  Array.from({ length: shape[0] }, (_, i) => Array.from(data as Float64Array).slice(i * shape[1], (i + 1) * shape[1]));
const distance = (a: number[], b: number[]) => a.reduce((total, v, k) => total + (v - b[k]) ** 2, 0);

describe('kMeans', () => {
  it('finds clusters that lie apart, from any seed', async () => {
    const around = random64([60, 2], { stream: 3, low: -0.4, high: 0.4 });
    const x = { ...around, data: (around.data as Float64Array).map((v, i) => v + 10 * (Math.floor(i / 2) % 4)) };
    for (let seed = 0; seed < 5; seed++) {
      const { assignments } = await cluster(4, seed)(x);
      const first = toNumbers(assignments).slice(0, 4);
      expect(new Set(first).size).toBe(4);
      expect(toNumbers(assignments)).toEqual(Array.from({ length: 60 }, (_, i) => first[i % 4]));
    }
  });

  it('ends where every point is with its nearest centre and every centre in the middle of its points', async () => {
    const x = random64([80, 3], { stream: 4 });
    const got = await cluster(6)(x);
    const [points, centres] = [rowsOf(x), rowsOf(got.centres)];
    const own = toNumbers(got.assignments);
    points.forEach((p, i) => {
      const distances = centres.map((c) => distance(p, c));
      expect(distances[own[i]]).toBeLessThanOrEqual(Math.min(...distances) + 1e-12);
    });
    centres.forEach((c, k) => {
      const members = points.filter((_, i) => own[i] === k);
      c.forEach((v, d) => expect(v).toBeCloseTo(members.reduce((s, m) => s + m[d], 0) / members.length, 12));
    });
    expect(toNumbers(got.inertia)[0]).toBeCloseTo(
      points.reduce((s, p, i) => s + distance(p, centres[own[i]]), 0),
      10,
    );
    expect(toNumbers((await cluster(6)(x)).assignments)).toEqual(own);
    let before = Infinity;
    for (const iterations of [1, 2, 4, 8, 100]) {
      const inertia = toNumbers((await cluster(6, 0, iterations)(x)).inertia)[0];
      expect(inertia).toBeLessThanOrEqual(before);
      before = inertia;
    }
  });

  it('fills every cluster though points coincide, and takes as many clusters as points', async () => {
    const same = await cluster(3)(
      ndarray([
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    );
    expect(new Set(toNumbers(same.assignments)).size).toBe(3);
    expect(toNumbers(same.centres)).toEqual([1, 1, 1, 1, 1, 1]);
    const each = await cluster(5)(random64([5, 2]));
    expect(toNumbers(each.assignments).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(toNumbers(each.inertia)).toEqual([0]);
  });

  it('is differentiable with the assignments held, and goes with vmap', async () => {
    const x = random64([9, 2], { stream: 6 });
    await checkDerivatives(
      (x) => {
        const { centres, inertia } = kMeans(x, { clusters: 3, key: key(1) });
        return concat([centres.flatten(), inertia.reshape([1])]);
      },
      [x],
    );
    const loss = (x: Tensor) => kMeans(x, { clusters: 3, key: key(1) }).inertia;
    const two = random64([2, 9, 2], { stream: 7 });
    const got = await compile((x: Tensor) => ({ batch: vmap(grad(loss))(x), one: grad(loss)(x.at(1)) }))(two);
    allClose(got.one, toNumbers(got.batch).slice(18), 1e-12, 'gradient of the second');
  });

  it('refuses what cannot be clustered', async () => {
    await expect(cluster(4)(random64([3, 2]))).rejects.toThrow(/clusters 4 must be an integer from 1 to the 3 points/);
    await expect(cluster(1)(random64([3]))).rejects.toThrow(/x \[3\] must be \[points, features\]/);
  });
});
