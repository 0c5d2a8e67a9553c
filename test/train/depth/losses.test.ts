import { describe, expect, it } from 'vitest';
import { spheres } from '../../../src/data/index.js';
import { compile, grad, type NDArray, type Tensor, toNumbers } from '../../../src/index.js';
import { scaleInvariantLog } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import {
  type DepthInput,
  depthLosses,
  depthRange,
  depthRegularizers,
  predictedDepth,
} from '../../../src/train/depth/losses.js';
import { chosenFrom, made } from '../../../src/train/options/choice.js';
import { numbers } from '../../support/derivatives.js';

const size = 16;
const scenes = spheres({ count: 3, key: key(0), size, stereo: true });
const pixels = (bytes: NDArray<'uint8'> | undefined): NDArray<'float32'> => {
  const { data, shape } = bytes as NDArray<'uint8'>;
  return { data: Float32Array.from(data, (byte) => byte / 255), shape, dtype: 'float32' };
};
const given = {
  images: pixels(scenes.images),
  left: pixels(scenes.left),
  right: pixels(scenes.right),
  depths: scenes.depths,
};
const parallax = scenes.focalLength * scenes.baseline;
const outputs: NDArray<'float32'> = {
  data: Float32Array.from(numbers(0, 3 * size * size, -2, 0)),
  shape: [3, 1, size, size],
  dtype: 'float32',
};
/** What a model would have to say for the true depths. */
const truth: NDArray<'float32'> = {
  ...outputs,
  data: scenes.depths.data.map((depth) => {
    const [low, high] = [1 / depthRange.farthest, 1 / depthRange.nearest];
    const share = (1 / depth - low) / (high - low);
    return Math.log(share / (1 - share));
  }),
};

type Given = { images: Tensor; left: Tensor; right: Tensor; depths: Tensor };
const inputOf = (z: Tensor, { images, left, right, depths }: Given): DepthInput => ({
  predicted: predictedDepth(z),
  mirrored: predictedDepth(z.flip(3)),
  images,
  depths,
  views: { left, right },
  parallax,
});

const all: [string, (input: DepthInput) => Tensor, (input: DepthInput) => Tensor][] = [
  ...Object.keys(depthLosses).map((name): (typeof all)[number] => {
    const { loss } = made(depthLosses, chosenFrom('loss', depthLosses).parse(name));
    return [name, loss, (input) => loss(input).sum()];
  }),
  ...Object.keys(depthRegularizers).map((name): (typeof all)[number] => {
    const { penalty } = made(depthRegularizers, chosenFrom('regularizer', depthRegularizers).parse(name));
    return [`regulariser ${name}`, penalty, penalty];
  }),
];

describe('losses of depth by name', () => {
  it.each(all)('%s: finite, lowered by its gradient', async (name, each, total) => {
    const run = compile((z: Tensor, scene: Given) => {
      const gradient = grad((x: Tensor) => total(inputOf(x, scene)))(z);
      const moved = z.sub(gradient.div(gradient.square().sum().sqrt()).mul(0.05));
      return { values: each(inputOf(z, scene)), before: total(inputOf(z, scene)), after: total(inputOf(moved, scene)) };
    });
    const { values, before, after } = await run(outputs, given as never);
    expect(values.shape).toEqual(name.startsWith('regulariser') ? [] : [3]);
    expect(toNumbers(values).every(Number.isFinite)).toBe(true);
    expect(toNumbers(after)[0]).toBeLessThan(toNumbers(before)[0]);
  });

  it.each(all.filter(([name]) => !/Smoothness|Consistency/.test(name)))(
    '%s: least at the true depths',
    async (_, __, total) => {
      const run = compile((z: Tensor, scene: Given) => total(inputOf(z, scene)));
      const [right, wrong] = [
        toNumbers(await run(truth, given as never))[0],
        toNumbers(await run(outputs, given as never))[0],
      ];
      // What is hidden from a view cannot be matched, so errors of views do not vanish.
      expect(right).toBeLessThan(0.7 * wrong);
    },
  );

  it('the nearer of two views is the one that sees the pixel', async () => {
    const [one, both] = ['photometricLoss', 'minimumReprojection'].map((name) =>
      made(depthLosses, { name, options: {} }),
    );
    const run = compile((z: Tensor, scene: Given) => [one.loss(inputOf(z, scene)), both.loss(inputOf(z, scene))]);
    const [a, b] = (await run(truth, given as never)).map((x) => toNumbers(x));
    a.forEach((value, i) => {
      expect(b[i]).toBeLessThan(value);
    });
  });

  it('options are handed on, and views are asked for', async () => {
    const loss = made(depthLosses, { name: 'scaleInvariantLog', options: { scaleInvariance: 1 } });
    const run = compile((z: Tensor, scene: Given) => [
      loss.loss(inputOf(z, scene)),
      scaleInvariantLog(predictedDepth(z).depth, scene.depths, { scaleInvariance: 1, reduction: 'none' }),
    ]);
    const [a, b] = (await run(outputs, given as never)).map((x) => toNumbers(x));
    expect(a).toEqual(b);
    const stereo = made(depthLosses, { name: 'photometricLoss', options: {} });
    const alone = compile((z: Tensor, { images, depths }: Given) =>
      stereo.loss({ predicted: predictedDepth(z), images, depths, parallax }),
    );
    await expect(alone(outputs, given as never)).rejects.toThrow(
      /a loss of views needs scenes with a left and a right/,
    );
  });

  it('depths lie between the nearest and the farthest', async () => {
    const run = compile((z: Tensor) => predictedDepth(z).depth);
    const ends = { data: Float32Array.of(-100, 100), shape: [2, 1, 1, 1], dtype: 'float32' } as const;
    const [far, near] = toNumbers(await run(ends));
    expect(far).toBeCloseTo(20, 4);
    expect(near).toBeCloseTo(1, 5);
    const back = toNumbers(await run(truth));
    back.forEach((depth, i) => {
      expect(Math.abs(depth / scenes.depths.data[i] - 1)).toBeLessThan(1e-4);
    });
  });
});
