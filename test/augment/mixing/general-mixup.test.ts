import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allPairsMixupLoss,
  generalMixedLoss,
  generalMixup,
  midpointLossFloor,
  midpointMixup,
  mixedLoss,
} from '../../../src/augment/index.js';
import { compile, constant, grad, type NDArray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { crossEntropy } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const x = random64([6, 4], { stream: 2 });
const labels = () => c32([0, 1, 2, 1, 0, 2]);
const reference = golden<{
  rank: { labels: number[] };
  general: Pair & { shares: number[]; partners: number[][]; mixed: GoldenArray };
  allPairs: (Pair & { share: number; labels: number[] })[];
}>('mixing');
interface Pair {
  x: GoldenArray;
  first: GoldenArray;
  second: GoldenArray;
  loss: number;
  gradients: GoldenArray[];
}
const network = (first: Tensor, second: Tensor) => (v: Tensor) => v.matmul(first).tanh().matmul(second);

/** Loss and gradients of the weights of a network, against those of PyTorch. */
async function agrees(c: Pair, loss: (model: (v: Tensor) => Tensor, v: Tensor) => Tensor): Promise<void> {
  const run = compile((v: Tensor, a: Tensor, b: Tensor) => {
    const of = ([p, q]: readonly [Tensor, Tensor]) => loss(network(p, q), v);
    return { value: of([a, b]), gradients: grad(of)([a, b]) };
  });
  const { value, gradients } = await run(fromGolden(c.x), fromGolden(c.first), fromGolden(c.second));
  close(toNumbers(value)[0], c.loss, 1e-12, 'loss');
  gradients.forEach((g, i) => {
    allClose(g, c.gradients[i].data, 1e-12, `gradient ${i}`);
  });
}

describe('generalMixup', () => {
  it('adds examples by shares that sum to 1, itself first, each in its own order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.integer({ min: 1, max: 4 }), async (seed, examples) => {
        const made = await compile((p: Tensor, k: Tensor) => generalMixup(p, k, { examples }))(x, key(seed));
        const [shares, partners] = [toNumbers(made.shares), toNumbers(made.partners)];
        expect(made.partners.shape).toEqual([examples, 6]);
        close(
          shares.reduce((a, b) => a + b, 0),
          1,
          1e-12,
          'shares',
        );
        expect(partners.slice(0, 6)).toEqual([0, 1, 2, 3, 4, 5]);
        for (let r = 0; r < examples; r++) expect(partners.slice(6 * r, 6 * r + 6).sort()).toEqual([0, 1, 2, 3, 4, 5]);
        const from = toNumbers(x as NDArray);
        const expected = from.map((_, at) =>
          shares.reduce((sum, w, r) => sum + w * from[4 * partners[6 * r + Math.floor(at / 4)] + (at % 4)], 0),
        );
        allClose(made.x, expected, 1e-14, 'mixed');
      }),
      { numRuns: 8 },
    );
  });

  it('of one example is the example, of two has the loss of mixup', async () => {
    const run = compile((p: Tensor, k: Tensor) => {
      const one = generalMixup(p, k, { examples: 1 });
      const { partners, shares } = generalMixup(p, k);
      const predictions = p.square();
      const loss = (y: Tensor) => predictions.sub(y).square().mean();
      const pair = { partner: partners.at(1), share: shares.at(0) };
      return [
        one.x.sub(p),
        generalMixedLoss({ partners, shares }, p, loss).sub(mixedLoss(pair, p, loss)),
        generalMixedLoss(one, p, loss).sub(loss(p)),
      ];
    });
    for (const difference of await run(x, key(1)))
      allClose(
        difference,
        toNumbers(difference).map(() => 0),
        1e-14,
        '0',
      );
  });

  it('has the loss of the card: labels 0 and 2 by 0.7, 2 and 0 by 0.3', async () => {
    const logits = () =>
      c64([
        [2, -1, 0.5],
        [0, 1, -2],
      ]);
    const mixture = () => ({
      partners: c32([
        [0, 1],
        [1, 0],
      ]),
      shares: c64([0.7, 0.3]),
    });
    await expectValue(() => generalMixedLoss(mixture(), c32([0, 2]), (y) => crossEntropy(logits(), y)), [1.7201617567]);
    await expectValue(
      () => generalMixedLoss(mixture(), c32([0, 2]), (y) => crossEntropy(logits(), y, { reduction: 'none' })),
      [1.7201617567],
    );
  });

  it("has the loss and gradients of the authors' definition in PyTorch", async () => {
    const { general, rank } = reference;
    const mixture = () => ({ partners: c32(general.partners), shares: c64(general.shares) });
    await agrees(general, (model, v) => {
      const rows = general.partners.map((p, r) => v.gather(c32(p)).mul(general.shares[r]));
      const logits = model(rows.reduce((a, b) => a.add(b)));
      return generalMixedLoss(mixture(), c32(rank.labels), (y) => crossEntropy(logits, y));
    });
  });

  it('lets derivatives through to the examples', async () => {
    const k = () => constant(key(5));
    await checkDerivatives((p) => generalMixup(p, k(), { examples: 3 }).x, [x]);
  });

  it('refuses no examples, no shares and mixtures that do not fit', () => {
    const k = constant(key(0));
    expect(() => generalMixup(zeros([2, 3]), k, { examples: 0 })).toThrow(/generalMixup: examples 0/);
    expect(() => generalMixup(zeros([2, 3]), k, { alpha: 0 })).toThrow(/generalMixup: alpha 0/);
    expect(() => generalMixedLoss({ partners: c32([[0, 1]]), shares: c64([0.5, 0.5]) }, c32([0, 1]), (y) => y)).toThrow(
      /generalMixedLoss: partners \[1, 2\] and shares float64\[2\]/,
    );
  });
});

describe('midpointMixup', () => {
  it('is half an example and half its partner, any of the batch', async () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 6; seed++) {
      const made = await compile((p: Tensor, k: Tensor) => midpointMixup(p, k))(x, key(seed));
      const [partner, from] = [toNumbers(made.partner), toNumbers(x as NDArray)];
      partner.forEach((j) => {
        seen.add(j);
      });
      const expected = from.map((v, at) => (v + from[4 * partner[Math.floor(at / 4)] + (at % 4)]) / 2);
      allClose(made.x, expected, 1e-15, 'mixed');
      expect(toNumbers(made.share)).toEqual([0.5]);
    }
    expect(seen.size).toBe(6);
  });

  it('has all pairs for its mean', async () => {
    const draws = 300;
    const run = compile((p: Tensor, w: Tensor, k: Tensor) => {
      const mixed = midpointMixup(p, k);
      const z = mixed.x.matmul(w);
      return [
        mixedLoss(mixed, labels(), (y) => crossEntropy(z, y)),
        allPairsMixupLoss((v) => v.matmul(w), p, labels(), crossEntropy),
      ];
    });
    const w = random64([4, 3], { stream: 3, low: -2, high: 2 });
    const pairs = await Promise.all(Array.from({ length: draws }, (_, seed) => run(x, w, key(seed))));
    const values = pairs.map(([drawn]) => toNumbers(drawn)[0]);
    const mean = values.reduce((a, b) => a + b, 0) / draws;
    const deviation = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / draws);
    const expected = toNumbers(pairs[0][1])[0];
    expect(Math.abs(mean - expected)).toBeLessThan((4 * deviation) / Math.sqrt(draws));
  });
});

describe('allPairsMixupLoss', () => {
  it.each(reference.allPairs)('agrees with PyTorch at share $share', async (c) => {
    await agrees(c, (model, v) => allPairsMixupLoss(model, v, c32(c.labels), crossEntropy, c.share));
  });

  it('with share 1 is the loss itself, and at 1/2 at least its floor', async () => {
    const run = compile((p: Tensor, w: Tensor) => {
      const model = (v: Tensor) => v.matmul(w);
      return [
        allPairsMixupLoss(model, p, labels(), crossEntropy, 1).sub(crossEntropy(model(p), labels())),
        allPairsMixupLoss(model, p, labels(), crossEntropy),
      ];
    });
    const [difference, loss] = (await run(x, random64([4, 3], { stream: 3 }))).map((v) => toNumbers(v)[0]);
    close(difference, 0, 1e-14, 'share 1');
    expect(loss).toBeGreaterThan(midpointLossFloor(3));
    // A model that gives both classes of a pair 1/2: examples are onehot labels, and logits large.
    const onehot = () => labels().oneHot(3, 'bool').cast('float64');
    await expectValue(
      () => allPairsMixupLoss((v) => v.mul(100), onehot(), labels(), crossEntropy),
      [midpointLossFloor(3)],
    );
  });

  it('refuses what does not fit', () => {
    expect(() => allPairsMixupLoss((v) => v, zeros([2, 3]), c32([0]), crossEntropy)).toThrow(
      /allPairsMixupLoss: x \[2, 3\] and targets \[1\]/,
    );
    expect(() => allPairsMixupLoss((v) => v, zeros([1, 3]), c32([0]), crossEntropy, 2)).toThrow(/share 2/);
  });
});

describe('midpointLossFloor', () => {
  it('is that of the card', () => {
    close(midpointLossFloor(2), 0.3465735903, 1e-10, '2');
    close(midpointLossFloor(10), 0.6238324625, 1e-10, '10');
    expect(midpointLossFloor(1)).toBe(0);
    expect(() => midpointLossFloor(0)).toThrow(/classes 0/);
  });
});
