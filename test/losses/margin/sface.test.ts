import { describe, expect, it } from 'vitest';
import { compile, concat, constant, grad, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const cosines = () =>
  c64([
    [0.6, 0.1, -0.2],
    [0.3, -0.5, 0.4],
    [0.2, 0.1, -0.95],
  ]);
const labels = () => c32([0, 2, 2]);
/** Three classes along the axes: features are their own cosines, and a fourth coordinate makes their length 1. */
const axes = () =>
  c64([
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ]);
const loss = (c: Tensor, options: losses.SFaceOptions = {}, y = labels()) =>
  losses.sFace(
    concat([c, c.square().sum(1, { keepDims: true }).neg().add(1).maximum(0).sqrt()], 1),
    axes(),
    y,
    options,
  );

describe('sFaceWeights', () => {
  it('are one half at the angles, and switch there the sharper, the steeper they are', async () => {
    const at = (theta: number, steepness?: number) => () =>
      losses.sFaceWeights(c64([[Math.cos(theta), Math.cos(theta)]]), c32([0]), {
        intraAngle: 0.9,
        interAngle: 0.9,
        steepness,
      });
    await expectValue(at(0.9), [0.5, 0.5]);
    await expectValue(at(0.8), [3.3535013047e-4, 1 - 3.3535013047e-4]);
    await expectValue(at(1, 1e6), [1, 0]);
    await expectValue(at(0.8, 1e6), [0, 1]);
  });

  it('have no derivative, and take cosines beyond 1 for 1', async () => {
    const sum = (c: Tensor) => losses.sFaceWeights(c, labels()).sum();
    await expectValue(() => grad(sum)(cosines()), Array(9).fill(0));
    await expectValue(() => losses.sFaceWeights(c64([[1.0000001, -1.0000001]]), c32([0])), [0, 0]);
  });
});

describe('sFace', () => {
  it('pulls to the class and pushes from the others, by weights that are constant', async () => {
    // Of cosines alone, for three axes at once have no room for those of the third row.
    const of = (scale: number, steepness: number) => (c: Tensor) => {
      const own = labels().oneHot(3, 'bool');
      const moved = losses.sFaceWeights(c, labels(), { steepness }).mul(c).mul(scale);
      return own.where(moved.neg(), moved).sum(1).mean();
    };
    await expectValue(() => of(8, 20)(cosines()), [0.2805337524]);
    await expectValue(() => of(64, 80)(cosines()), [-0.7286161847]);
    await expectValue(
      () => grad(of(8, 20))(cosines()).reshape([9]),
      [
        -2.4727943563, 0.0214969784, 0.0000521037, 0.8718308197, 8.278054e-8, -2.6646484026, 0.1544910719, 0.0214969784,
        -2.6666666667,
      ],
    );
    await expectValue(() => loss(cosines(), { scale: 8, steepness: 20 }).sub(of(8, 20)(cosines())), [0]);
  });

  it('leaves a sample alone that is near its class and far from the others', async () => {
    const slope = (own: number) => () =>
      grad((c: Tensor) => loss(c, {}, c32([0])).sum())(c64([[Math.cos(own), 0.1, 0]]))
        .at(0)
        .abs()
        .max();
    await expectValue(() => slope(0.5)().less(1e-3).cast('float64'), [1]);
    await expectValue(() => slope(1).call(undefined).greater(60).cast('float64'), [1]);
  });

  it('has the derivative of its value where the weights are held', async () => {
    const [x, w] = [random64([3, 4]), random64([3, 4], { stream: 1 })];
    const options = { scale: 4, steepness: 3 };
    const held = (at: Tensor, v: Tensor) => {
      const weights = losses.sFaceWeights(losses.classCosines(constant(x), constant(w)), labels(), options);
      const own = labels().oneHot(3, 'bool');
      const moved = weights.mul(losses.classCosines(at, v)).mul(4);
      return own.where(moved.neg(), moved).sum(1);
    };
    await checkDerivatives(held, [x, w]);
    const got = await compile((a: Tensor, b: Tensor) => [
      grad((p: Tensor[]) => losses.sFace(p[0], p[1], labels(), { ...options, reduction: 'sum' }))([a, b]),
      grad((p: Tensor[]) => held(p[0], p[1]).sum())([a, b]),
    ])(x, w);
    for (const i of [0, 1]) allClose(got[0][i], toNumbers(got[1][i]), 1e-12, 'gradient');
  });

  it('does not see lengths, and refuses what does not fit', async () => {
    const run = compile((a: Tensor, b: Tensor) => [
      losses.sFace(a, b, labels()),
      losses.sFace(a.mul(7), b.mul(0.1), labels()),
    ]);
    const [plain, stretched] = await run(random64([3, 4]), random64([3, 4], { stream: 1 }));
    allClose(stretched, toNumbers(plain), 1e-9, 'stretched');
    const at = (options: losses.SFaceOptions) => losses.sFace(zeros([2, 3]), zeros([4, 3]), c32([0, 0]), options);
    expect(() => at({ scale: 0 })).toThrow(/sFace: scale 0 must be a number above 0/);
    expect(() => at({ intraAngle: 4 })).toThrow(/intraAngle 4 must be .* at most 3.14/);
    expect(() => at({ steepness: 0 })).toThrow(/steepness 0 must be a number above 0/);
  });
});
