import { describe, expect, it } from 'vitest';
import { compile, item, type Tensor, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { c32, c64, value } from '../../support/losses.js';

/** Points on a line, two of each class, and one alone. */
const points = [0, 2, 1, 5, 9];
const labels = () => c32([0, 0, 1, 1, 2]);
const distances = () => losses.lpDistances(1)(c64(points.map((x) => [x])), c64(points.map((x) => [x])));
const chosen = async (mask: () => Tensor) =>
  (await value(() => mask().cast('float64').flatten())).flatMap((v, i) => (v ? [i] : []));
const pairsOf = async (miner: losses.PairMiner) => {
  const mined = () => miner(distances(), losses.labelPairs(labels()));
  const name = (i: number) => `${points[Math.floor(i / 5)]}${points[i % 5]}`;
  return {
    positive: (await chosen(() => mined().positive)).map(name),
    negative: (await chosen(() => mined().negative)).map(name),
  };
};
const tripletsBy = async (miner: losses.TripletMiner) =>
  (await chosen(() => miner(distances(), losses.labelPairs(labels())))).map(
    (i) => `${points[Math.floor(i / 25)]}${points[Math.floor(i / 5) % 5]}${points[i % 5]}`,
  );

describe('pairs', () => {
  it('are by labels, and never of one with itself', async () => {
    const { positive, negative } = await pairsOf(losses.allPairs);
    expect(positive).toEqual(['02', '20', '15', '51']);
    expect(negative).toHaveLength(25 - 5 - 4);
    expect(() => losses.labelPairs(c64([0, 1]))).toThrow(/labels float64\[2\] must be integers/);
  });

  it('the hardest are the farthest positive and the nearest negatives', async () => {
    expect(await pairsOf(losses.hardestPairs)).toEqual({
      positive: ['02', '20', '15', '51'],
      // 1 is as near to 0 as to 2; 9 has no positive but a nearest negative.
      negative: ['01', '21', '10', '12', '52', '95'],
    });
  });

  it('beyond margins are far positives and near negatives', async () => {
    expect(await pairsOf(losses.pairsBeyond({ positive: 3, negative: 2 }))).toEqual({
      positive: ['15', '51'],
      negative: ['01', '21', '10', '12'],
    });
  });

  it('the informative ones overlap with the other kind', async () => {
    // 0: nearest negative 1, farthest positive 2. 9 has no positive, so no negatives count.
    expect(await pairsOf(losses.informativePairs())).toEqual({
      positive: ['02', '20', '15', '51'],
      negative: ['01', '21', '10', '12', '52', '59'],
    });
  });

  it('by distance are drawn in proportion to one over the density of distances', async () => {
    const n = 4000;
    const gaps = [0.3, 0.8, 1.2, 1.6];
    const run = compile((draw: Tensor) => {
      const shape = [n, gaps.length] as const;
      const all = zeros(shape, 'bool').not();
      const miner = losses.distanceWeightedPairs(draw, { dimension: 5 });
      const { positive, negative } = miner(c64([gaps]).broadcastTo(shape), { positive: all, negative: all });
      return [positive.all().cast('float64'), negative.cast('float64').mean(0)];
    });
    const [positives, shares] = await run(key(0));
    expect(item(positives)).toBe(1);
    const weights = [0.5, 0.8, 1.2].map((d) => 1 / (d ** 3 * (1 - d ** 2 / 4)));
    const total = weights.reduce((a, b) => a + b);
    weights.forEach((w, i) => {
      expect(Math.abs(Number(shares.data[i]) - w / total)).toBeLessThan(0.025);
    });
    expect(shares.data[3]).toBe(0);
    // Without negatives within the limit there are none.
    const none = compile((draw: Tensor) => {
      const miner = losses.distanceWeightedPairs(draw, { dimension: 5 });
      const masks = losses.labelPairs(c32([0, 1]));
      return miner(
        c64([
          [0, 1.9],
          [1.9, 0],
        ]),
        masks,
      )
        .negative.any()
        .cast('float64');
    });
    expect(item(await none(key(1)))).toBe(0);
  });
});

describe('triplets', () => {
  it('are each positive with each negative', async () => {
    expect(await tripletsBy(losses.allTriplets)).toHaveLength(4 * 3);
    expect(await tripletsBy(losses.tripletsOf(losses.hardestPairs))).toEqual(['021', '201', '150', '152', '512']);
  });

  it('are hard where the negative is nearer, semi-hard where it is farther by less than the margin', async () => {
    expect(await tripletsBy(losses.hardTriplets)).toEqual(['021', '201', '150', '152', '512']);
    expect(await tripletsBy(losses.semiHardTriplets({ margin: 2 }))).toEqual(['205', '510']);
    expect(() => losses.semiHardTriplets({ margin: 0 })).toThrow(/margin 0 must be/);
  });
});
