import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digits, rowsAt } from '../../../src/data/index.js';
import { compile, item, type NDArray, ndarray, type Tensor } from '../../../src/index.js';
import { thresholdConsistentMargin } from '../../../src/losses/index.js';
import { constant } from '../../../src/optim/index.js';
import { key, normal } from '../../../src/runtime/random/index.js';
import { placed } from '../../../src/train/batches.js';
import { embedderOf } from '../../../src/train/embedding/task.js';
import {
  embeddingLosses,
  inspectRun,
  parseConfig,
  readRun,
  renderComparison,
  renderInspection,
  runFiles,
  runTraining,
} from '../../../src/train/index.js';
import { weightsOf } from '../../../src/train/step.js';
import { remade } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-embedding-'));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = {
  model: 'mlp',
  hidden: [32],
  dimension: 16,
  trainSize: 640,
  testSize: 200,
  batchSize: 32,
  epochs: 3,
  seed: 5,
  augment: ['randomCrop:padding=2'],
} as const;

describe('every loss of embeddings', () => {
  const train = digits({ count: 64, key: key(0) });
  const draw = { key: key(2), epoch: 0 };
  const images: NDArray<'float32'> = {
    ...train.images,
    data: Float32Array.from(train.images.data, (byte) => byte / 255),
    dtype: 'float32',
  };
  const variants = [
    'arcFace:subCenters=3',
    'infoNCE:queue=64',
    'instanceSoftmax:proximalWeight=30,momentum=0.2',
    'tripletLoss:miner=informative,reduction=meanOfPositive',
    'contrastiveLoss:miner=distanceWeighted,distance=lp:p=3,reduction=meanPerAnchor',
    'circlePairLoss:miner={"name":"beyond","positive":0.1,"negative":0.9}',
  ];
  it.each([...Object.keys(embeddingLosses), ...variants])(
    '%s: a step has a finite loss, moves the model, and repeats',
    async (loss) => {
      const config = parseConfig({ ...settings, loss });
      const made = () =>
        embedderOf(config, { train, normalization: { mean: 0.1, deviation: 0.25 }, schedule: constant(0.01) });
      const one = async () => {
        const embedder = made();
        const before = embedder.init(key(1));
        const first = JSON.stringify(before.params, (_, v) =>
          ArrayBuffer.isView(v) ? Array.from(v as Float32Array) : v,
        );
        const { labels } = train;
        const { state, loss: value } = await embedder.step(before, { images, ...placed({ labels }) }, draw);
        const evaluated = await embedder.evaluate(state as never, { images, ...placed({ labels }) } as never, key(3));
        const after = JSON.stringify(state.params, (_, v) =>
          ArrayBuffer.isView(v) ? Array.from(v as Float32Array) : v,
        );
        for (const compiled of [embedder.step, embedder.evaluate]) await compiled.release();
        return { first, after, losses: [value, item(evaluated as NDArray)] };
      };
      const { first, after, losses } = await one();
      for (const value of losses) expect(Number.isFinite(value)).toBe(true);
      expect(after).not.toBe(first);
      expect((await one()).after).toBe(after);
    },
  );
});

describe('regularisers of embeddings', () => {
  it('are added to the loss, with their weight', async () => {
    const train = digits({ count: 32, key: key(0) });
    const images = {
      ...train.images,
      data: Float32Array.from(train.images.data, (b) => b / 255),
      dtype: 'float32',
    } as const;
    const made = (regularizer: string[]) =>
      embedderOf(parseConfig({ ...settings, loss: 'cosFace', augment: [], regularizer }), {
        train,
        normalization: { mean: 0.1, deviation: 0.25 },
        schedule: constant(0.01),
      });
    const [plain, regularized] = [[], ['thresholdConsistentMargin:weight=2,positiveMargin=0.8']].map(made);
    const state = plain.init(key(1));
    const batch = { images, ...placed({ labels: train.labels }) };
    const [without, within] = await Promise.all(
      [plain, regularized].map(async ({ evaluate }) =>
        item((await evaluate(state as never, batch as never, key(3))) as NDArray),
      ),
    );
    const embeddings = await plain.embed(weightsOf(state) as never, images as never);
    const penalty = await compile((x: Tensor, y: Tensor) => thresholdConsistentMargin(x, y, { positiveMargin: 0.8 }))(
      embeddings,
      train.labels,
    );
    expect(item(penalty)).toBeGreaterThan(0.01);
    expect(within - without).toBeCloseTo(2 * item(penalty), 4);
  });
});

describe('instance discrimination', () => {
  it('keeps a row for each training image, and moves those of the batch', async () => {
    const train = digits({ count: 64, key: key(0) });
    const embedder = embedderOf(parseConfig({ ...settings, loss: 'instanceNce:noise=16' }), {
      train,
      normalization: { mean: 0.1, deviation: 0.25 },
      schedule: constant(0.01),
    });
    const before = embedder.init(key(1));
    const bank = (state: typeof before) => Float32Array.from((state.carried.bank as NDArray).data as Float32Array);
    const old = bank(before);
    expect((before.carried.bank as NDArray).shape).toEqual([64, 16]);
    const own = [3, 60, 17, 8];
    const all = {
      images: { ...train.images, data: Float32Array.from(train.images.data, (byte) => byte / 255), dtype: 'float32' },
      labels: train.labels,
    } as const;
    const batch = rowsAt(placed(all), own);
    const { state } = await embedder.step(before, batch, { key: key(2), epoch: 0 });
    const moved = bank(state);
    const rows = Array.from({ length: 64 }, (_, i) => i).filter((i) =>
      moved.subarray(16 * i, 16 * i + 16).some((v, j) => v !== old[16 * i + j]),
    );
    expect(rows).toEqual([...own].sort((a, b) => a - b));
    expect(item(state.carried.normalizer as NDArray)).toBeGreaterThan(0);
    for (const i of own) expect(Math.hypot(...moved.subarray(16 * i, 16 * i + 16))).toBeCloseTo(1, 5);
    await embedder.step.release();
  });
});

describe('a run of embeddings', () => {
  const out = join(folder, 'arcface');
  const config = parseConfig({
    ...settings,
    model: 'resnet9',
    width: 4,
    trainSize: 960,
    loss: 'arcFace:margin=0.2,scale=16',
    augment: [],
  });
  beforeAll(async () => {
    await runTraining(config, { out });
  });

  it('tells digits apart, and says so in all its measures', async () => {
    const { embedding, testKnnAccuracy } = JSON.parse(readFileSync(join(out, runFiles.result), 'utf8'));
    expect(testKnnAccuracy).toBe(embedding.knnAccuracy);
    for (const name of ['knnAccuracy', 'linearProbe', 'recallAt1']) expect(embedding[name], name).toBeGreaterThan(0.6);
    expect(embedding.recallAt10).toBeGreaterThan(embedding.recallAt1);
    const html = readFileSync(join(out, runFiles.report), 'utf8');
    for (const text of ['nearest neighbours', 'linear probe', 'Nearest neighbours', 'mutual information'])
      expect(html).toContain(text);
  });

  it('exports a model that ONNX Runtime runs for any batch size', async () => {
    const session = await ort.InferenceSession.create(join(out, runFiles.model));
    expect(session.outputNames).toEqual(['embeddings']);
    const size = 28 * 28;
    for (const n of [1, 3]) {
      const { embeddings } = await session.run({
        images: new ort.Tensor('float32', new Float32Array(n * size), [n, 1, 28, 28]),
      });
      expect(embeddings.dims).toEqual([n, 16]);
    }
    await session.release();
    // The checkpoint holds all of it.
    expect(await remade(out)).toEqual(new Uint8Array(readFileSync(join(out, runFiles.model))));
  });

  it.each(['arcFace', 'adaFace', 'instanceSoftmax'])(
    '%s: stopped and resumed it ends with the same checkpoint, bit for bit',
    async (loss) => {
      const own = parseConfig({ ...settings, loss, trainSize: 320, epochs: 2, checkpointEvery: 3 });
      const whole = join(folder, `${loss}-whole`);
      const parts = join(folder, `${loss}-parts`);
      await runTraining(own, { out: whole });
      const stop = new AbortController();
      const stopped = await runTraining(own, {
        out: parts,
        signal: stop.signal,
        onEvent: (event) => {
          if (event.type === 'step' && event.progress.step === 7) stop.abort();
        },
      });
      expect(stopped).toBeUndefined();
      await runTraining(own, { out: parts, resume: true });
      expect(readFileSync(join(parts, runFiles.checkpoint))).toEqual(readFileSync(join(whole, runFiles.checkpoint)));
    },
  );

  it('is inspected and compared like others', async () => {
    const inspection = await inspectRun(out, { samples: 64, points: 3, probes: 1, steps: 4 });
    expect(inspection.answers).toBeUndefined();
    expect(inspection.scores?.knnAccuracy).toBeGreaterThan(0.6);
    expect(inspection.surface.losses.flat().every(Number.isFinite)).toBe(true);
    expect(inspection.surface.losses[1][1]).toBe(Math.min(...inspection.surface.losses.flat()));
    expect(await renderInspection(inspection)).toContain('Embeddings of the test set');
    const page = await renderComparison([await readRun(out), await readRun(join(folder, 'instanceSoftmax-whole'))]);
    for (const text of ['linear probe', 'recall at 1', 'mAP at R']) expect(page).toContain(text);
  });
});

describe('refuses', () => {
  const refused = (input: object) => runTraining(parseConfig({ ...settings, ...input }), { out: join(folder, 'none') });
  it('two views that nothing makes differ', () =>
    expect(refused({ loss: 'infoNCE', augment: [] })).rejects.toThrow(/infoNCE compares two views.*augment/));
  it('regularisers of logits, and mixed images', () => {
    expect(() => parseConfig({ loss: 'supCon', regularizer: ['logitPenalty'] })).toThrow(
      /regularizer.0: logitPenalty is for .*classification.*, not for embedding/,
    );
    expect(() => parseConfig({ loss: 'supCon', augment: ['mixup'] })).toThrow(
      /augment.0: mixup is for classification, .*not for embedding/,
    );
  });
  it('a name that is near another', () =>
    expect(() => parseConfig({ loss: 'arcfac' })).toThrow(/did you mean arcFace/));
});

describe.each(['tripletLoss', 'contrastiveLoss'])('%s', (name) => {
  it('sees embeddings of length 1, as the measures do, unless told otherwise', async () => {
    const [embeddings, labels] = [normal(key(3), [8, 4]), ndarray([0, 0, 1, 1, 2, 2, 3, 3], { dtype: 'int32' })];
    const lossAt = async (options: object, factor: number) => {
      const objective = embeddingLosses[name].make({ margin: 1, ...options });
      const loss = compile(
        (x: Tensor, y: Tensor, k: Tensor) =>
          objective.loss({ views: [x.mul(factor)], labels: y, indices: y, params: {}, state: {}, key: k }).loss,
      );
      return item(await loss(embeddings, labels, key(4)));
    };
    expect(await lossAt({}, 10)).toBeCloseTo(await lossAt({}, 1), 5);
    expect(
      Math.abs((await lossAt({ normalize: false }, 10)) - (await lossAt({ normalize: false }, 1))),
    ).toBeGreaterThan(0.1);
  });
});
