import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, type Tensor, toNumbers } from '../../../src/index.js';
import { ctcLoss } from '../../../src/losses/index.js';
import {
  parseConfig,
  type RunSummary,
  readMetrics,
  readRun,
  renderComparison,
  runFiles,
} from '../../../src/train/index.js';
import { stringPictures } from '../../../src/train/reading/report.js';
import { greedyTexts, readingMeasures } from '../../../src/train/reading/task.js';
import { stringsOf } from '../../../src/train/scenes/data.js';
import { expectResumed, remade, wholeRun } from '../runs.js';
import { answersOf } from '../scenes/answers.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-reading-'));
afterAll(() => rmSync(folder, { recursive: true }));

const small = {
  data: 'strings',
  width: 4,
  trainSize: 192,
  testSize: 20,
  batchSize: 16,
  epochs: 3,
  learningRate: 0.02,
  seed: 2,
} as const;
const out = join(folder, 'run');
let result: RunSummary;

beforeAll(async () => {
  result = await wholeRun(small, out);
});

describe('reading of strings', () => {
  it('learns that most steps say nothing, to begin with', async () => {
    expect(parseConfig(small)).toMatchObject({ task: 'reading', model: 'lineReader', loss: { name: 'ctcLoss' } });
    const losses = (await readMetrics(join(out, runFiles.metrics))).flatMap(({ loss }) => loss ?? []);
    expect(losses).toHaveLength(36);
    expect(losses[0]).toBeGreaterThan(30);
    expect(result.testLoss).toBeLessThan(20);
    expect(result.testCharacterErrorRate).toBeGreaterThan(0);
    expect(result.testSequenceAccuracy).toBeLessThan(1);
  });

  it('exports what was measured', async () => {
    expect(await remade(out)).toEqual(new Uint8Array(readFileSync(join(out, runFiles.model))));
    const { test } = stringsOf(parseConfig(small));
    const { logits } = await answersOf(join(out, runFiles.model), test.images);
    expect(logits.dims).toEqual([20, 35, 11]);
    const loss = compile((z: Tensor, labels: Tensor, lengths: Tensor) => [
      ctcLoss(z.logSoftmax(-1), labels, { blank: 10, labelLengths: lengths }),
      z.argmax(-1),
    ]);
    const given = { data: logits.data, shape: logits.dims, dtype: 'float32' } as const;
    const [value, paths] = await loss(given, test.labels, test.lengths);
    expect(toNumbers(value)[0]).toBeCloseTo(result.testLoss, 3);
    const there = Array.from(test.lengths.data, (length, i) =>
      [...test.labels.data.subarray(5 * i, 5 * i + length)].join(''),
    );
    const measured = readingMeasures(greedyTexts(paths, 10, test.characters), there);
    expect(measured.characterErrorRate).toBeCloseTo(result.testCharacterErrorRate, 6);
    expect(measured.sequenceAccuracy).toBe(result.testSequenceAccuracy);
  });

  it('goes on bit for bit where it was stopped', () => expectResumed(small, out, join(folder, 'parts'), 20));

  it.each([
    { model: 'recurrentLineReader', loss: 'minimumRisk:candidates=3,sharpness=1' },
    { loss: 'policyGradient:candidates=3', augment: ['cutout:size=5'] },
  ])('trains with %j, the same again and where it goes on, and is compared', async (settings) => {
    const run = { ...small, ...settings, width: 2, trainSize: 64, testSize: 8, epochs: 1 };
    const other = join(folder, settings.loss.slice(0, 6));
    expect(Number.isFinite((await wholeRun(run, other)).testLoss)).toBe(true);
    await expectResumed(run, other, `${other}-parts`, 2);
    const page = await renderComparison([await readRun(out), await readRun(other)]);
    for (const text of ['test character error rate', settings.loss.split(':')[0]]) expect(page).toContain(text);
  });

  it.each([
    [{ data: 'strings', loss: 'ctcLos' }, /no loss is called ctcLos; did you mean ctcLoss/],
    [{ data: 'strings', loss: 'minimumRisk:candidates=1' }, /minimumRisk, candidates: 1 must be at least 2/],
    [{ data: 'strings', loss: 'crossEntropy' }, /crossEntropy is for .*classification.*, not for reading/],
    [{ data: 'strngs' }, /no data is called strngs; did you mean strings/],
  ])('%j is refused', (input, message) => {
    expect(() => parseConfig(input)).toThrow(message);
  });
});

describe('what was read', () => {
  it('is measured by edits of all characters and whole strings', () => {
    const { characterErrorRate, sequenceAccuracy } = readingMeasures(['12', '', '7'], ['123', '45', '7']);
    expect(characterErrorRate).toBeCloseTo(3 / 6, 12);
    expect(sequenceAccuracy).toBeCloseTo(1 / 3, 12);
  });

  it('is spelled without repeats and blanks', () => {
    const paths = { data: Int32Array.of(2, 0, 0, 2, 0, 1, 1, 2), shape: [2, 4], dtype: 'int32' } as const;
    expect(greedyTexts(paths, 2, ['a', 'b'])).toEqual(['a', 'ab']);
  });

  it('is shown with its pictures, the worst first', () => {
    const images = { data: new Uint8Array(3 * 64), shape: [3, 1, 8, 8], dtype: 'uint8' } as const;
    const { document } = parseHTML(stringPictures({ images }, ['12', '', '7<'], ['12', '3', '78']));
    expect([...document.querySelectorAll('figcaption')].map((e) => e.textContent)).toEqual([
      '✗ nothing, is 3',
      '✗ 7<, is 78',
      '12',
    ]);
    expect(document.querySelectorAll('figure.wrong')).toHaveLength(2);
  });
});
