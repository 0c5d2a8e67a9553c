import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectionConfusion, judgedDetections } from '../../../src/train/detection/subject.js';
import { type Inspection, inspectRun, type RunSummary, renderInspection, tasks } from '../../../src/train/index.js';
import { calibrationOfAnswers } from '../../../src/train/inspection/calibration.js';
import { characterConfusion } from '../../../src/train/reading/subject.js';
import { wholeRun } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-inspect-tasks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const images = { trainSize: 96, testSize: 24, batchSize: 16, epochs: 1, width: 2, hidden: [12], seed: 5 } as const;
const looks = { samples: 6, points: 5, probes: 1, steps: 2 } as const;

/** A run of each task, and what its inspection shows beside the loss around the weights. */
const runs: readonly (readonly [name: string, settings: object, sections: readonly string[]])[] = [
  ['reconstruction', { task: 'reconstruction', model: 'mlp', noise: 0.2 }, ['Quality by image', 'The largest errors']],
  [
    'variational',
    { task: 'generation', model: 'mlp', latent: 4 },
    ['What the numbers of a code tell', 'Nearest neighbours'],
  ],
  ['flow', { loss: 'flowNegativeLogLikelihood', model: 'flow' }, ['Are codes normal?']],
  ['boltzmann', { loss: 'contrastiveDivergence', model: 'boltzmann', latent: 6 }, ['What hidden units look at']],
  [
    'depth',
    { data: 'spheres', regularizer: ['gradientLoss'], trainSize: 32 },
    ['Errors by distance', 'Where errors are'],
  ],
  [
    'segmentation',
    { data: 'scenes', task: 'segmentation' },
    ['Overlap by class', 'Where it is unsure', 'Confusion matrix'],
  ],
  [
    'detection',
    { task: 'detection', loss: 'uncertaintyWeighting', learningRate: 0.02, epochs: 4 },
    ['Precision and recall', 'Confusion matrix'],
  ],
  ['reading', { data: 'strings', learningRate: 0.02, epochs: 2 }, ['Errors by length', 'Confusion matrix']],
];

const inspections = new Map<string, Inspection>();

describe.each(runs)('the inspection of %s', (name, settings, sections) => {
  let inspection: Inspection;
  let result: RunSummary;
  beforeAll(async () => {
    const out = join(folder, name);
    result = await wholeRun({ ...images, ...settings }, out);
    inspection = await inspectRun(out, looks);
    inspections.set(name, inspection);
  });

  it('sees the loss around the weights, and its Hessian', () => {
    const { surface, spectrum, sharpness, samples } = inspection;
    expect(samples).toBe(6);
    expect(surface.losses.flat()).toHaveLength(25);
    expect(Number.isFinite(surface.losses[2][2])).toBe(true);
    expect(new Set(surface.losses.flat()).size).toBeGreaterThan(20);
    expect(spectrum).toHaveLength(2);
    expect(spectrum.every(({ eigenvalue }) => Number.isFinite(eigenvalue))).toBe(true);
    expect(Math.max(...spectrum.map(({ eigenvalue }) => Math.abs(eigenvalue)))).toBeGreaterThan(0);
    expect(Number.isFinite(sharpness)).toBe(true);
    expect(sharpness).not.toBe(0);
  });

  it('says what the test set was measured by, as the result does', () => {
    const [first] = Object.entries(result);
    expect(first[0]).toMatch(/^test/);
    const digits = inspection.facts?.[0][1].match(/-?[\d.]+/)?.[0] ?? '';
    const scale = inspection.facts?.[0][1].endsWith('%') ? 100 : 1;
    expect(Number(digits) / scale).toBeCloseTo(first[1] as number, scale === 100 ? 4 : 1);
  });

  it('is a page of figures with axes and words, and nothing from elsewhere', async () => {
    const html = (await renderInspection(inspection)).replaceAll(/"data:image[^"]*"/g, '"data:"');
    expect(html).not.toMatch(/(src|href)="(?!data:|#)|<script|NaN|undefined|\[object/);
    const { document } = parseHTML(html);
    const headings = [...document.querySelectorAll('h2')].map((e) => e.textContent);
    expect(headings).toEqual(expect.arrayContaining(['In numbers', ...sections]));
    expect(document.querySelectorAll('.charts svg').length).toBeGreaterThan(3);
    for (const text of ['Training loss around the weights', `${inspection.loss}`, 'seed 5'])
      expect(html).toContain(text);
  });
});

it('every task is looked at here or in a test of its own', () => {
  const own = ['classification', 'embedding', 'regression', 'ranking'];
  const here = ['reconstruction', 'generation', 'depth', 'segmentation', 'detection', 'reading'];
  expect(Object.keys(tasks).sort()).toEqual([...own, ...here].sort());
});

describe('what the inspections of answers count', () => {
  it('segmentation: every pixel, in confusion and reliability alike', () => {
    const { answers, classes } = inspections.get('segmentation') as Inspection;
    expect(answers?.of).toBe('pixels');
    expect(classes).toHaveLength(11);
    expect(answers?.confusion.flat().reduce((a, b) => a + b, 0)).toBe(24 * 48 * 48);
    // All pixels of so few scenes.
    const counted = answers?.reliability.reduce((sum, { count }) => sum + count, 0) ?? 0;
    expect(counted).toBe(24 * 48 * 48);
    const right = answers?.confusion.reduce((sum, row, i) => sum + row[i], 0) ?? 0;
    const accuracy = answers?.reliability.reduce((sum, bin) => sum + bin.count * bin.accuracy, 0) ?? 0;
    expect(accuracy).toBeCloseTo(right, 6);
  });

  it('detections: those of objects of their class, surest first; what is there once', () => {
    const box = [0, 0, 10, 10];
    const other = [20, 20, 30, 30];
    const there = [{ boxes: [box, other], labels: [1, 0] }];
    const found = [{ boxes: [box, other, box], scores: [0.9, 0.8, 0.7], labels: [1, 2, 1] }];
    expect(judgedDetections(found, there)).toEqual([
      { score: 0.9, right: true },
      { score: 0.8, right: false },
      { score: 0.7, right: false },
    ]);
    // The second is of an object, but not of its class; the third of one that is taken.
    expect(detectionConfusion(found, there, 3)).toEqual([
      [0, 0, 1, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 0],
      [0, 1, 0, 0],
    ]);
    const unsure = [{ ...found[0], scores: [0.9, 0.4, 0.3] }];
    expect(detectionConfusion(unsure, there, 3)[0]).toEqual([0, 0, 0, 1]);
  });

  it('reading: characters side by side with the fewest edits', () => {
    const strings = [
      { there: '120', read: '110' },
      { there: '12', read: '2' },
      { there: '0', read: '02' },
      { there: '', read: '' },
    ];
    expect(characterConfusion(strings, ['0', '1', '2'])).toEqual([
      [2, 0, 0, 0],
      [0, 1, 0, 1],
      [0, 1, 1, 0],
      [0, 0, 1, 0],
    ]);
  });

  it('calibration of answers that are right or wrong', () => {
    const { reliability, calibrationError, maximumCalibrationError, classwiseCalibrationError } = calibrationOfAnswers(
      [0.95, 0.95, 0.95, 0.95, 0.1],
      [true, true, true, false, false],
    );
    expect(reliability.reduce((sum, { count }) => sum + count, 0)).toBe(5);
    expect(calibrationError).toBeCloseTo((4 * 0.2 + 0.1) / 5, 12);
    expect(maximumCalibrationError).toBeCloseTo(0.2, 12);
    expect(classwiseCalibrationError).toBeUndefined();
  });
});

describe('what cannot be looked at', () => {
  it('are two networks that train against each other, and it is said why', async () => {
    const out = join(folder, 'adversarial');
    await wholeRun({ ...images, task: 'generation', loss: 'generatorLoss', latent: 4 }, out);
    await expect(inspectRun(out, looks)).rejects.toThrow(
      /^inspect: generatorLoss trains two networks in turn.*no one loss around the weights.*report$/,
    );
  });
});
