import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { spheres } from '../../../src/data/index.js';
import { absoluteRelativeError } from '../../../src/metrics/index.js';
import { foldIn, key } from '../../../src/runtime/random/index.js';
import { parseConfig, readRun, renderComparison, runFiles, runTraining } from '../../../src/train/index.js';
import { expectResumed, remade, wholeRun } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-depth-'));
afterAll(() => rmSync(folder, { recursive: true }));
const small = {
  data: 'spheres',
  trainSize: 96,
  testSize: 24,
  batchSize: 16,
  width: 4,
  epochs: 4,
  learningRate: 0.01,
} as const;
const supervised = { ...small, augment: ['randomBrightness', 'randomHorizontalFlip'], regularizer: ['gradientLoss'] };
const stereo = {
  ...small,
  epochs: 1,
  loss: 'minimumReprojection',
  regularizer: ['edgeAwareSmoothness', 'leftRightConsistency'],
};
const out = join(folder, 'supervised');

/** How far off the mean depth of each pixel over the test scenes is. */
function pixelMeans(): number {
  const { depths } = spheres({ count: small.testSize, key: foldIn(key(0), 1) });
  const plane = 32 * 32;
  const means = depths.data.map((_, i) => {
    let sum = 0;
    for (let k = 0; k < small.testSize; k++) sum += depths.data[k * plane + (i % plane)];
    return sum / small.testSize;
  });
  return absoluteRelativeError([...means], [...depths.data]);
}

describe('depth', () => {
  it('is learnt from images and true depths, and shown', async () => {
    const first = await wholeRun(
      { ...supervised, epochs: 1, schedule: 'constant', learningRate: 1e-9 },
      join(folder, 'none'),
    );
    const last = await wholeRun(supervised, out);
    expect(last.testAbsoluteRelativeError).toBeLessThan(0.8 * first.testAbsoluteRelativeError);
    expect(last.testAbsoluteRelativeError).toBeLessThan(1.6 * pixelMeans());
    expect(last.testDepthError).toBeLessThan(first.testDepthError);
    expect(last.testDeltaAccuracy).toBeGreaterThan(first.testDeltaAccuracy);
    const report = readFileSync(join(out, runFiles.report), 'utf8');
    for (const text of ['<th scope="col">predicted</th>', 'within a factor of 1.25', '(metres)'])
      expect(report).toContain(text);
    expect(report.match(/class="pictures"[\s\S]*?<\/table>/)?.[0].match(/<img /g)).toHaveLength(30);
  });

  it('goes on bit for bit where it was stopped', () => expectResumed(supervised, out, join(folder, 'parts'), 9));

  it('exports what says depths in metres', async () => {
    expect(await remade(out)).toEqual(new Uint8Array(readFileSync(join(out, runFiles.model))));
    const session = await ort.InferenceSession.create(join(out, runFiles.model));
    const { images, depths } = spheres({ count: 3, key: key(5) });
    const pixels = Float32Array.from(images.data, (byte) => byte / 255);
    const { depth } = await session.run({ images: new ort.Tensor('float32', pixels, [3, 3, 32, 32]) });
    expect(depth.dims).toEqual([3, 1, 32, 32]);
    expect(absoluteRelativeError([...(depth.data as Float32Array)], [...depths.data])).toBeLessThan(0.6);
    await session.release();
  });

  it('is learnt from other views of the scenes', async () => {
    const views = join(folder, 'stereo');
    const { testLoss, testAbsoluteRelativeError } = await wholeRun(stereo, views);
    expect(testLoss).toBeGreaterThan(0);
    expect(testAbsoluteRelativeError).toBeLessThan(2);
    const page = await renderComparison([await readRun(out), await readRun(views)]);
    for (const text of ['mean absolute relative error', 'minimumReprojection', 'leftRightConsistency'])
      expect(page).toContain(text);
  });

  it('is fitted to a scale and a shift where the loss says nothing of these', async () => {
    const fitted = join(folder, 'fitted');
    const { testAbsoluteRelativeError } = await wholeRun(
      { ...small, epochs: 1, loss: 'scaleShiftInvariantLoss' },
      fitted,
    );
    expect(testAbsoluteRelativeError).toBeLessThan(1);
    expect(readFileSync(join(fitted, runFiles.report), 'utf8')).toContain(
      'Scale and shift of the inverse depths are fitted',
    );
  });

  it('says what does not fit', async () => {
    expect(parseConfig({ data: 'spheres' })).toMatchObject({ task: 'depth', loss: { name: 'scaleInvariantLog' } });
    expect(() => parseConfig({ data: 'spheres', regularizer: ['logitPenalty'] })).toThrow(
      /logitPenalty is for classification, .*not for depth/,
    );
    expect(() => parseConfig({ data: 'spheres', loss: 'ssimLoss' })).toThrow(
      /ssimLoss is for reconstruction, not for depth/,
    );
    const turned = parseConfig({ ...stereo, augment: ['randomHorizontalFlip'] });
    await expect(runTraining(turned, { out: join(folder, 'turned') })).rejects.toThrow(
      /would turn the cameras' order around/,
    );
  });
});
