import { describe, expect, it } from 'vitest';
import { compile, constant, grad, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

/** Unit vectors at angles in degrees. */
const at = (...degrees: number[]) =>
  c64(degrees.map((a) => [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)]));

describe('thresholdConsistentMargin', () => {
  const x = () => at(0, 20, 70, 90, 100, 50);
  const labels = () => c32([0, 0, 0, 1, 1, 1]);
  const of = (options?: losses.ThresholdConsistentMarginOptions) => () =>
    losses.thresholdConsistentMargin(x(), labels(), options);

  it('is the mean miss of the hard pairs, of either kind', async () => {
    await expectValue(of(), [0.6524347803]);
    const cos = (d: number) => Math.cos((d * Math.PI) / 180);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const positives = 0.9 - mean([70, 50, 40, 50].map(cos));
    const negatives = mean([50, 30, 30, 20, 20].map(cos)) - 0.5;
    await expectValue(of({ negativeWeight: 0 }), [positives]);
    await expectValue(of({ positiveWeight: 0, negativeWeight: 3 }), [3 * negatives]);
    // A pair at the margin counts, and costs 0.
    await expectValue(
      () =>
        losses.thresholdConsistentMargin(
          c64([
            [1, 0],
            [0.6, 0.8],
            [0, 1],
          ]),
          c32([0, 0, 0]),
          { positiveMargin: 0.6 },
        ),
      [0.3],
    );
  });

  it('leaves embeddings alone where no pair is hard', async () => {
    const loss = (z: Tensor) => losses.thresholdConsistentMargin(z, c32([0, 0, 1, 1]));
    const apart = () => at(0, 10, 90, 100);
    await expectValue(() => loss(apart()), [0]);
    await expectValue(() => grad(loss)(apart()).abs().sum(), [0]);
    // One class, and a single embedding: no negatives, no pairs.
    await expectValue(() => losses.thresholdConsistentMargin(at(0, 5), c32([3, 3])), [0]);
    await expectValue(() => losses.thresholdConsistentMargin(at(0), c32([3])), [0]);
  });

  it('is the same in parts, and against a memory', async () => {
    const z = random64([7, 3]);
    const y = () => c32([0, 1, 2, 0, 1, 2, 0]);
    const run = compile((v: Tensor) =>
      [undefined, 3].map((chunk) => {
        const own = (u: Tensor) => losses.thresholdConsistentMargin(u, y(), { chunk, positiveWeight: 2 });
        return [own(v), grad(own)(v)];
      }),
    );
    const [whole, parts] = await run(z);
    for (const i of [0, 1]) allClose(parts[i], toNumbers(whole[i]), 1e-12, 'in parts');
    await expectValue(
      () =>
        losses.thresholdConsistentMargin(at(0), c32([0]), {
          reference: { embeddings: at(60, 30), labels: c32([0, 1]) },
        }),
      [0.4 + Math.cos(Math.PI / 6) - 0.5],
    );
  });

  it('has the derivatives of its value, and does not see lengths', async () => {
    const loss = (z: Tensor) => losses.thresholdConsistentMargin(z, c32([0, 1, 0, 1, 0]));
    await checkDerivatives(loss, [random64([5, 3])]);
    await expectValue(() => loss(constant(random64([5, 3])).mul(9)).sub(loss(constant(random64([5, 3])))), [0]);
  });

  it('refuses what does not fit', () => {
    expect(of({ positiveMargin: 2 })).toThrow(/thresholdConsistentMargin: positiveMargin 2 must be .* at most 1/);
    expect(of({ negativeWeight: -1 })).toThrow(/negativeWeight -1 must be a number at least 0/);
    expect(() => losses.thresholdConsistentMargin(zeros([2, 3]), c32([0]))).toThrow(
      /thresholdConsistentMargin: labels int32\[1\] must be integers \[2\]/,
    );
  });
});
