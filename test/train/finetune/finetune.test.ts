import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { digits, tokenizerOf } from '../../../src/data/index.js';
import { exportOnnx, type NDArray, ndarray, type Tensor, toNumbers, zerosArray } from '../../../src/index.js';
import { Context, resnet9 } from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import {
  adapted,
  decodeSafetensors,
  type FinetuneSettings,
  finetuneFiles,
  inspectRun,
  parseFinetuneConfig,
  renderInspection,
  runFinetuning,
} from '../../../src/train/index.js';
import { writeImageFolder } from '../../support/image-folder.js';
import { numbers } from '../../support/numbers.js';
import { modelFile, node, tensor, value } from '../../support/onnx-model.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-finetune-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const drawn = (shape: number[], stream: number, size = 0.5) =>
  ndarray(
    Float32Array.from(
      numbers(
        stream,
        shape.reduce((a, b) => a * b, 1),
        -size,
        size,
      ),
    ),
    { shape },
  );
const ones = (n: number) => ndarray(new Float32Array(n).fill(1));

/** A run, and what it leaves. */
async function finetuned(name: string, settings: FinetuneSettings) {
  const out = at(name);
  const notes: string[] = [];
  const result = await runFinetuning(parseFinetuneConfig(settings), { out, onNote: (note) => notes.push(note) });
  const { tensors } = decodeSafetensors(readFileSync(join(out, finetuneFiles.checkpoint)));
  const named = (part: string) =>
    Object.keys(tensors)
      .filter((path) => path.startsWith(`${part}.`))
      .map((path) => path.slice(part.length + 1))
      .sort();
  const session = await ort.InferenceSession.create(join(out, finetuneFiles.model), { logSeverityLevel: 3 });
  return { out, result, notes, tensors, named, session };
}

async function logitsOf(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, NDArray>>,
): Promise<Float32Array> {
  const tensors = Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
    name,
    new ort.Tensor(dtype, data as Float32Array, shape as number[]),
  ]);
  return (await session.run(Object.fromEntries(tensors)))[session.outputNames[0]].data as Float32Array;
}

// A table of points in two rings, and numbers of them.
const points = Array.from({ length: 120 }, (_, i) => {
  const angle = i * 2.4;
  const radius = i % 2 === 0 ? 0.5 : 1.5;
  return {
    x: radius * Math.cos(angle),
    y: radius * Math.sin(angle),
    ring: i % 2 === 0 ? 'inner' : 'outer',
    size: radius * 3 + Math.cos(angle),
  };
});
const table = at('points.csv');
writeFileSync(table, `x,y,ring,size\n${points.map((p) => [p.x, p.y, p.ring, p.size].join()).join('\n')}\n`);

/** Three layers with batch normalisation as its own node, as PyTorch exports it in training mode. */
const layers = at('layers.onnx');
writeFileSync(
  layers,
  modelFile({
    inputs: [value('features', 'float32', ['n', 2])],
    outputs: [value('scores', 'float32', ['n', 4])],
    nodes: [
      node('Gemm', ['features', 'first.weight', 'first.bias'], ['h1'], { transB: 1 }),
      node(
        'BatchNormalization',
        ['h1', 'norm.weight', 'norm.bias', 'norm.running_mean', 'norm.running_var'],
        ['h2'],
        {},
        { name: 'norm' },
      ),
      node('Relu', ['h2'], ['h3'], {}, { name: 'relu' }),
      node('MatMul', ['h3', 'second.weight'], ['h4']),
      node('Relu', ['h4'], ['h5']),
      node('Gemm', ['h5', 'last.weight', 'last.bias'], ['scores'], { transB: 1 }),
    ],
    initializers: [
      tensor('first.weight', drawn([16, 2], 1, 1)),
      tensor('first.bias', drawn([16], 2)),
      tensor('norm.weight', ones(16)),
      tensor('norm.bias', zerosArray([16])),
      tensor('norm.running_mean', zerosArray([16])),
      tensor('norm.running_var', ones(16)),
      tensor('second.weight', drawn([16, 12], 3)),
      tensor('last.weight', drawn([4, 12], 4)),
      tensor('last.bias', drawn([4], 5)),
    ],
  }),
);
const rings: FinetuneSettings = {
  model: layers,
  data: table,
  target: 'ring',
  columns: ['x', 'y'],
  head: 2,
  epochs: 30,
  batchSize: 16,
  learningRate: 0.02,
  clipNorm: 0,
};
const everything = ndarray(Float32Array.from(points.flatMap((p) => [p.x, p.y])), { shape: [120, 2] });

describe('tables', () => {
  it('the whole model: it learns, running statistics move, the exported model says what was measured', async () => {
    const { result, tensors, named, session, notes, out } = await finetuned('whole', rings);
    expect(result?.testAccuracy).toBeGreaterThan(0.9);
    expect(notes).toEqual([
      '96 training and 24 test samples of 2 classes',
      "a new head takes 'h5' [2, 12], pooling: none",
      'training 298 parameters in 7 arrays, 0 stay as they are',
    ]);
    expect(named('params')).toEqual([
      'first.bias',
      'first.weight',
      'head.bias',
      'head.weight',
      'norm.bias',
      'norm.weight',
      'second.weight',
    ]);
    expect(named('buffers')).toEqual(['norm.running_mean', 'norm.running_var']);
    expect(toNumbers(tensors['buffers.norm.running_mean']).some((v) => v !== 0)).toBe(true);
    expect([session.inputNames, session.outputNames]).toEqual([['features'], ['scores']]);
    const scores = await logitsOf(session, { features: everything });
    const right = points.filter((p, i) => scores[2 * i + 1] > scores[2 * i] === (p.ring === 'outer')).length;
    expect(right).toBeGreaterThan(108);
    expect(readFileSync(join(out, finetuneFiles.report), 'utf8')).toContain('outer');

    const inspection = await inspectRun(out, { samples: 40, points: 3, probes: 1, steps: 3 });
    expect(inspection).toMatchObject({ samples: 40, loss: 'crossEntropy (nats)', classes: ['inner', 'outer'] });
    const confusion = inspection.answers?.confusion ?? [];
    expect(confusion.flat().reduce((a, b) => a + b, 0)).toBe(24);
    expect((confusion[0][0] + confusion[1][1]) / 24).toBeCloseTo(result?.testAccuracy ?? 0, 6);
    const losses = inspection.surface.losses.flat();
    expect(losses[4]).toBeLessThan(losses.reduce((a, b) => a + b, 0) / 9);
    expect(inspection.spectrum.some(({ eigenvalue }) => eigenvalue > 0)).toBe(true);
    expect(await renderInspection(inspection)).toContain('40 training samples');
  });

  it('--freeze: frozen weights have no gradient and no state; frozen normalisation keeps its statistics', async () => {
    const { named, tensors, session } = await finetuned('frozen', {
      ...rings,
      epochs: 2,
      freeze: ['*'],
      unfreeze: ['second.*'],
    });
    expect(named('params')).toEqual(['head.bias', 'head.weight', 'second.weight']);
    expect(Object.keys(tensors).filter((path) => path.includes('first') || path.includes('norm.weight'))).toEqual([]);
    expect(toNumbers(tensors['buffers.norm.running_mean']).every((v) => v === 0)).toBe(true);
    expect(session.outputNames).toEqual(['scores']);
    const moved = await finetuned('frozen-moving', { ...rings, epochs: 1, freeze: ['*'], batchNorm: 'train' });
    expect(toNumbers(moved.tensors['buffers.norm.running_mean']).some((v) => v !== 0)).toBe(true);
  });

  it('--norm-only: scales and shifts, and the head', async () => {
    const { named } = await finetuned('norm', { ...rings, epochs: 1, normOnly: true });
    expect(named('params')).toEqual(['head.bias', 'head.weight', 'norm.bias', 'norm.weight']);
  });

  it('--lora: two factors a weight, either way it lies, merged on export', async () => {
    const { named, tensors, session, result } = await finetuned('lora', {
      ...rings,
      epochs: 20,
      lora: { rank: 3, alpha: 6 },
    });
    expect(named('params')).toEqual([
      'first.weight.lora_A',
      'first.weight.lora_B',
      'head.bias',
      'head.weight',
      'second.weight.lora_A',
      'second.weight.lora_B',
    ]);
    expect(tensors['params.second.weight.lora_A'].shape).toEqual([3, 16]);
    expect(result?.testAccuracy).toBeGreaterThan(0.7);
    expect(tensors['params.second.weight.lora_B'].data.some((v) => v !== 0)).toBe(true);

    // The exported model against the model with adapters, as it was trained and evaluated.
    const config = parseFinetuneConfig({ ...rings, lora: { rank: 3, alpha: 6 } });
    const model = adapted(readFileSync(at('lora/base.onnx')), config, { newHead: true });
    const part = (name: string) =>
      Object.fromEntries(
        Object.entries(tensors).flatMap(([path, v]) =>
          path.startsWith(`${name}.`) ? [[path.slice(name.length + 1), v]] : [],
        ),
      );
    const { compile } = await import('../../../src/index.js');
    const apply = compile((p: never, frozen: never, buffers: never, x: never) =>
      model.apply(p, frozen, buffers, { features: x }, new Context()),
    );
    const expected = toNumbers(
      (await apply(
        part('params') as never,
        model.frozen as never,
        part('buffers') as never,
        everything as never,
      )) as never,
    );
    const scores = await logitsOf(session, { features: everything });
    scores.forEach((v, i) => expect(Math.abs(v - expected[i])).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[i]))));
  });

  it('--layer-decay: layers near the input move less, the head in full', async () => {
    const settings = {
      ...rings,
      epochs: 1,
      optimizer: 'sgd',
      momentum: 0,
      weightDecay: 0,
      schedule: 'constant',
      batchSize: 96,
    } as const;
    const plain = await finetuned('plain', settings);
    const decayed = await finetuned('decayed', { ...settings, layerDecay: 0.5 });
    const start = decodeOf(readFileSync(join(plain.out, finetuneFiles.base)));
    const moved = (run: typeof plain, name: string) =>
      toNumbers(run.tensors[`params.${name}`]).map((v, i) => v - start[name][i]);
    for (const [name, factor] of [
      ['first.weight', 0.25],
      ['second.weight', 0.5],
      ['head.weight', 1],
    ] as const) {
      const expected = moved(plain, name);
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-4);
      moved(decayed, name).forEach((v, i) => expect(Math.abs(v - factor * expected[i])).toBeLessThan(1e-6));
    }
  });

  it('a head of one predicts numbers', async () => {
    const { result, session, out } = await finetuned('numbers', {
      ...rings,
      target: 'size',
      head: 1,
      epochs: 60,
      loss: 'huber',
    });
    expect(result?.testAccuracy).toBeUndefined();
    // Huber's loss is at most half of the squared error.
    expect(result?.testLoss).toBeLessThan((result?.testError ?? 0) ** 2 / 2 + 1e-6);
    const { facts, loss, surface, answers } = await inspectRun(out, { samples: 32, points: 3, probes: 1, steps: 2 });
    expect(Number(facts?.[0][1])).toBeCloseTo(result?.testError ?? 0, 3);
    expect([loss, answers]).toEqual(['huber', undefined]);
    expect(Math.min(...surface.losses.flat())).toBe(surface.losses[1][1]);
    // The deviation of the sizes is 1.7.
    expect(result?.testError).toBeLessThan(0.6);
    const scores = await logitsOf(session, { features: everything });
    const error = Math.sqrt(points.reduce((sum, p, i) => sum + (p.size - scores[i]) ** 2, 0) / points.length);
    expect(error).toBeLessThan(0.6);
    const report = readFileSync(join(out, finetuneFiles.report), 'utf8');
    for (const text of ['Predictions and targets', 'root mean square', 'huber']) expect(report).toContain(text);
  });

  it('keeps the head where none is asked for', async () => {
    const { named, notes } = await finetuned('kept', { ...rings, head: undefined, epochs: 1, features: undefined });
    expect(named('params')).toContain('last.weight');
    expect(notes.join()).not.toContain('head');
  });

  it('says what does not fit', async () => {
    const run = (settings: object) => finetuned('never', { ...rings, ...settings });
    await expect(run({ columns: ['x'] })).rejects.toThrow(
      /1 columns of numbers need a model of one input \[n, 1\], test takes 'features' float32\[n, 2\]/,
    );
    await expect(run({ columns: undefined })).rejects.toThrow(/3 columns of numbers need/);
    await expect(run({ columns: ['x', 'z'] })).rejects.toThrow(/has no column 'z'/);
    await expect(run({ columns: ['x', 'ring'], target: 'size', head: 1 })).rejects.toThrow(
      /row 1, column 'ring': 'inner', which is no finite number/,
    );
    await expect(run({ unfreeze: ['*'] })).rejects.toThrow(/add freeze '\*'/);
    await expect(run({ head: undefined, freeze: ['*'] })).rejects.toThrow(/nothing is left to train/);
    await expect(run({ task: 'regression', target: 'size', head: undefined })).rejects.toThrow(
      /output \[2, 4\] must be \[n, 1\]/,
    );
    await expect(run({ lora: { target: 'norm.*' } })).rejects.toThrow(
      /lora: the pattern norm\.\* matches none of the 2 names: first\.weight, second\.weight/,
    );
    await expect(run({ features: 'what' })).rejects.toThrow(/no value and no node 'what'/);
    await expect(run({ loss: 'huber' })).rejects.toThrow(/the loss huber does not fit a classification/);
    await expect(run({ batchSize: 500 })).rejects.toThrow(/batchSize 500 is larger than the 96 training samples/);
    await expect(run({ model: table })).rejects.toThrow(/finetune: .*: importOnnx: the \d+ bytes are no ONNX model/);
    await expect(run({ model: at('none.onnx') })).rejects.toThrow(/finetune: .*none\.onnx: does not exist/);
    await expect(run({ data: at('nothing.csv') })).rejects.toThrow(/nothing\.csv does not exist/);
  });
});

/** The initial weights of a model file. */
function decodeOf(bytes: Uint8Array): Record<string, number[]> {
  const model = adapted(bytes, parseFinetuneConfig(rings), { newHead: true });
  return Object.fromEntries(Object.entries(model.params).map(([name, array]) => [name, toNumbers(array)]));
}

describe('texts', () => {
  it('go through the tokenizer beside the model to the inputs that it has; a head pools over the mask', async () => {
    copyFileSync(fileURLToPath(new URL('../../golden/tokenizer.json', import.meta.url)), at('tokenizer.json'));
    const encoder = at('encoder.onnx');
    writeFileSync(
      encoder,
      modelFile({
        inputs: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) =>
          value(name, 'int64', ['batch', 'sequence']),
        ),
        outputs: [value('last_hidden_state', 'float32', ['batch', 'sequence', 8])],
        nodes: [
          node('Gather', ['words', 'input_ids'], ['word']),
          node('Gather', ['types', 'token_type_ids'], ['type']),
          node('Add', ['word', 'type'], ['sum']),
          node('LayerNormalization', ['sum', 'norm.weight', 'norm.bias'], ['normal'], { axis: -1 }),
          node('MatMul', ['normal', 'dense.weight'], ['dense']),
          node('Tanh', ['dense'], ['last_hidden_state']),
        ],
        initializers: [
          tensor('words', drawn([27, 8], 11, 1)),
          tensor('types', drawn([2, 8], 12)),
          tensor('norm.weight', ones(8)),
          tensor('norm.bias', zerosArray([8])),
          tensor('dense.weight', drawn([8, 8], 13)),
        ],
      }),
    );
    const subjects = ['the film', 'a movie', 'it', 'the movie at all', 'a film, a movie'];
    const rows = subjects.flatMap((subject) => [
      ...['good', 'great', 'fun'].flatMap((word) => [
        `${subject} was ${word},positive`,
        `${subject} is ${word}!,positive`,
      ]),
      ...['bad', 'dull', 'unwatchable'].flatMap((word) => [
        `${subject} was ${word},negative`,
        `${subject} is ${word}.,negative`,
      ]),
    ]);
    const quoted = rows.map((row) => `"${row.slice(0, row.lastIndexOf(','))}",${row.slice(row.lastIndexOf(',') + 1)}`);
    writeFileSync(at('texts.csv'), `text,label\n${quoted.join('\n')}\n`);
    writeFileSync(at('more.csv'), 'text,label\nthe film is great,positive\nit was dull,negative\n');
    const settings = {
      model: encoder,
      data: at('texts.csv'),
      testData: at('more.csv'),
      text: 'text',
      head: 2,
      epochs: 20,
      batchSize: 10,
      learningRate: 0.02,
    };
    const { result, session, out, notes } = await finetuned('texts', settings);
    expect(result?.testAccuracy).toBe(1);
    expect(notes[1]).toMatch(/a new head takes 'last_hidden_state\/before_head' \[2, \d+, 8\], pooling: mean/);
    expect(session.inputNames).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
    expect(session.outputNames).toEqual(['last_hidden_state']);
    const { ids, mask, types } = (await tokenizerOf(at('tokenizer.json'))).tokenize(['a great film', 'unwatchable']);
    const scores = await logitsOf(session, { input_ids: ids, attention_mask: mask, token_type_ids: types });
    expect([scores[1] > scores[0], scores[3] > scores[2]]).toEqual([true, false]);
    expect(readFileSync(join(out, finetuneFiles.report), 'utf8')).toContain('the film is great');
    const odd = { ...settings, model: layers, tokenizer: at('tokenizer.json') };
    await expect(finetuned('never', odd)).rejects.toThrow(/no part of a text fits the input 'features'/);
  });
});

describe('images', () => {
  it('of our own models are taken as they are, of others normalised; features of maps are pooled', async () => {
    const network = resnet9({ classes: 10, inputChannels: 1, width: 2 });
    writeFileSync(
      at('resnet9.onnx'),
      exportOnnx(
        (v: never, x: { images: Tensor }) => ({ logits: network.apply(v, x.images, new Context()) }),
        network.init(key(0)) as never,
        { images: zerosArray([1, 1, 28, 28]) },
        { dynamic: { name: 'batch', axis: 0 } },
      ),
    );
    await writeImageFolder(at('photos'), digits({ count: 200, key: key(5) }), (label) => label < 2);
    const settings = {
      model: at('resnet9.onnx'),
      data: at('photos'),
      head: 2,
      epochs: 3,
      batchSize: 8,
      learningRate: 0.01,
    };
    const { session, result, named, tensors } = await finetuned('images', settings);
    expect(result?.testAccuracy).toBeGreaterThan(0.5);
    expect(named('params')).toContain('conv1.0.weight');
    expect(named('buffers')).toContain('conv1.1.running_mean');
    expect(toNumbers(tensors['buffers.conv1.1.running_mean']).some((v) => v !== 0)).toBe(true);
    // Its one linear layer was its head.
    await expect(finetuned('never', { ...settings, lora: {} })).rejects.toThrow(
      /lora: the pattern \* matches none of the 0 names/,
    );
    expect(session.outputNames).toEqual(['logits']);
    await expect(finetuned('never', { ...settings, model: layers })).rejects.toThrow(
      /images need a model of one input \[n, 1 or 3, height, width\]/,
    );
  });
});
