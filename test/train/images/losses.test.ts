import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, exportOnnx, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { msSsimLoss, ssimLoss } from '../../../src/losses/index.js';
import { imageLosses } from '../../../src/train/images/losses.js';
import { chosenFrom, made } from '../../../src/train/options/choice.js';
import { numbers } from '../../support/derivatives.js';

const images = (stream: number, shape: number[]): NDArray<'float32'> => ({
  data: Float32Array.from(
    numbers(
      stream,
      shape.reduce((a, b) => a * b),
      -2,
      2,
    ),
  ),
  shape,
  dtype: 'float32',
});
const lossNamed = (text: string) => made(imageLosses, chosenFrom('loss', imageLosses).parse(text));

const folder = mkdtempSync(join(tmpdir(), 'cotangent-features-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('losses of images by name', () => {
  const shape = [3, 2, 24, 20];
  const others = images(1, shape);
  // Not without likeness: where the contrasts of two images agree in nothing, msSsim is 0 and flat.
  const noise = images(0, shape).data;
  const logits = { ...others, data: others.data.map((x, i) => 0.7 * x + 0.5 * noise[i]) };

  it.each(Object.keys(imageLosses))(
    '%s: a number for each image, its own alone, which its gradient lowers',
    async (name) => {
      const loss = lossNamed(name);
      const run = compile((z: Tensor, w: Tensor) => {
        const target = w.sigmoid();
        const of = (x: Tensor) => loss({ logits: x, images: x.sigmoid() }, target);
        const gradient = grad((x: Tensor) => of(x).sum())(z);
        const size = gradient.square().sum().sqrt();
        return {
          each: of(z),
          moved: of(z.sub(gradient.div(size).mul(0.1))),
          // Of one image alone: what the others are does not matter.
          first: of(z.slice([[0, 1]]).concat(w.slice([[1, 3]]), 0)),
          equal: of(w),
        };
      });
      const { each, moved, first, equal } = await run(logits, others);
      expect(each.shape).toEqual([3]);
      const [before, after, same] = [each, moved, equal].map((x) => toNumbers(x));
      for (let i = 0; i < 3; i++) {
        expect(Number.isFinite(before[i])).toBe(true);
        expect(after[i]).toBeLessThan(before[i]);
        expect(same[i]).toBeLessThan(before[i]);
      }
      // The threshold of berHu is a share of the largest error of the batch.
      if (name !== 'berHu') expect(toNumbers(first)[0]).toBeCloseTo(before[0], 5);
      // The cross-entropy of a picture with itself is its entropy.
      if (name !== 'binaryCrossEntropyWithLogits') expect(Math.max(...same.map(Math.abs))).toBeLessThan(1e-5);
    },
  );

  it('hand options on, and take three scales where five do not fit', async () => {
    const small = { windowSize: 5, sigma: 1, weights: [0.0711, 0.453, 0.476] };
    const names = ['msSsimLoss', 'ssimLoss:windowSize=7,sigma=2', 'msSsimLoss:windowSize=3,weights=[0.5,0.5]'];
    const losses = names.map(lossNamed);
    const run = compile((z: Tensor, w: Tensor) => {
      const [x, y] = [z.sigmoid(), w.sigmoid()];
      return {
        named: losses.map((loss) => loss({ logits: z, images: x }, y)),
        plain: [
          msSsimLoss(x, y, { ...small, reduction: 'none' }),
          ssimLoss(x, y, { windowSize: 7, sigma: 2, reduction: 'none' }),
          msSsimLoss(x, y, { windowSize: 3, weights: [0.5, 0.5], reduction: 'none' }),
        ],
      };
    });
    const { named, plain } = await run(logits, others);
    expect(named.map((x) => toNumbers(x))).toEqual(plain.map((x) => toNumbers(x)));
  });

  it('compare features of a network with random weights, or of an ONNX model', async () => {
    const at = async (text: string) => {
      const loss = lossNamed(text);
      const run = compile((z: Tensor, w: Tensor) => loss({ logits: z, images: z.sigmoid() }, w.sigmoid()));
      return toNumbers(await run(logits, others));
    };
    const random = await at('featureReconstruction');
    expect(await at('featureReconstruction')).toEqual(random);
    expect(await at('featureReconstruction:seed=1')).not.toEqual(random);
    expect(await at('featureReconstruction:weights=[1,0,0]')).toEqual(await at('featureReconstruction:depth=1'));
    const pixels = await at('meanSquaredError');
    (await at('featureReconstruction:pixelWeight=2')).forEach((value, i) => {
      expect(value).toBeCloseTo(random[i] + 2 * pixels[i], 5);
    });

    const path = join(folder, 'twice.onnx');
    const example = ndarray([[[[0]]]]);
    const twice = exportOnnx(
      ((_: unknown, { x }: { x: Tensor }) => ({ doubled: x.mul(2), plain: x.add(1) })) as never,
      {},
      { x: { ...example, data: new Float32Array(3 * 2 * 24 * 20), shape } },
      { name: 'twice' },
    );
    writeFileSync(path, twice);
    (await at(`featureReconstruction:model=${path}`)).forEach((value, i) => {
      expect(value).toBeCloseTo(4 * pixels[i], 5);
    });
    (await at(`featureReconstruction:model=${path},layers=["plain","doubled"],weights=[1,0]`)).forEach((value, i) => {
      expect(value).toBeCloseTo(pixels[i], 5);
    });
    expect(() => lossNamed('featureReconstruction:model=/no/such/file.onnx')).toThrow(
      /featureReconstruction: \/no\/such\/file.onnx: does not exist/,
    );
  });
});
