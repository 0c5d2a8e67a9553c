import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { digits } from '../../../src/data/index.js';
import { psnr } from '../../../src/metrics/index.js';
import { foldIn, key } from '../../../src/runtime/random/index.js';
import { parseConfig, readRun, renderComparison, runFiles } from '../../../src/train/index.js';
import { expectResumed, remade, wholeRun } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-reconstruction-'));
afterAll(() => rmSync(folder, { recursive: true }));
const small = { task: 'reconstruction', trainSize: 320, testSize: 40, batchSize: 32, learningRate: 5e-3 } as const;

describe('reconstruction', () => {
  const denoising = { ...small, model: 'unet', width: 4, noise: 0.3, degrade: ['cutout:size=6'], epochs: 3 } as const;
  const out = join(folder, 'denoising');

  it('restores noisy images with holes, and shows them', async () => {
    const { testPsnr, testSsim, testMeanSquaredError, testLoss } = await wholeRun(denoising, out);
    // The noise alone leaves 10.5 dB.
    expect(testPsnr).toBeGreaterThan(13);
    expect(testSsim).toBeGreaterThan(0.2);
    expect(testLoss).toBeCloseTo(testMeanSquaredError, 6);
    const report = readFileSync(join(out, runFiles.report), 'utf8');
    for (const text of ['peak signal-to-noise ratio of 10.', '<th scope="col">target</th>', 'cutout:size=6', 'dB'])
      expect(report).toContain(text);
    expect(report.match(/class="pictures"[\s\S]*?<\/table>/)?.[0].match(/<img /g)).toHaveLength(30);
  });

  it('goes on bit for bit where it was stopped', () =>
    expectResumed(denoising, out, join(folder, 'denoising-parts'), 13));

  it('exports what restores images, measured here as there', async () => {
    expect(await remade(out)).toEqual(new Uint8Array(readFileSync(join(out, runFiles.model))));
    const session = await ort.InferenceSession.create(join(out, runFiles.model));
    const { images } = digits({ count: 5, key: foldIn(key(9), 0) });
    const pixels = Float32Array.from(images.data, (byte) => byte / 255);
    const { reconstructed } = await session.run({ images: new ort.Tensor('float32', pixels, [5, 1, 28, 28]) });
    expect(reconstructed.dims).toEqual([5, 1, 28, 28]);
    expect(psnr([...(reconstructed.data as Float32Array)], [...pixels])).toBeGreaterThan(12);
    await session.release();
  });

  it('compares runs by their measures', async () => {
    const other = join(folder, 'autoencoder');
    const { testPsnr } = await wholeRun({ ...small, loss: 'msSsimL1Loss', latent: 8, width: 4, epochs: 1 }, other);
    expect(testPsnr).toBeGreaterThan(5);
    const page = await renderComparison([await readRun(out), await readRun(other)]);
    for (const text of ['peak signal-to-noise ratio', 'msSsimL1Loss', 'unet']) expect(page).toContain(text);
  });

  it.each([
    { model: 'mlp', hidden: [16], latent: 4, degrade: ['gaussianNoise:severity=5', 'randomJpeg'] },
    { width: 2, augment: ['randomCrop:padding=2', 'randomBrightness'], loss: 'binaryCrossEntropyWithLogits' },
    { width: 2, transmit: ['diffJpeg:quality=10'], loss: 'featureReconstruction:width=4,pixelWeight=1' },
  ])('runs with %j', async (settings) => {
    const name = JSON.stringify(settings).replaceAll(/\W/g, '');
    const run = { ...small, ...settings, trainSize: 64, testSize: 10, epochs: 1 };
    const result = await wholeRun(run, join(folder, name));
    expect(Number.isFinite(result.testLoss)).toBe(true);
    expect(result.testPsnr).toBeGreaterThan(0);
  });

  it.each([
    [{ loss: 'msSsimLos', task: 'reconstruction' }, /no loss is called msSsimLos; did you mean msSsimLoss/],
    [{ loss: 'crossEntropy', task: 'reconstruction' }, /crossEntropy is for classification, .*not for reconstruction/],
    [
      { task: 'reconstruction', degrade: ['gausianNoise'] },
      /degrade.0: no degradation is called gausianNoise; did you mean gaussianNoise/,
    ],
    [{ task: 'reconstruction', degrade: ['gaussianNoise:severity=6'] }, /gaussianNoise, severity: 6 must be at most 5/],
    [{ noise: 0.1 }, /noise is for reconstruction, not for classification/],
  ])('%j is refused', (input, message) => {
    expect(() => parseConfig(input)).toThrow(message);
  });

  it('is meant where a loss of images is named', () => {
    expect(parseConfig({ loss: 'msSsimLoss' }).task).toBe('reconstruction');
    const config = parseConfig({ loss: 'ssimLoss', degrade: ['pixelate'], noise: 0.1 });
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });
});
