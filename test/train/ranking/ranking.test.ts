import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { listsOf } from '../../../src/data/index.js';
import { compile, constant, item, ndarray, type Tensor } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import {
  inspectRun,
  parseConfig,
  rankingLosses,
  readMetrics,
  renderInspection,
  runFiles,
  runTraining,
} from '../../../src/train/index.js';
import { made, parseChoice } from '../../../src/train/options/choice.js';
import { meanNdcg, ndcgOfLists, ordered } from '../../../src/train/ranking/measures.js';
import { rankingRegularizers } from '../../../src/train/ranking/regularizers.js';
import { rankingTables } from '../../../src/train/tables.js';
import { remade } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-ranking-'));
afterAll(() => rmSync(folder, { recursive: true }));
const small = { data: 'queries', trainSize: 64, testSize: 20, epochs: 1, hidden: [8] };
const checkpoint = (out: string) => readFileSync(join(out, runFiles.checkpoint));

describe('what rankings are measured by', () => {
  const ranking = {
    scores: ndarray([0.1, 0.9, 0.5, 1, 0, 9, 0, 1, 0], { shape: [3, 3] }),
    relevance: ndarray([0, 1, 3, 2, 1, 0, 0, 0, 0], { shape: [3, 3] }),
    mask: ndarray([1, 1, 1, 1, 1, 0, 1, 1, 1], { shape: [3, 3], dtype: 'bool' }),
  };

  it('leaves padding out, and lists in which nothing can be found', () => {
    expect(ordered(ranking)).toEqual([
      [1, 3, 0],
      [2, 1],
      [0, 0, 0],
    ]);
    const first = (1 + 7 / Math.log2(3)) / (7 + 1 / Math.log2(3));
    const [a, b, c] = ndcgOfLists(ranking);
    expect([a, b, c]).toEqual([expect.closeTo(first, 10), 1, Number.NaN]);
    expect(meanNdcg(ranking)).toBeCloseTo((first + 1) / 2, 10);
    expect(meanNdcg(ranking, 1)).toBeCloseTo((1 / 7 + 1) / 2, 10);
    expect(meanNdcg({ ...ranking, relevance: ndarray(new Float32Array(9), { shape: [3, 3] }) })).toBe(0);
  });
});

describe('rankings', () => {
  it('of drawn queries are learnt; the exported model scores items, any number of them', async () => {
    const config = parseConfig({
      data: 'queries',
      trainSize: 300,
      testSize: 100,
      epochs: 6,
      hidden: [32],
      learningRate: 0.01,
    });
    expect([config.task, config.loss.name]).toEqual(['ranking', 'neuralNdcg']);
    const out = join(folder, 'queries');
    const result = await runTraining(config, { out });
    const { test } = await rankingTables(config);
    const session = await ort.InferenceSession.create(join(out, runFiles.model));
    const { scores } = await session.run({
      features: new ort.Tensor('float32', test.features.data, test.features.shape as number[]),
    });
    expect(scores.dims).toEqual([test.targets.shape[0]]);
    // What was reported, from the items' scores alone.
    const { relevance, mask } = listsOf(test);
    const listed = listsOf({ ...test, targets: ndarray(scores.data as Float32Array) });
    const measured = (by: Float32Array) => meanNdcg({ scores: ndarray(by, { shape: mask.shape }), relevance, mask }, 5);
    expect(measured(listed.relevance.data)).toBeCloseTo(result?.testNdcgAt5 ?? 0, 5);
    // In the order of the table, which is none.
    expect(result?.testNdcgAt5).toBeGreaterThan(measured(new Float32Array(mask.data.length)) + 0.25);
    expect(result?.testNdcgAt5).toBeGreaterThan(0.85);
    expect(Buffer.from(await remade(out)).equals(readFileSync(join(out, runFiles.model)))).toBe(true);
    expect(readFileSync(join(out, runFiles.report), 'utf8')).toContain('Lists as ranked');

    const inspection = await inspectRun(out, { samples: 20, points: 3, probes: 1, steps: 3 });
    expect(inspection.facts?.[0]).toEqual(['NDCG at 5, test set', `${(100 * (result?.testNdcgAt5 ?? 0)).toFixed(2)}%`]);
    expect(await renderInspection(inspection)).toContain('20 training queries');
  });

  it.each(Object.keys(rankingLosses))('train with %s', async (loss) => {
    const out = join(folder, loss);
    const result = await runTraining(parseConfig({ ...small, task: 'ranking', loss }), { out });
    expect(Number.isFinite(result?.testLoss)).toBe(true);
    expect(result?.testNdcg).toBeGreaterThan(0.3);
  });

  it.each([
    ['adversarialPerturbation:radius=0.5', 1],
    ['virtualAdversarialLoss:radius=0.5,weight=10', 0],
  ])('are regularised with %s', async (regularizer, share) => {
    const firstLoss = async (name: string, regularizers: readonly string[]) => {
      const out = join(folder, name);
      await runTraining(parseConfig({ ...small, loss: 'meanSquaredError', regularizer: [...regularizers] }), { out });
      return (await readMetrics(join(out, runFiles.metrics)))[0].loss ?? Number.NaN;
    };
    const name = regularizer.split(':')[0];
    const [plain, more] = [await firstLoss(`${name}-plain`, []), await firstLoss(name, [regularizer])];
    // The loss at the worst features nearby is larger than that at the features themselves; a change of predictions is above 0.
    expect(more).toBeGreaterThan((1 + share) * plain);
    expect(more).toBeLessThan(4 * plain);
  });

  it('see no change of predictions in padding', async () => {
    const penalty = made(rankingRegularizers, parseChoice('virtualAdversarialLoss:radius=0.5'));
    const run = compile((features: Tensor, mask: Tensor) =>
      penalty({ features, mask, scores: (x) => x.square().sum(-1), loss: (s) => s.sum(), key: constant(key(3)) }),
    );
    const features = ndarray([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], { shape: [2, 2, 2] });
    const alone = ndarray([1, 0, 1, 0], { shape: [2, 2], dtype: 'bool' });
    const both = ndarray([1, 1, 1, 1], { shape: [2, 2], dtype: 'bool' });
    // Of one item the softmax is 1, whatever its score.
    expect(item(await run(features, alone))).toBe(0);
    expect(item(await run(features, both))).toBeGreaterThan(0);
  });

  it('of a CSV file go on, bit for bit, where they were stopped', async () => {
    const data = join(folder, 'items.csv');
    const rows = Array.from(
      { length: 200 },
      (_, i) => `q${i % 25},${(i * 37) % 101},${(i * 53) % 17},${((i * 37) % 101) % 4}`,
    );
    writeFileSync(data, `query,a,b,grade\n${rows.join('\n')}\n`);
    const config = parseConfig({
      data,
      task: 'ranking',
      group: 'query',
      target: 'grade',
      loss: 'stochasticNeuralNdcg:samples=4',
      epochs: 2,
      batchSize: 4,
      hidden: [8],
      dropout: 0.2,
    });
    const [whole, parts] = ['whole', 'parts'].map((name) => join(folder, name));
    await runTraining(config, { out: whole });
    const stop = new AbortController();
    await runTraining(config, {
      out: parts,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.progress.step === 3) stop.abort();
      },
    });
    expect(checkpoint(parts).equals(checkpoint(whole))).toBe(false);
    await runTraining(config, { out: parts, resume: true });
    expect(checkpoint(parts).equals(checkpoint(whole))).toBe(true);
  });

  it('need a column of queries, and are what is meant where one is named', async () => {
    const settings = { data: 'items.csv', target: 'grade', task: 'ranking' };
    await expect(runTraining(parseConfig(settings), { out: join(folder, 'refused') })).rejects.toThrow(
      /ranking needs the column that names the query of each item: group/,
    );
    expect(parseConfig({ data: 'items.csv', target: 'grade', group: 'query' }).task).toBe('ranking');
    expect(parseConfig({ data: 'items.csv', target: 'grade' }).task).toBe('regression');
    expect(() => parseConfig({ data: 'queries', loss: 'crossEntropy' })).toThrow(/crossEntropy is for classification/);
  });
});
