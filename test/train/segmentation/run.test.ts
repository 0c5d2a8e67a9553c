import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  parseConfig,
  type RunSummary,
  readMetrics,
  readRun,
  renderComparison,
  runFiles,
  tasks,
} from '../../../src/train/index.js';
import { scenesOf } from '../../../src/train/scenes/data.js';
import { segmentationMeasures } from '../../../src/train/segmentation/measures.js';
import { maskPictures, regions } from '../../../src/train/segmentation/report.js';
import { expectResumed, remade, wholeRun } from '../runs.js';
import { answersOf } from '../scenes/answers.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-segmentation-'));
afterAll(() => rmSync(folder, { recursive: true }));

const small = {
  data: 'scenes',
  width: 4,
  trainSize: 192,
  testSize: 24,
  batchSize: 16,
  epochs: 2,
  learningRate: 0.02,
  seed: 4,
} as const;
const out = join(folder, 'run');
let result: RunSummary;

beforeAll(async () => {
  result = await wholeRun(small, out);
});

describe('segmentation of scenes', () => {
  it('learns where ink is', async () => {
    expect(parseConfig(small)).toMatchObject({ task: 'segmentation', model: 'unet', loss: { name: 'diceLoss' } });
    const lines = await readMetrics(join(out, runFiles.metrics));
    const losses = lines.flatMap(({ loss }) => loss ?? []);
    expect(losses).toHaveLength(24);
    // Of 11 classes; most pixels are of none.
    expect(result.testLoss).toBeLessThan(1.8);
    expect(result.testPixelAccuracy).toBeGreaterThan(0.7);
    expect(lines.filter(({ testMeanIou }) => testMeanIou !== undefined)).toHaveLength(2);
  });

  it('exports what was measured', async () => {
    expect(await remade(out)).toEqual(new Uint8Array(readFileSync(join(out, runFiles.model))));
    const { test } = scenesOf(parseConfig(small));
    const { logits } = await answersOf(join(out, runFiles.model), test.images);
    const [n, classes, height, width] = logits.dims;
    expect([n, classes, height, width]).toEqual([24, 11, 48, 48]);
    const predicted = new Int32Array(n * height * width);
    for (let at = 0; at < predicted.length; at++) {
      const [image, pixel] = [Math.floor(at / (height * width)), at % (height * width)];
      const logit = (label: number) => logits.data[(image * classes + label) * height * width + pixel];
      for (let label = 1; label < classes; label++) if (logit(label) > logit(predicted[at])) predicted[at] = label;
    }
    const measured = segmentationMeasures(
      { data: predicted, shape: test.masks.shape, dtype: 'int32' },
      test.masks,
      classes,
    );
    expect(measured.meanIou).toBeCloseTo(result.testMeanIou, 4);
    expect(measured.dice).toBeCloseTo(result.testDice, 4);
    expect(measured.pixelAccuracy).toBeCloseTo(result.testPixelAccuracy, 4);
  });

  it('goes on bit for bit where it was stopped', () => expectResumed(small, out, join(folder, 'parts'), 7));

  it('shows scenes, what is there, what was predicted and what is wrong', () => {
    const { document } = parseHTML(readFileSync(join(out, runFiles.report), 'utf8'));
    const rows = [...document.querySelectorAll('table.pictures tbody tr')];
    expect(rows).toHaveLength(12);
    for (const row of rows) expect(row.querySelectorAll('svg.marked')).toHaveLength(4);
    const titles = [...document.querySelectorAll('.charts figcaption')].map((e) => e.textContent);
    expect(titles).toEqual([
      'Loss',
      'Mean intersection over union',
      'Dice coefficient',
      'Accuracy of pixels',
      'Learning rate',
    ]);
  });

  it('trains on losses of overlaps on changed pictures, and compares', async () => {
    const other = join(folder, 'dice');
    const settings = {
      ...small,
      trainSize: 64,
      epochs: 1,
      loss: 'focalTverskyLoss:gamma=1.5',
      augment: ['randomContrast'],
      optimizer: 'sam:base=adam',
    };
    const { testMeanIou } = await wholeRun(settings, other);
    expect(testMeanIou).toBeGreaterThan(0);
    const page = await renderComparison([await readRun(out), await readRun(other)]);
    for (const text of ['test mean intersection over union', 'focalTverskyLoss:', 'randomContrast'])
      expect(page).toContain(text);
  });

  it('takes what regularises classifiers, at each pixel', async () => {
    const settings = { ...small, width: 2, trainSize: 32, testSize: 8, epochs: 1 };
    const firstLoss = async (name: string, regularizer: readonly string[]) => {
      await wholeRun({ ...settings, regularizer }, join(folder, name));
      return (await readMetrics(join(folder, name, runFiles.metrics)))[0].loss ?? Number.NaN;
    };
    const names = Object.keys(tasks.segmentation.regularizers);
    expect(names).toEqual(expect.arrayContaining(['adversarialPerturbation', 'conditionalEntropy', 'logitPenalty']));
    expect(names).not.toContain('virtualAdversarialLoss');
    const all = names.map((name) => (name === 'adversarialPerturbation' ? `${name}:radius=0.5` : name));
    const [plain, more] = [await firstLoss('plain', []), await firstLoss('regularised', all)];
    // The loss of changed pictures and of mixed ones are each about as large again, the entropy near ln 11.
    expect(more).toBeGreaterThan(3 * plain);
    expect(more).toBeLessThan(5 * plain);
  });

  it.each([
    [{ data: 'scenes', loss: 'dicLoss' }, /no loss is called dicLoss; did you mean diceLoss/],
    [{ data: 'scenes', augment: ['mixup'] }, /mixup is for .*classification.*, not for segmentation/],
    [{ task: 'detection', augment: ['randomCrop'] }, /randomCrop is for .*segmentation.*, not for detection/],
    [{ data: 'scenes', model: 'mlp' }, /mlp is for classification, .*, not for segmentation, which has unet/],
  ])('%j is refused', (input, message) => {
    expect(() => parseConfig(input)).toThrow(message);
  });
});

describe('what a segmentation is measured by', () => {
  it('is the mean over classes that are there or predicted', () => {
    const of = (labels: number[]) => ({ data: Int32Array.from(labels), shape: [1, 1, 6], dtype: 'int32' }) as const;
    // Class 0: 2 of 3 pixels in the union; class 1: 2 of 4; class 2: 0 of 1; class 3 nowhere.
    const measured = segmentationMeasures(of([0, 0, 1, 1, 1, 2]), of([0, 0, 0, 1, 1, 1]), 4);
    expect(measured.meanIou).toBeCloseTo((2 / 3 + 2 / 4 + 0) / 3, 12);
    expect(measured.dice).toBeCloseTo((4 / 5 + 4 / 6 + 0) / 3, 12);
    expect(measured.pixelAccuracy).toBeCloseTo(4 / 6, 12);
  });
});

describe('regions of a mask', () => {
  it('hang together by sides and corners, classes apart', () => {
    const mask = [
      [1, 0, 0, 2],
      [0, 1, 0, 2],
      [3, 0, 0, 0],
      [3, 3, 0, 1],
    ].flat();
    expect(regions(mask, 4, 4)).toEqual([
      { label: 1, pixels: 2, x: 1, y: 1 },
      { label: 2, pixels: 2, x: 3.5, y: 1 },
      { label: 3, pixels: 3, x: 5 / 6, y: 19 / 6 },
      { label: 1, pixels: 1, x: 3.5, y: 3.5 },
    ]);
  });

  it('carry the names of their classes, wrong pixels in black', () => {
    const masks = { data: new Uint8Array(64), shape: [1, 8, 8], dtype: 'uint8' } as const;
    for (let i = 0; i < 24; i++) masks.data[i] = 3;
    const predicted = { ...masks, data: masks.data.map((v, i) => (i === 0 ? 5 : v)) };
    const images = { data: new Uint8Array(64), shape: [1, 1, 8, 8], dtype: 'uint8' } as const;
    const classes = ['a', 'b', 'c', 'd', 'e'];
    const { document } = parseHTML(maskPictures({ images, masks, classes }, predicted));
    expect([...document.querySelectorAll('text')].map((e) => e.textContent)).toEqual(['c', 'c']);
    expect(document.querySelector('tbody td:last-child')?.textContent).toBe('1');
  });
});
