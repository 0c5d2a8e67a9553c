import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { determinant, Matrix } from 'ml-matrix';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { corruptions, digits } from '../../../src/data/index.js';
import { compile, jacobian, mapTree, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { freeEnergy, type Machine, pseudoLikelihood } from '../../../src/train/generation/boltzmann.js';
import { couplings } from '../../../src/train/generation/couplings.js';
import { featureDistance } from '../../../src/train/generation/feature-distance.js';
import { parseConfig, readRun, renderComparison, runFiles, runTraining } from '../../../src/train/index.js';
import { numbers } from '../../support/derivatives.js';
import { checkpointOf, expectResumed, remade, wholeRun } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-generation-'));
afterAll(() => rmSync(folder, { recursive: true }));
const small = { task: 'generation', trainSize: 320, testSize: 60, batchSize: 32, width: 4, latent: 6 } as const;
const variational = { ...small, batchSize: 16, epochs: 3, learningRate: 5e-3 };
const critic = {
  ...small,
  epochs: 2,
  loss: 'wassersteinCriticLoss:discriminatorSteps=2',
  regularizer: ['gradientPenalty'],
  optimizer: 'adam:beta1=0.5',
  augment: ['randomCrop:padding=1'],
};
const [coded, fought] = [join(folder, 'variational'), join(folder, 'adversarial')];

async function imagesOf(out: string, count: number): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(join(out, runFiles.model));
  expect([session.inputNames, session.outputNames]).toEqual([['codes'], ['images']]);
  const codes = Float32Array.from({ length: count * 6 }, (_, i) => Math.sin(i * 12.9));
  const { images } = await session.run({ codes: new ort.Tensor('float32', codes, [count, 6]) });
  expect(images.dims).toEqual([count, 1, 28, 28]);
  await session.release();
  return images.data as Float32Array;
}

describe('variational autoencoders', () => {
  it('raise the evidence, and show samples and reconstructions', async () => {
    const first = await wholeRun(
      { ...variational, epochs: 1, schedule: 'constant', learningRate: 1e-9 },
      join(folder, 'none'),
    );
    const last = await wholeRun(variational, coded);
    expect(last.testEvidence).toBeGreaterThan(first.testEvidence + 20);
    // The loss is the evidence's negative: both draw the same codes.
    expect(last.testLoss).toBeCloseTo(-last.testEvidence, 2);
    expect(last.testDivergence).toBeGreaterThan(0);
    expect(last.testPsnr).toBeGreaterThan(first.testPsnr);
    expect(last.testFrechetDistance).toBeGreaterThan(0);
    const report = readFileSync(join(coded, runFiles.report), 'utf8');
    expect(report.match(/alt="sample \d+"/g)).toHaveLength(50);
    for (const text of ['Reconstructions', 'of as many training images it is', 'nats']) expect(report).toContain(text);
  });

  it('go on bit for bit where they were stopped', () =>
    expectResumed(variational, coded, join(folder, 'variational-parts'), 13));

  it('export the generator', async () => {
    expect(await remade(coded)).toEqual(new Uint8Array(readFileSync(join(coded, runFiles.model))));
    const images = await imagesOf(coded, 4);
    expect(images.every((x) => x >= 0 && x <= 1)).toBe(true);
    expect(images.slice(0, 784)).not.toEqual(images.slice(784, 1568));
  });

  it('take any loss of images', async () => {
    const settings = {
      ...small,
      loss: { name: 'expectedLossVae', beta: 50, reconstruction: 'msSsimL1Loss' },
      epochs: 1,
    };
    const result = await wholeRun({ ...settings, trainSize: 64, model: 'mlp', hidden: [16] }, join(folder, 'expected'));
    expect(Number.isFinite(result.testLoss)).toBe(true);
    expect(result.testDivergence).toBeGreaterThan(0);
  });
});

describe('generators and discriminators', () => {
  it('move in turn, and are shown and compared', async () => {
    const { testFrechetDistance } = await wholeRun(critic, fought);
    expect(testFrechetDistance).toBeGreaterThan(0);
    const lines = readFileSync(join(fought, runFiles.metrics), 'utf8');
    expect(lines).toContain('"generatorLoss"');
    const report = readFileSync(join(fought, runFiles.report), 'utf8');
    expect(report).not.toContain('Reconstructions');
    const page = await renderComparison([await readRun(coded), await readRun(fought)]);
    for (const text of ['Frechet distance', 'wassersteinCriticLoss', 'gaussianKl']) expect(page).toContain(text);
  });

  it('go on bit for bit where they were stopped; both have learnt', async () => {
    await expectResumed(critic, fought, join(folder, 'adversarial-parts'), 7);
    const other = join(folder, 'adversarial-other');
    await wholeRun({ ...critic, seed: 1 }, other);
    expect(checkpointOf(other).equals(checkpointOf(fought))).toBe(false);
    expect((await imagesOf(fought, 2)).length).toBe(1568);
  });

  it.each([
    'generatorLoss',
    'minimaxGeneratorLoss',
    'discriminatorLoss:generator=minimaxGeneratorLoss,discriminatorSteps=2',
  ])('%s: the generator comes nearer to the images', async (loss) => {
    const settings = { ...small, loss, optimizer: 'adam:beta1=0.5', schedule: 'constant', learningRate: 2e-3 };
    const out = join(folder, loss.replaceAll(/\W/g, ''));
    await wholeRun({ ...settings, epochs: 4 }, out);
    const { metrics } = await readRun(out);
    const distances = metrics.flatMap((line) =>
      line.testFrechetDistance === undefined ? [] : [line.testFrechetDistance],
    );
    expect(distances).toHaveLength(4);
    expect(Math.min(...distances.slice(1))).toBeLessThan(distances[0]);
  });

  it('say what does not fit', async () => {
    const refused = (input: object) => runTraining(parseConfig({ ...small, ...input }), { out: join(folder, 'no') });
    await expect(refused({ loss: 'wassersteinCriticLoss' })).rejects.toThrow(
      /slope has no bound; add regularizer gradientPenalty/,
    );
    await expect(refused({ regularizer: ['gradientPenalty'] })).rejects.toThrow(
      /gradientPenalty is of a discriminator; gaussianKl has none/,
    );
    await expect(refused({ loss: 'generatorLoss:discriminatorSteps=3' })).rejects.toThrow(
      /batchSize 32 must be a multiple of 3/,
    );
    expect(parseConfig({ loss: 'gaussianKl' }).task).toBe('generation');
  });
});

describe('machines and flows', () => {
  const machine = {
    ...small,
    model: 'boltzmann',
    loss: 'contrastiveDivergence:steps=2',
    latent: 6,
    learningRate: 0.02,
  };
  const flow = { ...small, model: 'flow', loss: 'flowNegativeLogLikelihood', learningRate: 0.01 };
  const [machineOut, flowOut] = [join(folder, 'machine'), join(folder, 'flow')];

  it('a machine makes images likelier, pixel by pixel', async () => {
    const first = await wholeRun(
      { ...machine, epochs: 1, schedule: 'constant', learningRate: 1e-9 },
      join(folder, 'm0'),
    );
    const last = await wholeRun({ ...machine, epochs: 4 }, machineOut);
    expect(last.testPseudoLikelihood).toBeGreaterThan(first.testPseudoLikelihood + 10);
    expect(last.testPsnr).toBeGreaterThan(first.testPsnr);
    expect(readFileSync(join(machineOut, runFiles.report), 'utf8')).toContain('steps of Gibbs sampling from noise');
    expect((await imagesOf(machineOut, 3)).every((x) => x >= 0 && x <= 1)).toBe(true);
    await expectResumed({ ...machine, epochs: 4 }, machineOut, join(folder, 'machine-parts'), 13);
  });

  it('a flow makes images likelier, and gives them back from their codes', async () => {
    const first = await wholeRun({ ...flow, epochs: 1, schedule: 'constant', learningRate: 1e-9 }, join(folder, 'f0'));
    const last = await wholeRun({ ...flow, epochs: 2 }, flowOut);
    expect(last.testBitsPerValue).toBeLessThan(first.testBitsPerValue - 0.5);
    expect(last.testLoss).toBeLessThan(first.testLoss);
    await expectResumed({ ...flow, epochs: 2 }, flowOut, join(folder, 'flow-parts'), 7);
    const session = await ort.InferenceSession.create(join(flowOut, runFiles.model));
    const codes = new Float32Array(2 * 784).map((_, i) => Math.sin(i));
    const { images } = await session.run({ codes: new ort.Tensor('float32', codes, [2, 784]) });
    expect(images.dims).toEqual([2, 1, 28, 28]);
    await session.release();
  });

  it('the determinant of a flow is that of its Jacobian', async () => {
    const shape = [1, 1, 2, 3];
    const flow = couplings({ shape, width: 3, depth: 3 });
    const drawn = flow.init(key(3));
    // Begun as the identity it would say little.
    const variables = mapTree(drawn, (leaf: NDArray, path) => ({
      ...leaf,
      data: Float64Array.from(numbers(path.length, leaf.data.length, -0.6, 0.6)),
      dtype: 'float64' as const,
    }));
    const x = { data: Float64Array.from(numbers(0, 6, -1, 1)), shape, dtype: 'float64' } as const;
    const run = compile((v: never, x: Tensor) => {
      const { z, logDeterminant } = flow.forward(v, x);
      const slopes = jacobian((flat: Tensor) => flow.forward(v, flat.reshape(shape)).z.reshape([6]))(x.reshape([6]));
      return { logDeterminant, slopes, back: flow.inverse(v, z) };
    });
    const { logDeterminant, slopes, back } = await run(variables as never, x);
    const matrix = new Matrix(slopes.shape[0], 6);
    toNumbers(slopes).forEach((value, i) => {
      matrix.set(Math.floor(i / 6), i % 6, value);
    });
    expect(toNumbers(logDeterminant)[0]).toBeCloseTo(Math.log(Math.abs(determinant(matrix))), 10);
    toNumbers(back).forEach((value, i) => {
      expect(value).toBeCloseTo(x.data[i], 10);
    });
  });

  it('the pseudolikelihood is what the energies of all states of a machine say', async () => {
    const machine = {
      weight: ndarray([
        [0.4, -1.2],
        [2, 0.3],
        [-0.7, 0.9],
      ]),
      visibleBias: ndarray([0.5, -1, 0.2]),
      hiddenBias: ndarray([-0.3, 0.8]),
    };
    const states = Array.from({ length: 8 }, (_, i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1]);
    const run = compile((m: Machine, v: Tensor) => [freeEnergy(m, v), pseudoLikelihood(m, v)]);
    const [energies, got] = (await run(machine as never, ndarray(states))).map((x) => toNumbers(x));
    // The free energy sums the joint one over hidden states.
    const [w, a, b] = [machine.weight, machine.visibleBias, machine.hiddenBias].map((x) => toNumbers(x));
    const joint = (v: number[], h: number[]) =>
      -v.reduce((sum, x, i) => sum + x * (a[i] + h.reduce((t, y, j) => t + y * w[2 * i + j], 0)), 0) -
      h.reduce((sum, y, j) => sum + y * b[j], 0);
    const hidden = [0, 1].flatMap((x) => [0, 1].map((y) => [x, y]));
    states.forEach((v, k) => {
      const total = hidden.reduce((sum, h) => sum + Math.exp(-joint(v, h)), 0);
      expect(energies[k]).toBeCloseTo(-Math.log(total), 5);
      const each = [0, 1, 2].map((i) => {
        const [one, other] = [k, k ^ (1 << i)].map((state) => Math.exp(-energies[state]));
        return Math.log(one / (one + other));
      });
      expect(got[k]).toBeCloseTo(
        each.reduce((x, y) => x + y),
        5,
      );
    });
  });

  it('have models of their own', async () => {
    const refused = (input: object) => runTraining(parseConfig({ ...small, ...input }), { out: join(folder, 'no') });
    await expect(refused({ loss: 'contrastiveDivergence', model: 'conv' })).rejects.toThrow(
      /trains a model boltzmann, not conv/,
    );
    await expect(refused({ model: 'flow' })).rejects.toThrow(/gaussianKl trains models conv and mlp, not flow/);
  });
});

describe('the distance of random features', () => {
  it('is small for images of one kind, and grows with what is done to them', async () => {
    const { images } = digits({ count: 300, key: key(0) });
    const distance = await featureDistance(images);
    const other = digits({ count: 300, key: key(1) }).images;
    const same = await distance.from(images);
    const alike = await distance.from(other);
    expect(Math.abs(same)).toBeLessThan(1e-6);
    for (const name of ['gaussianNoise', 'gaussianBlur', 'contrast', 'pixelate'] as const) {
      const options = { key: key(2) };
      const mild = await distance.from(corruptions[name](other, { ...options, severity: 1 }));
      const strong = await distance.from(corruptions[name](other, { ...options, severity: 5 }));
      expect(strong, name).toBeGreaterThan(mild);
      expect(strong, name).toBeGreaterThan(3 * alike);
    }
    await distance.release();
  });
});
