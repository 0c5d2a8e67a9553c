import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digits } from '../../../src/data/index.js';
import { classFeatureMeans } from '../../../src/diagnostics/index.js';
import { castArray, compile, constant, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { classDirectionLoss, distillationLoss, ndLoss } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { lastLayer } from '../../../src/train/classification/last-layer.js';
import { regularizers, runFiles } from '../../../src/train/index.js';
import { readMetrics } from '../../../src/train/storage/metrics-log.js';
import { importOnnxFile } from '../../../src/train/storage/onnx-file.js';
import { close, numbers } from '../../support/derivatives.js';
import { chosenBy } from '../choices.js';
import { wholeRun } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-distillation-'));
const settings = {
  data: 'digits',
  model: 'mlp',
  hidden: [12, 8],
  trainSize: 128,
  testSize: 40,
  epochs: 1,
  batchSize: 64,
};
const teacher = join(folder, 'teacher', runFiles.model);

beforeAll(async () => {
  await wholeRun({ ...settings, hidden: [24, 8], seed: 3 }, join(folder, 'teacher'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Ten images, ten classes. */
const train = digits({ count: 120, key: key(9) });
const images = ndarray(
  Float32Array.from(train.images.data.slice(0, 6 * 784), (v) => v / 255),
  { shape: [6, 1, 28, 28] },
);
const labels = ndarray(Int32Array.from(train.labels.data.slice(0, 6)));
/** The last layer of a student of eight features. */
const features = ndarray(Float32Array.from(numbers(1, 48)), { shape: [6, 8] });
const head = ndarray(Float32Array.from(numbers(2, 80)), { shape: [8, 10] });

async function teacherAt(x: NDArray): Promise<{ logits: NDArray; features: NDArray }> {
  const model = await importOnnxFile(teacher);
  const run = compile((v: Record<string, Tensor>, input: Tensor) => {
    const logits = model.apply(v, input);
    const layer = lastLayer(logits);
    if (!layer) throw new Error('the teacher has no last layer');
    return { logits, features: layer.features };
  });
  return run(model.init() as never, x);
}

describe('distillation in a run', () => {
  it.each(['distillationLoss:temperature=3', 'ndLoss', 'classDirectionLoss'])(
    '%s is the function of what the teacher says, times its weight',
    async (text) => {
      const name = text.split(':')[0];
      const chosen = chosenBy(regularizers, `${text}${text.includes(':') ? ',' : ':'}teacher=${teacher},weight=2`);
      const { penalty } = (await chosen.fitted?.(train)) ?? chosen;
      const run = compile((x: Tensor, y: Tensor, f: Tensor, w: Tensor) => {
        const batch = { images: x, targets: [{ labels: y, share: 1 }] };
        return penalty({ batch, logits: f.matmul(w) } as never).value;
      });
      const got = toNumbers(await run(images, labels, features, head))[0];

      const whole = ndarray(
        Float32Array.from(train.images.data, (v) => v / 255),
        { shape: train.images.shape },
      );
      const means = castArray(classFeatureMeans((await teacherAt(whole)).features, train.labels, 10).means, 'float32');
      const said = await teacherAt(images);
      const expected = compile((y: Tensor, f: Tensor, w: Tensor, logits: Tensor, t: Tensor) => ({
        distillationLoss: distillationLoss(f.matmul(w), logits, { temperature: 3 }),
        ndLoss: ndLoss(f, t, constant(means), y),
        classDirectionLoss: classDirectionLoss(f, constant(means), y),
      }));
      const values = await expected(labels, features, head, said.logits, said.features);
      close(got, 2 * toNumbers(values[name as keyof typeof values])[0], 1e-5, name);
    },
  );

  it('adds it to the loss from the first step on', async () => {
    const first = async (name: string, weight: number) => {
      const out = join(folder, `${name}-${weight}`);
      const regularizer = [{ name, teacher, weight }];
      await wholeRun({ ...settings, regularizer }, out);
      return (await readMetrics(join(out, runFiles.metrics)))[0].loss ?? Number.NaN;
    };
    for (const name of ['distillationLoss', 'ndLoss']) {
      const [none, one, two] = [await first(name, 0), await first(name, 1), await first(name, 2)];
      expect(one).toBeGreaterThan(none);
      close(two - none, 2 * (one - none), 1e-4, `${name}: weight 2`);
    }
  });

  it('says which teacher is not there, and whose features do not fit', async () => {
    const regularizer = (name: string, path: string) => [{ name, teacher: path }];
    const out = join(folder, 'refused');
    await expect(wholeRun({ ...settings, regularizer: regularizer('ndLoss', 'none.onnx') }, out)).rejects.toThrow(
      /train: regularizer ndLoss: teacher none.onnx: does not exist/,
    );
    await expect(
      wholeRun({ ...settings, hidden: [6], regularizer: regularizer('ndLoss', teacher) }, join(folder, 'narrow')),
    ).rejects.toThrow(/ndLoss: features of the model \[64, 6\] and of the teacher \[64, 8\] must be of one length/);
    await expect(wholeRun({ ...settings, regularizer: ['ndLoss'] }, out)).rejects.toThrow(/ndLoss, teacher: /);
  });
});
