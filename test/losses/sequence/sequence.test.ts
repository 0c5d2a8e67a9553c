import { describe, expect, it } from 'vitest';
import { compile, grad, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { ctcLoss, minimumRisk, policyGradient } from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

describe('ctcLoss', () => {
  const example = () =>
    c64([
      [
        [0.6, 0.4],
        [0.5, 0.5],
        [0.3, 0.7],
      ],
    ]).log();

  it('has the value of its recursion', async () => {
    await expectValue(() => ctcLoss(example(), c32([[1]])), [0.2613647641]);
  });

  it('is the sum over all paths, for any blank', async () => {
    const steps = 4;
    const p = random64([1, steps, 3], { stream: 3, low: -1, high: 1 });
    const [logs] = await compile((x: Tensor) => [x.logSoftmax(-1)])(p);
    const l = toNumbers(logs);
    for (const [blank, labels] of [
      [0, [1, 1]],
      [2, [0, 1, 0]],
      [1, []],
    ] as const) {
      let total = 0;
      for (let code = 0; code < 3 ** steps; code++) {
        const path = Array.from({ length: steps }, (_, t) => Math.floor(code / 3 ** t) % 3);
        const read = path.filter((s, t) => s !== blank && s !== path[t - 1]);
        if (read.join() === labels.join()) total += Math.exp(path.reduce((sum: number, s, t) => sum + l[t * 3 + s], 0));
      }
      const run = compile((x: Tensor) => {
        const y = labels.length > 0 ? c32([labels]) : zeros([1, 0], 'int32');
        return ctcLoss(x.logSoftmax(-1), y, { blank });
      });
      expect(toNumbers(await run(p))[0]).toBeCloseTo(-Math.log(total), 10);
    }
  });

  it('cannot say more than it has steps for: Infinity, with derivative 0', async () => {
    await expectValue(() => ctcLoss(example(), c32([[1, 1, 1]])), [Infinity]);
    await expectValue(() => grad((x: Tensor) => ctcLoss(x, c32([[1, 1, 1]])))(example()), Array(6).fill(0));
  });

  it('has the derivatives of its equation', async () => {
    const inputLengths = () => c32([4, 3]);
    const labelLengths = () => c32([2, 1]);
    await checkDerivatives(
      (x) =>
        ctcLoss(
          x.logSoftmax(-1),
          c32([
            [1, 1],
            [2, 0],
          ]),
          { inputLengths: inputLengths(), labelLengths: labelLengths(), reduction: 'none' },
        ),
      [random64([2, 4, 3])],
    );
  });

  it('refuses other shapes', () => {
    expect(() => ctcLoss(zeros([2, 3]), c32([[1]]))).toThrow(/logProbabilities \[2, 3\] must be \[n, steps, classes\]/);
    expect(() => ctcLoss(zeros([2, 3, 4]), c32([[1]]))).toThrow(/labels int32\[1, 1\] must be integers \[2, labels\]/);
    expect(() => ctcLoss(zeros([1, 3, 4]), c32([[1]]), { blank: 4 })).toThrow(/blank 4/);
  });
});

describe('minimumRisk', () => {
  it('weighs risks by sharpened probabilities', async () => {
    const q = 0.8 ** 0.5 / (0.8 ** 0.5 + 0.2 ** 0.5);
    await expectValue(
      () => minimumRisk(c64([[Math.log(0.8), Math.log(0.2)]]), c64([[0.1, 0.9]]), { sharpness: 0.5 }),
      [0.1 * q + 0.9 * (1 - q)],
    );
    await checkDerivatives(
      (l, r) => minimumRisk(l, r, { sharpness: 2 }),
      [random64([2, 3]), random64([2, 3], { stream: 1 })],
    );
  });
});

describe('policyGradient', () => {
  it('scales log-probabilities by what the reward exceeds the baseline', async () => {
    await expectValue(() => policyGradient(c64([-1, -2]), c64([3, 1]), { baseline: 2 }), [(1 * 1 - 1 * 2) / 2]);
    await expectValue(() => grad((r: Tensor) => policyGradient(c64([-1, -2]), r))(c64([3, 1])), [0, 0]);
    await checkDerivatives((l) => policyGradient(l, c64([3, 1])), [random64([2])]);
  });
});
