import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { parseConfig, readMetrics, runFiles } from '../../../src/train/index.js';
import { maskAugmentations, movingAugmentations, outside } from '../../../src/train/segmentation/augmentations.js';
import { chosenBy } from '../choices.js';
import { expectResumed, wholeRun } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-moving-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [n, side] = [12, 16];
/** Discs and bars of three classes. */
const labels = Uint8Array.from({ length: n * side * side }, (_, at) => {
  const [image, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
  if ((x - 4 - (image % 4)) ** 2 + (y - 6) ** 2 < 14) return 4;
  return y > 9 + (image % 3) ? 9 : 0;
});
const masks: NDArray<'uint8'> = { data: labels, shape: [n, side, side], dtype: 'uint8' };
/** Pictures that show the classes themselves, from 1, in 16ths; 0 is what comes from outside. */
const images = ndarray(
  Float32Array.from(labels, (label) => (label + 1) / 16),
  { shape: [n, 1, side, side] },
);

/** Pictures, as the classes that they show, and masks after an augmentation. */
async function changed(text: string, seed: number): Promise<{ shown: number[]; masks: number[] }> {
  const change = chosenBy(maskAugmentations, text);
  const run = compile((x: Tensor, y: Tensor, k: Tensor) => {
    const after = change({ images: x, examples: { images: x, masks: y, indices: y } }, k);
    return { images: after.images, masks: after.examples.masks.cast('int32') };
  });
  const got = await run(images, masks, key(seed));
  return { shown: toNumbers(got.images).map((v) => v * 16 - 1), masks: toNumbers(got.masks) };
}

describe('masks follow pictures', () => {
  it.each([
    'randomHorizontalFlip',
    'randomCrop:padding=5',
    'randomCrop:padding=5,border=reflect',
    'randomCrop:padding=3,border=replicate',
    'cutMix',
    // Quarters of a turn and whole pixels need no pixels in between.
    'randomAffine:translation=[0.25,0.25]',
    'randomAffine:rotation=[180,180],translation=[-0.125,-0.125]',
  ])('%s: exactly, at every pixel', async (text) => {
    let moved = 0;
    for (const seed of [1, 2, 3, 4]) {
      const got = await changed(text, seed);
      got.shown.forEach((shown, i) => {
        expect(Math.abs(shown - got.masks[i]), `pixel ${i}`).toBeLessThan(1e-4);
      });
      moved += got.masks.filter((label, i) => label !== labels[i]).length;
    }
    expect(moved).toBeGreaterThan(100);
  });

  it('randomAffine: wherever a pixel of the picture is no blend', async () => {
    const got = await changed(
      'randomAffine:rotation=[-40,40],scale=[0.7,1.3],shear=[-10,10],translation=[-0.2,0.2]',
      5,
    );
    const classes = [outside, 0, 4, 9];
    expect(new Set(got.masks)).toEqual(new Set(classes));
    let [pure, apart] = [0, 0];
    got.shown.forEach((shown, i) => {
      if (!classes.some((label) => Math.abs(shown - label) < 1e-3)) return;
      pure++;
      if (Math.abs(shown - got.masks[i]) > 1e-3) apart++;
    });
    expect(pure).toBeGreaterThan(0.7 * labels.length);
    // A blend of some classes may look like another.
    expect(apart).toBeLessThan(0.001 * labels.length);
  });

  it('by the key alone, each in its own way', async () => {
    for (const text of ['randomCrop', 'randomHorizontalFlip', 'cutMix', 'randomAffine:rotation=[-30,30]']) {
      const [a, same, other] = [await changed(text, 7), await changed(text, 7), await changed(text, 8)];
      expect(same).toEqual(a);
      expect(other.masks).not.toEqual(a.masks);
    }
  });

  it('stay as they are where nothing moves', async () => {
    for (const name of Object.keys(maskAugmentations).filter((name) => !Object.hasOwn(movingAugmentations, name)))
      expect((await changed(name === 'cutout' ? 'cutout:size=4' : name, 3)).masks).toEqual(Array.from(labels));
  });
});

describe('segmentation of scenes that move', () => {
  const small = { data: 'scenes', width: 2, trainSize: 48, testSize: 8, batchSize: 16, epochs: 1, seed: 2 } as const;

  it('goes on bit for bit where it was stopped', async () => {
    const augment = [
      'randomCrop:padding=6',
      'randomHorizontalFlip',
      'randomContrast',
      'randomAffine:rotation=[-15,15],scale=[0.9,1.1]',
      'cutMix',
    ];
    const settings = { ...small, augment, regularizer: ['labelSmoothingPenalty', 'regMixup'] };
    await wholeRun(settings, join(folder, 'whole'));
    await expectResumed(settings, join(folder, 'whole'), join(folder, 'parts'), 2);
  });

  it.each(['diceLoss:crossEntropyWeight=1', 'crossEntropy', 'lovaszSoftmax', 'polyLoss:ignoreIndex=3'])(
    '%s does not count what comes from outside',
    async (loss) => {
      const first = async (name: string, border: string) => {
        const augment = [`randomAffine:translation=[1,1],border=${border}`];
        await wholeRun({ ...small, loss, augment, trainSize: 16 }, join(folder, name));
        const [line] = await readMetrics(join(folder, name, runFiles.metrics));
        return line;
      };
      // All of every picture is out of sight.
      const gone = await first(`gone ${loss}`, 'zeros');
      expect([gone.loss, gone.pixelAccuracy]).toEqual([0, 0]);
      const kept = await first(`kept ${loss}`, 'border');
      expect(kept.loss).toBeGreaterThan(0);
    },
  );

  it('takes no mixtures of classes', () => {
    expect(() => parseConfig({ ...small, augment: ['mixup'] })).toThrow(
      /mixup is for classification.*, not for segmen/,
    );
  });
});
