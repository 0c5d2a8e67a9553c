import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NDArray } from '../../../src/index.js';
import { detectionMeasures, detectionsOf, objectsOf } from '../../../src/train/detection/detect.js';
import { boxPictures, matched } from '../../../src/train/detection/report.js';
import {
  decodeSafetensors,
  parseConfig,
  type RunSummary,
  readMetrics,
  readRun,
  renderComparison,
  runFiles,
} from '../../../src/train/index.js';
import { scenesOf } from '../../../src/train/scenes/data.js';
import { checkpointOf, expectResumed, remade, wholeRun } from '../runs.js';
import { answersOf } from '../scenes/answers.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-detection-'));
afterAll(() => rmSync(folder, { recursive: true }));

const small = {
  task: 'detection',
  loss: 'uncertaintyWeighting:box=completeIouLoss,objectness=binaryFocalLoss:gamma=1',
  width: 8,
  trainSize: 256,
  testSize: 40,
  batchSize: 16,
  epochs: 4,
  learningRate: 0.01,
  seed: 1,
} as const;
const out = join(folder, 'run');
let result: RunSummary;

beforeAll(async () => {
  result = await wholeRun(small, out);
});

describe('detection in scenes', () => {
  it('learns where objects are, and how much each loss counts', async () => {
    const lines = await readMetrics(join(out, runFiles.metrics));
    const overlaps = lines.flatMap(({ boxOverlap }) => boxOverlap ?? []);
    expect(overlaps).toHaveLength(64);
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(overlaps.slice(-10))).toBeGreaterThan(mean(overlaps.slice(0, 10)) + 0.1);
    expect(result.testMeanAveragePrecision).toBeGreaterThan(0);
    expect(result.testMeanAveragePrecisionTo95).toBeLessThan(result.testMeanAveragePrecision);
    const { tensors } = decodeSafetensors(checkpointOf(out));
    const variances = [...tensors['params.loss.logVariances'].data].map(Number);
    expect(new Set(variances).size).toBe(3);
    for (const v of variances) expect(Math.abs(v)).toBeGreaterThan(1e-3);
  });

  it('exports what was measured', async () => {
    expect(await remade(out)).toEqual(new Uint8Array(readFileSync(join(out, runFiles.model))));
    const { test } = scenesOf(parseConfig(small));
    const answers = await answersOf(join(out, runFiles.model), test.images);
    const of = (name: string, last: number[]): NDArray => ({
      data: Float32Array.from(answers[name].data, Number),
      shape: [40, 36, ...last],
      dtype: 'float32',
    });
    const candidates = { boxes: of('boxes', [4]), scores: of('scores', []), labels: of('labels', []) };
    const measured = detectionMeasures(detectionsOf(candidates), objectsOf(test));
    expect(measured.meanAveragePrecision).toBeCloseTo(result.testMeanAveragePrecision, 4);
    expect(measured.meanAveragePrecisionTo95).toBeCloseTo(result.testMeanAveragePrecisionTo95, 4);
  });

  it('goes on bit for bit where it was stopped', () => expectResumed(small, out, join(folder, 'parts'), 21));

  it('shows scenes with boxes', () => {
    const { document } = parseHTML(readFileSync(join(out, runFiles.report), 'utf8'));
    const figures = [...document.querySelectorAll('.gallery.scenes figure')];
    expect(figures).toHaveLength(18);
    expect(figures.every((figure) => figure.querySelector('svg image'))).toBe(true);
  });

  it('trains on other losses by name, and compares', async () => {
    const other = join(folder, 'yolo');
    const settings = {
      data: 'scenes',
      loss: 'yoloLoss:emptyWeight=0.3',
      width: 2,
      trainSize: 32,
      testSize: 8,
      batchSize: 16,
      epochs: 1,
    };
    expect(parseConfig(settings).task).toBe('detection');
    expect(Number.isFinite((await wholeRun(settings, other)).testLoss)).toBe(true);
    const page = await renderComparison([await readRun(out), await readRun(other)]);
    for (const text of ['mean average precision at IoU 0.5', 'yoloLoss:emptyWeight=0.3']) expect(page).toContain(text);
  });

  it('takes the options of options from a configuration, and reads what it wrote', () => {
    const loss = {
      name: 'completeIouLoss',
      objectness: { name: 'binaryFocalLoss', gamma: 2, alpha: 0.25 },
      boxWeight: 2,
    };
    const config = parseConfig({ task: 'detection', loss });
    expect(config.loss).toEqual({
      name: 'completeIouLoss',
      options: {
        objectness: { name: 'binaryFocalLoss', options: { gamma: 2, alpha: 0.25 } },
        classification: { name: 'crossEntropy', options: {} },
        boxWeight: 2,
      },
    });
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([
    [{ task: 'detection', loss: 'iouLos' }, /no loss is called iouLos; did you mean iouLoss/],
    [{ task: 'detection', loss: 'iouLoss:boxweight=2' }, /iouLoss has no option boxweight; did you mean boxWeight/],
    [
      { task: 'detection', loss: 'uncertaintyWeighting:box=giou' },
      /uncertaintyWeighting, box: no loss of boxes is called giou; did you mean .*iouLoss/,
    ],
    [{ task: 'detection', loss: 'diceLoss' }, /diceLoss is for segmentation, not for detection/],
  ])('%j is refused', (input, message) => {
    expect(() => parseConfig(input)).toThrow(message);
  });
});

const boxes = [
  [0, 0, 10, 10],
  [0, 0, 10, 9],
  [20, 20, 30, 30],
];

describe('detections', () => {
  it('are chosen from what cells say, classes apart', () => {
    const found = detectionsOf({
      boxes: { data: Float32Array.from([...boxes, [0, 0, 10, 10]].flat()), shape: [1, 4, 4], dtype: 'float32' },
      scores: { data: Float32Array.of(0.5, 0.75, 0.01, 0.25), shape: [1, 4], dtype: 'float32' },
      labels: { data: Int32Array.of(3, 3, 3, 4), shape: [1, 4], dtype: 'int32' },
    });
    expect(found).toEqual([
      {
        boxes: [
          [0, 0, 10, 9],
          [0, 0, 10, 10],
        ],
        scores: [0.75, 0.25],
        labels: [3, 4],
      },
    ]);
  });

  it('that are right have a precision of 1, and less the worse their boxes', () => {
    const there = [{ boxes: [boxes[0], boxes[2]], labels: [1, 2] }];
    const found = (second: number[]) => [{ boxes: [boxes[0], second], scores: [0.9, 0.8], labels: [1, 2] }];
    expect(detectionMeasures(found(boxes[2]), there)).toEqual({ meanAveragePrecision: 1, meanAveragePrecisionTo95: 1 });
    // An IoU of 0.72: enough for the thresholds 0.5 to 0.7, five of ten.
    const { meanAveragePrecision, meanAveragePrecisionTo95 } = detectionMeasures(found([20, 20, 30, 27.2]), there);
    expect(meanAveragePrecision).toBe(1);
    expect(meanAveragePrecisionTo95).toBeCloseTo((1 + 0.5) / 2, 6);
  });

  it('are matched with objects of their class, each once, and shown so', () => {
    const there = { boxes: [boxes[0], boxes[2]], labels: [1, 2] };
    expect(matched({ boxes: [boxes[1], boxes[0], boxes[2]], labels: [1, 1, 1] }, there)).toEqual([0, -1, -1]);
    const scenes = {
      name: 'scenes',
      images: { data: new Uint8Array(1024), shape: [1, 1, 32, 32], dtype: 'uint8' },
      masks: { data: new Uint8Array(1024), shape: [1, 32, 32], dtype: 'uint8' },
      boxes: { data: Float32Array.from([boxes[0], boxes[2]].flat()), shape: [1, 2, 4], dtype: 'float32' },
      labels: { data: Int32Array.of(1, 2), shape: [1, 2], dtype: 'int32' },
      classes: ['x', 'y', 'z'],
    } as const;
    const page = boxPictures(scenes, [{ boxes: [boxes[0], [1, 20, 5, 28]], scores: [0.9, 0.6], labels: [1, 0] }]);
    const { document } = parseHTML(page);
    expect([...document.querySelectorAll('text')].map((e) => e.textContent)).toEqual(['y', '✗x']);
    // Each box is drawn twice, dark and light.
    expect(document.querySelectorAll('rect[stroke-dasharray="2.5,1.5"]')).toHaveLength(2);
    expect(document.querySelectorAll('rect[stroke-dasharray="0.8,1.6"]')).toHaveLength(2);
    expect(document.querySelectorAll('rect')).toHaveLength(6);
    expect(document.querySelector('figcaption')?.textContent).toBe('✗ found y x; missed z');
  });
});
