import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digits } from '../../src/data/index.js';
import { exportOnnx, type Tensor, zerosArray } from '../../src/index.js';
import { Context, mlp } from '../../src/nn/index.js';
import { key } from '../../src/runtime/random/index.js';
import { finetuneFiles } from '../../src/train/index.js';
import { writeImageFolder } from '../support/image-folder.js';
import { run, start } from './command.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-finetune-'));
afterAll(() => rmSync(folder, { recursive: true }));
const model = join(folder, 'model.onnx');
const photos = join(folder, 'photos');
const reference = join(folder, 'reference');
const small = [
  'finetune',
  model,
  '--data',
  photos,
  '--head',
  '3',
  '--epochs',
  '2',
  '--batch-size',
  '8',
  '--learning-rate',
  '0.01',
  '--checkpoint-every',
  '5',
];

beforeAll(async () => {
  const network = mlp({ sizes: [784, 32, 10] });
  const bytes = exportOnnx(
    (v: never, x: { images: Tensor }) => ({ logits: network.apply(v, x.images, new Context()) }),
    network.init(key(0)) as never,
    { images: zerosArray([1, 1, 28, 28]) },
    { dynamic: { name: 'batch', axis: 0 } },
  );
  writeFileSync(model, bytes);
  await writeImageFolder(photos, digits({ count: 400, key: key(5) }), (label) => label < 3);
  const done = await run([...small, '--out', reference]);
  expect(done.err + done.out).toContain('test accuracy');
  expect(done.code).toBe(0);
});

const checkpointOf = (out: string) => readFileSync(join(out, finetuneFiles.checkpoint));

describe('cotangent finetune', () => {
  it('leaves a run: what it found, its report, a model of the old names with three outputs', async () => {
    expect(readdirSync(reference).sort()).toEqual(Object.values(finetuneFiles).sort());
    const result = JSON.parse(readFileSync(join(reference, finetuneFiles.result), 'utf8'));
    expect(result).toMatchObject({ epochs: 2, seed: 0 });
    expect(result.testAccuracy).toBeGreaterThan(0.5);
    const report = readFileSync(join(reference, finetuneFiles.report), 'utf8');
    for (const text of ['Confusion matrix', 'Sample predictions', 'data:image/png', 'cross-entropy'])
      expect(report).toContain(text);
    const session = await ort.InferenceSession.create(join(reference, finetuneFiles.model), { logSeverityLevel: 3 });
    expect([session.inputNames, session.outputNames]).toEqual([['images'], ['logits']]);
    for (const n of [1, 3]) {
      const { logits } = await session.run({
        images: new ort.Tensor('float32', new Float32Array(n * 784), [n, 1, 28, 28]),
      });
      expect(logits.dims).toEqual([n, 3]);
    }
  });

  it('exports the same model from the folder alone, and runs of train too', async () => {
    const out = join(folder, 'exported.onnx');
    const done = await run(['export', reference, '--out', out]);
    expect(done.out).toMatch(/^model .*exported\.onnx, \d/);
    expect(readFileSync(out).equals(readFileSync(join(reference, finetuneFiles.model)))).toBe(true);
    const trained = join(folder, 'trained');
    await run(['train', '--train-size', '64', '--test-size', '10', '--epochs', '1', '--hidden', '8', '--out', trained]);
    expect((await run(['export', trained, '--out', out])).code).toBe(0);
    expect(readFileSync(out).equals(readFileSync(join(trained, 'model.onnx')))).toBe(true);
  });

  it('ends with the same checkpoint and model, bit for bit, when it is stopped and goes on', async () => {
    const out = join(folder, 'stopped');
    const { child, finished } = start([...small, '--out', out]);
    for (let i = 0; i < 600 && !existsSync(join(out, finetuneFiles.checkpoint)); i++) await setTimeout(10);
    child.kill('SIGINT');
    const stopped = await finished;
    expect([stopped.code, stopped.out]).toEqual([130, expect.stringContaining('--resume')]);
    expect((await run([...small, '--out', out, '--resume'])).code).toBe(0);
    expect(checkpointOf(out).equals(checkpointOf(reference))).toBe(true);
    for (const name of [finetuneFiles.model, finetuneFiles.base])
      expect(readFileSync(join(out, name)).equals(readFileSync(join(reference, name)))).toBe(true);
  });

  it('says what is wrong in one line, and writes nothing', async () => {
    const never = join(folder, 'never');
    const fails = async (args: string[], message: RegExp) => {
      const { code, err, out } = await run([...args, '--out', never]);
      expect([code, out]).toEqual([1, '']);
      expect(err.trimEnd().split('\n').at(-1)).toMatch(message);
      expect(existsSync(never)).toBe(false);
    };
    await fails(['finetune', join(folder, 'none.onnx')], /^error: finetune: data: /);
    await fails(
      [...small, '--freeze', 'encodr.*'],
      /^error: freeze: the pattern encodr\.\* matches none of the 4 names/,
    );
    await fails([...small, '--head', '4'], /^error: finetune: the head has 4 outputs, the data 3 classes: 0, 1, 2/);
    await fails(
      [...small, '--loss', 'crossEntropi'],
      /^error: finetune: loss: no loss is called crossEntropi; did you mean/,
    );
    const again = await run([...small, '--out', reference]);
    expect(again.err).toMatch(/^error: finetune: .* already holds a run/);
  });
});
