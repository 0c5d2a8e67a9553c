import { describe, expect, it } from 'vitest';
import { compile, grad, item, stack, type Tensor, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue, value } from '../../support/losses.js';

describe('negativePairSimilarities', () => {
  it('are the cosines of the pairs, once each, and which are of different classes', async () => {
    const pairs = () =>
      losses.negativePairSimilarities(
        c64([
          [2, 0],
          [0, 3],
          [3, 4],
        ]),
        c32([0, 1, 0]),
      );
    await expectValue(() => pairs().values, [0, 0.6, 0.8]);
    await expectValue(() => pairs().mask.cast('float64'), [1, 0, 1]);
    expect(() => losses.negativePairSimilarities(zeros([2, 3]), c32([0]))).toThrow(/labels int32\[1\] must be/);
  });
});

describe('boxWhiskerFilter', () => {
  const values = [0.12, -0.9, 0.2, 0, 0.95, -0.1, 0.1, 0.05];
  const kept =
    (whisker: number, mask = values.map(() => 1)) =>
    () =>
      losses.boxWhiskerFilter({ values: c64(values), mask: c32(mask).cast('bool') }, { whisker }).cast('float64');
  const within = (low: number, high: number) => values.map((v) => (v >= low && v <= high ? 1 : 0));

  it('keeps what is in the box and near it', async () => {
    await expectValue(kept(1.5), within(-0.1, 0.2));
    await expectValue(kept(0), within(0, 0.2));
    await expectValue(kept(3), within(-0.1, 0.2));
  });

  it('sees only what is meant', async () => {
    await expectValue(kept(1.5, [0, 1, 0, 0, 0, 0, 0, 0]), [0, 1, 0, 0, 0, 0, 0, 0]);
    await expectValue(kept(1.5, Array(8).fill(0)), Array(8).fill(0));
    // Of -0.9, 0.2, 0.95 and 0.1: q1 = 0.1 and q3 = 0.95.
    await expectValue(kept(1, [0, 1, 1, 0, 1, 0, 1, 0]), [0, 0, 1, 0, 1, 0, 1, 0]);
  });
});

describe('unpg', () => {
  const cosine = () =>
    losses.cosFaceLogits(
      c64([
        [0.6, 0.1, -0.2],
        [0.3, -0.5, 0.4],
        [0.2, 0.1, -0.95],
      ]),
      c32([0, 2, 2]),
      { margin: 0.5, scale: 1 },
    );

  it('has the kept similarities as negatives in every row', async () => {
    // The pairs of different classes have the cosines 0.2 and 0.5.
    const embeddings = () =>
      c64([
        [1, 0, 0],
        [0.2, Math.sqrt(0.96), 0],
        [0.5, 0, Math.sqrt(0.75)],
      ]);
    await expectValue(() => losses.crossEntropy(cosine().mul(8), c32([0, 2, 2])), [5.8500526698]);
    await expectValue(() => losses.unpg(cosine(), c32([0, 2, 2]), embeddings(), { scale: 8 }), [8.0753301413]);
  });

  it('has the scale and the whiskers of the published code by default', async () => {
    // Cosines of which whiskers of 1 would leave one more out.
    const angles = [0, 0.3, 0.5, 0.9, 1.6, 2.1];
    const embeddings = () => c64(angles.map((a) => [Math.cos(a), Math.sin(a)]));
    const labels = () => c32([0, 1, 2, 0, 1, 2]);
    const rows = () => c64(angles.map((a) => [Math.cos(a) / 2, 0.1, -0.2]));
    const loss = (options?: losses.UnpgOptions) => losses.unpg(rows(), labels(), embeddings(), options);
    await expectValue(() => loss().sub(loss({ scale: 64, whisker: 1.5 })), [0]);
    await expectValue(() => loss({ scale: 1 }).sub(loss({ scale: 1, whisker: 1.5 })), [0]);
    const kept = (whisker?: number) =>
      losses
        .boxWhiskerFilter(losses.negativePairSimilarities(embeddings(), labels()), { whisker })
        .cast('float64')
        .sum();
    const [byDefault, wide, narrow] = await value(() => stack([kept(), kept(1.5), kept(0.2)]));
    expect(byDefault).toBe(wide);
    expect(narrow).toBeLessThan(wide);
    await expectValue(
      () =>
        loss({ scale: 1 })
          .sub(loss({ scale: 1, whisker: 0.2 }))
          .abs()
          .greater(1e-3)
          .cast('float64'),
      [1],
    );
  });

  it('is the plain loss where there are no negative pairs', async () => {
    const one = (x: Tensor) => losses.unpg(cosine(), c32([1, 1, 1]), x, { scale: 8 });
    await expectValue(() => one(c64([[1], [2], [3]])).sub(losses.crossEntropy(cosine().mul(8), c32([1, 1, 1]))), [0]);
    await expectValue(() => grad(one)(c64([[1], [2], [3]])), [0, 0, 0]);
    await expectValue(() => losses.unpg(c64([[0.5, 0.5]]), c32([0]), c64([[1]])), [Math.LN2]);
  });

  it('is never below the plain loss, and does not see the order of the batch', async () => {
    const run = compile((x: Tensor, w: Tensor) => {
      const of = (e: Tensor, y: Tensor) => {
        const c = losses.arcFaceLogits(losses.classCosines(e, w), y, { scale: 1 });
        return [losses.unpg(c, y, e, { scale: 8 }), losses.crossEntropy(c.mul(8), y)] as const;
      };
      const [order, labels] = [c32([3, 0, 4, 1, 2]), c32([0, 1, 2, 1, 0])];
      return [...of(x, labels), ...of(x.gather(order), labels.gather(order))];
    });
    for (let stream = 0; stream < 5; stream++) {
      const made = await run(random64([5, 3], { stream }), random64([3, 3], { stream: stream + 50 }));
      const [loss, plain] = made.map((v) => item(v));
      expect(loss).toBeGreaterThan(plain);
      allClose(made[2], [loss], 1e-12, 'shuffled');
    }
  });

  it('gives a gradient to what is kept and to nothing else', async () => {
    // Cosines with the first: 1 to 0.96 and an outlier.
    const angles = [0, 0.1, 0.2, 0.25, 2.5];
    const x = () => c64(angles.map((a) => [Math.cos(a), Math.sin(a)]));
    const labels = c32([0, 1, 1, 1, 1]);
    const loss = (e: Tensor) => losses.unpg(c64(angles.map(() => [0.5, 0.4])), labels, e, { scale: 4, whisker: 1 });
    await expectValue(() => grad(loss)(x()).abs().sum(-1).greater(1e-9).cast('float64'), [1, 1, 1, 1, 0]);
    await checkDerivatives(loss, [random64([5, 2])]);
    expect(() => losses.unpg(zeros([2, 3]), c32([0, 0]), zeros([2, 3]), { scale: -1 })).toThrow(/scale -1 must be/);
  });
});
