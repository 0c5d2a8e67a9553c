import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classFeatureMeans } from '../../../src/diagnostics/index.js';
import { compile, constant, grad, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import {
  classDirectionLoss,
  type DistillationOptions,
  distillationLoss,
  ndLoss,
  trajectoryLoss,
} from '../../../src/losses/index.js';
import { allClose, checkDerivatives, close, numbers, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';
import { c32, c64, expectValue, value } from '../../support/losses.js';

const student = () =>
  c64([
    [1, 2, 0],
    [6, -1, 2],
    [0.5, 0, -0.5],
  ]);
const teacher = () =>
  c64([
    [3, 0, 4],
    [1, 1, 1],
    [0, 2, 0],
  ]);
const means = () =>
  c64([
    [2, 1, 2],
    [0, 3, 4],
  ]);
const labels = () => c32([0, 1, 0]);
const none = { reduction: 'none' } as const;

describe('ndLoss', () => {
  it('has the values and the gradient of its equation', async () => {
    await expectValue(() => ndLoss(student(), teacher(), means(), labels(), none), [0.7333333333, 0.8438262381, 1]);
    await expectValue(() => ndLoss(student(), teacher(), means(), labels()), [0.8590531905]);
    await expectValue(
      () => grad((s: Tensor) => ndLoss(s, teacher(), means(), labels()))(student()),
      [
        -0.0444444444, -0.0222222222, -0.0444444444, 0.0076182323, -0.0325044578, -0.0391069257, -0.1111111111,
        -0.0555555556, -0.1111111111,
      ],
    );
  });

  it('only turns a student that is long enough, and lengthens one that is not', async () => {
    const [, along, short] = await value(() => {
      const gradient = grad((s: Tensor) => ndLoss(s, teacher(), means(), labels()))(student());
      return gradient.mul(student()).sum(1);
    });
    close(along, 0, 1e-15, 'no length along the second');
    // The third is orthogonal to its mean: towards the mean is away from no length of its own.
    close(short, 0, 1e-15, 'along the third');
    const at = (factor: number) => value(() => ndLoss(student().mul(factor), teacher(), means(), labels(), none));
    const [first, second, third, fourth] = await Promise.all([1, 2, 3, 4].map(at));
    // Linear in the length up to that of the teacher, 5 of sqrt 5, and constant from there on.
    close(first[0] - second[0], 1 - first[0], 1e-12, 'a step of the length');
    expect(second[0]).toBeGreaterThan(third[0]);
    close(third[0], fourth[0], 1e-12, 'beyond');
    close(first[1], fourth[1], 1e-12, 'the second');
  });

  it('is 0 along the mean, 2 against it', async () => {
    const unit = () => c64([[2 / 3, 1 / 3, 2 / 3]]);
    const of = (s: number, t: number) => ndLoss(unit().mul(s), unit().mul(t), means(), c32([0]));
    await expectValue(() => of(4, 4), [0], 14);
    await expectValue(() => of(-4, 3), [2], 14);
    await expectValue(() => of(1, 4), [0.75], 14);
  });

  it('does not see the lengths of the means', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 2, maxLength: 2 }),
        async (factors) => {
          const scaled = () => means().mul(c64(factors).expandDims(1));
          await expectValue(
            () => ndLoss(student(), teacher(), scaled(), labels()).sub(ndLoss(student(), teacher(), means(), labels())),
            [0],
            12,
          );
        },
      ),
      { numRuns: 5 },
    );
  });

  it('of nothing costs 1, without a derivative: features of zeros, a class without samples, a label that is none', async () => {
    const rows = () =>
      c64([
        [0, 0, 0],
        [1, 2, 3],
        [1, 2, 3],
      ]);
    const sparse = () =>
      c64([
        [2, 1, 2],
        [0, 0, 0],
      ]);
    const loss = (s: Tensor) =>
      ndLoss(
        s,
        c64([
          [0, 0, 0],
          [1, 1, 1],
          [1, 1, 1],
        ]),
        sparse(),
        c32([0, 1, 7]),
        none,
      );
    await expectValue(() => loss(rows()), [1, 1, 1]);
    await expectValue(() => grad((s: Tensor) => loss(s).sum())(rows()), new Array(9).fill(0));
  });

  it('holds the teacher and its means still', async () => {
    const gradients = await compile(() =>
      grad(([t, m]: readonly [Tensor, Tensor]) => ndLoss(student(), t, m, labels()))([teacher(), means()]),
    )();
    for (const gradient of gradients) expect(toNumbers(gradient).every((g) => g === 0)).toBe(true);
  });

  it('has the derivatives of its values, with means of the teacher', async () => {
    const features = random64([12, 4], { low: 0, high: 2 });
    const y = numbers(5, 12, 0, 3).map(Math.floor);
    const fitted = classFeatureMeans(features, y, 3).means;
    const run = (s: Tensor) => ndLoss(s, constant(features), constant(fitted), c32(y), none);
    await checkDerivatives(run, [random64([12, 4], { low: 0, high: 2, stream: 1 })]);
    await checkDerivatives((s) => classDirectionLoss(s, constant(fitted), c32(y)), [random64([12, 4], { stream: 2 })]);
  });

  it('refuses what does not fit', () => {
    const y = zeros([3], 'int32');
    expect(() => ndLoss(zeros([3, 2]), zeros([3, 4]), zeros([5, 2]), y)).toThrow(
      /ndLoss: student \[3, 2\] and teacher \[3, 4\] must be one shape/,
    );
    expect(() => ndLoss(zeros([3, 2]), zeros([3, 2]), zeros([5, 4]), y)).toThrow(
      /ndLoss: means \[5, 4\] must be \[classes, 2\] for student \[3, 2\]/,
    );
  });
});

describe('classDirectionLoss', () => {
  it('has the values of its equation, that of ndLoss for students that are long enough', async () => {
    const expected = [0.403715206, 0.8438262381, 1];
    await expectValue(() => classDirectionLoss(student(), means(), labels(), none), expected);
    await expectValue(() => ndLoss(student().mul(100), teacher(), means(), labels(), none), expected);
  });
});

describe('distillationLoss', () => {
  it('is the divergence of the teacher, and what the trajectory loss averages', async () => {
    const [z, t] = [random64([3, 4], { low: -3, high: 3 }), random64([3, 4], { low: -3, high: 3, stream: 1 })];
    const run = compile((a: Tensor, b: Tensor) => ({
      same: distillationLoss(a, a),
      difference: distillationLoss(a, b, { temperature: 5 }).sub(trajectoryLoss(a, b)),
      held: grad((c: Tensor) => distillationLoss(a, c))(b),
    }));
    const { same, difference, held } = await run(z, t);
    close(toNumbers(same)[0], 0, 1e-14, 'of itself');
    close(toNumbers(difference)[0], 0, 1e-14, 'trajectory');
    expect(toNumbers(held).every((g) => g === 0)).toBe(true);
    await checkDerivatives((a) => distillationLoss(a, constant(t), none), [z]);
  });

  it('refuses what does not fit', () => {
    expect(() => distillationLoss(zeros([2, 3]), zeros([2, 4]))).toThrow(
      /distillationLoss: student \[2, 3\] and teacher \[2, 4\]/,
    );
    expect(() => distillationLoss(zeros([2, 3]), zeros([2, 3]), { temperature: 0 })).toThrow(/temperature 0/);
  });
});

describe("against the authors' definitions in PyTorch", () => {
  const reference = golden<{
    labels: number[];
    teacher: GoldenArray;
    means: GoldenArray;
    teacherLogits: GoldenArray;
    longer: boolean[];
    cases: {
      name: string;
      options: DistillationOptions;
      student: GoldenArray;
      cotangent: GoldenArray;
      output: GoldenArray;
      gradient: GoldenArray;
    }[];
  }>('distillation');
  const of = (array: GoldenArray) => constant(fromGolden(array));
  const y = () => c32(reference.labels);
  const ways: Record<string, (s: Tensor, options: DistillationOptions) => Tensor> = {
    ndLoss: (s) => ndLoss(s, of(reference.teacher), of(reference.means), y(), none),
    classDirectionLoss: (s) => classDirectionLoss(s, of(reference.means), y(), none),
    distillationLoss: (s, options) => distillationLoss(s, of(reference.teacherLogits), { ...options, ...none }),
  };

  it('has students that are longer than their teacher, and shorter ones', () => {
    expect(new Set(reference.longer).size).toBe(2);
  });

  it.each(reference.cases.map((c, i) => [`${i} ${c.name}`, c] as const))('%s', async (_, c) => {
    const run = compile((s: Tensor, u: Tensor) => ({
      output: ways[c.name](s, c.options),
      gradient: grad((p: Tensor) => ways[c.name](p, c.options).mul(u).sum())(s),
    }));
    const { output, gradient } = await run(fromGolden(c.student), fromGolden(c.cotangent));
    allClose(output, c.output.data, 1e-12, 'output');
    allClose(gradient, c.gradient.data, 1e-12, 'gradient');
  });
});
