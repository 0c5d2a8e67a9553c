import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { balancedWeights, withClassWeights } from '../../../src/train/classification/counts.js';
import { classifierLosses, parseConfig, tasks } from '../../../src/train/index.js';
import { segmentationLosses } from '../../../src/train/segmentation/losses.js';
import { allClose, numbers } from '../../support/derivatives.js';
import { chosenBy } from '../choices.js';
import { checkpointOf, wholeRun } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-counts-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('weights that are balanced', () => {
  it('are n / (classes * count) over the classes that are there, none for the others', () => {
    // scikit-learn's compute_class_weight('balanced') of the first.
    expect(balancedWeights([0, 0, 0, 1, 2, 2], 3)).toEqual([2 / 3, 2, 1]);
    expect(balancedWeights([0, 0, 0, 2], 4)).toEqual([4 / 6, 0, 4 / 2, 0]);
    expect(balancedWeights([0, 0, 0, 255, 2, 255], 3, 255)).toEqual([4 / 6, 0, 2]);
    expect(balancedWeights([1, 1], 2, 1)).toEqual([0, 0]);
  });

  it('take the place of their name, and others must be as many as classes', () => {
    const chosen = (weight: unknown) => ({ name: 'crossEntropy', options: { labelSmoothing: 0.1, weight } });
    const labels = [0, 0, 0, 1];
    expect(withClassWeights('train', chosen('balanced'), labels, 2)).toEqual(chosen([2 / 3, 2]));
    expect(withClassWeights('train', chosen([1, 3]), labels, 2)).toEqual(chosen([1, 3]));
    // Of centerLoss it is a number.
    expect(withClassWeights('train', chosen(0.5), labels, 2)).toEqual(chosen(0.5));
    expect(() => withClassWeights('train', chosen([1, 2, 3]), labels, 2)).toThrow(
      'train: loss crossEntropy has 3 weights, but there are 2 classes: one for each is needed',
    );
  });

  it('are those of the training set in a run', async () => {
    const settings = { data: 'digits', trainSize: 96, testSize: 16, batchSize: 32, epochs: 1, hidden: [8] };
    const [named, counts, plain] = ['named', 'counts', 'plain'].map((name) => join(folder, name));
    await wholeRun({ ...settings, loss: 'polyLoss:weight=balanced,ignoreIndex=3' }, named);
    const { train } = await (await import('../../../src/train/build.js')).datasetsOf(parseConfig(settings));
    const weight = balancedWeights(train.labels.data, 10, 3);
    expect(weight[3]).toBe(0);
    await wholeRun({ ...settings, loss: { name: 'polyLoss', weight, ignoreIndex: 3 } }, counts);
    await wholeRun({ ...settings, loss: 'polyLoss' }, plain);
    expect(checkpointOf(named).equals(checkpointOf(counts))).toBe(true);
    expect(checkpointOf(named).equals(checkpointOf(plain))).toBe(false);
    await expect(wholeRun({ ...settings, loss: 'polyLoss:weight=[1,2]' }, join(folder, 'few'))).rejects.toThrow(
      /^train: loss polyLoss has 2 weights, but there are 10 classes/,
    );
  });
});

const z = (shape: readonly number[]) =>
  ndarray(
    Float32Array.from(
      numbers(
        1,
        shape.reduce((a, b) => a * b),
      ),
    ),
    { shape },
  );
const y = (values: readonly number[], shape: readonly number[]) => ndarray(Int32Array.from(values), { shape });

type Loss = (logits: Tensor, labels: Tensor) => Tensor;

/** Loss and gradient. */
async function at(loss: Loss, logits: NDArray, labels: NDArray): Promise<[number, number[]]> {
  const run = compile((x: Tensor, t: Tensor) => [loss(x, t), grad((p: Tensor) => loss(p, t))(x)]);
  const [value, gradient] = (await run(logits, labels)).map(toNumbers);
  return [value[0], gradient];
}

describe.each(Object.keys(classifierLosses))('%s of a command', (name) => {
  it('leaves out labels that are ignored, and weighs classes', async () => {
    const logits = z([4, 3]);
    const kept = ndarray(Float32Array.from([...logits.data.slice(0, 3), ...logits.data.slice(6)]), { shape: [3, 3] });
    const [expected, slope] = await at(chosenBy(classifierLosses, name), kept, y([1, 0, 2], [3]));
    const ignoring = chosenBy(classifierLosses, `${name}:ignoreIndex=-1`);
    const [value, gradient] = await at(ignoring, logits, y([1, -1, 0, 2], [4]));
    expect(value).toBeCloseTo(expected, 5);
    allClose(ndarray(gradient), [...slope.slice(0, 3), 0, 0, 0, ...slope.slice(3)], 1e-5, 'gradient');
    // Of a class that weighs nothing, and of others that weigh alike, it is the same.
    const weighing = chosenBy(classifierLosses, `${name}:weight=[2,0,2]`);
    const two = y([0, 1, 0, 2], [4]);
    const [weighed] = await at(weighing, logits, two);
    const [without] = await at(chosenBy(classifierLosses, `${name}:ignoreIndex=1`), logits, two);
    expect(weighed).toBeCloseTo(without, 5);
  });
});

describe.each(Object.keys(segmentationLosses))('%s of pixels', (name) => {
  it('leaves out pixels that are ignored, and weighs classes', async () => {
    const logits = z([2, 3, 1, 4]);
    const rows = Array.from({ length: 6 }, (_, i) => Array.from(logits.data.slice(4 * i, 4 * i + 3)));
    const kept = ndarray(Float32Array.from(rows.flat()), { shape: [2, 3, 1, 3] });
    const [expected, slope] = await at(chosenBy(segmentationLosses, name), kept, y([0, 1, 2, 1, 1, 0], [2, 1, 3]));
    const ignoring = chosenBy(segmentationLosses, `${name}:ignoreIndex=255`);
    const [value, gradient] = await at(ignoring, logits, y([0, 1, 2, 255, 1, 1, 0, 255], [2, 1, 4]));
    expect(value).toBeCloseTo(expected, 5);
    const all = Array.from({ length: 6 }, (_, i) => [...slope.slice(3 * i, 3 * i + 3), 0]).flat();
    allClose(ndarray(gradient), all, 1e-5, 'gradient');
    const even = chosenBy(segmentationLosses, `${name}:weight=[2,2,2]`);
    const labels = y([0, 1, 2, 2, 1, 1, 0, 0], [2, 1, 4]);
    const [plain] = await at(chosenBy(segmentationLosses, name), logits, labels);
    expect((await at(even, logits, labels))[0]).toBeCloseTo(plain, 5);
    const uneven = chosenBy(segmentationLosses, `${name}:weight=[2,0.5,1]`);
    expect((await at(uneven, logits, labels))[0]).not.toBeCloseTo(plain, 5);
  });
});

describe('losses of embeddings with a vector of each class', () => {
  it.each([
    'arcFace',
    'cosFace',
    'sphereFace',
    'sphereFace2',
    'adaFace',
    'unpg',
    'circleLogits',
    'combinedMarginLogits',
    'harmonicLoss',
  ])('%s takes weights and what is ignored', async (name) => {
    const settings = {
      data: 'digits',
      trainSize: 32,
      testSize: 16,
      batchSize: 16,
      epochs: 1,
      hidden: [8],
      dimension: 4,
    };
    const one = (options: string) => {
      const { loss } = parseConfig({ ...settings, loss: `${name}:${options}` });
      return chosenBy(tasks.embedding.losses as never, `${name}:${options}`) && loss.options;
    };
    expect(one('weight=[1,2,3],ignoreIndex=0')).toMatchObject({ weight: [1, 2, 3], ignoreIndex: 0 });
    expect(() => one('weight=[-1,2]')).toThrow(/weight\.0: -1 must be at least 0/);
    const out = join(folder, name);
    const { testLoss } = await wholeRun({ ...settings, loss: `${name}:weight=balanced,ignoreIndex=7` }, out);
    expect(Number.isFinite(testLoss)).toBe(true);
  });

  it.each(Object.keys(tasks.embedding.losses))('%s can be tried before there is data', (name) => {
    expect(parseConfig({ task: 'embedding', loss: name, augment: ['randomCrop'] }).loss.name).toBe(name);
  });
});
