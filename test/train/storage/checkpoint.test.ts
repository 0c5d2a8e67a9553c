import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ndarray } from '../../../src/index.js';
import { loadCheckpoint, readMetrics, saveCheckpoint } from '../../../src/train/index.js';
import { MetricsLog } from '../../../src/train/storage/metrics-log.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'checkpoint.safetensors');
const state = {
  params: {
    '0': {
      weight: ndarray([
        [1, 2],
        [3, 4],
      ]),
    },
  },
  count: ndarray(BigInt64Array.of(7n), { shape: [] }),
  none: {},
};

describe('checkpoints', () => {
  it('bring back state and progress, and equal states give equal files', async () => {
    await saveCheckpoint(path, { state, progress: { step: 3 } });
    const first = readFileSync(path);
    const loaded = await loadCheckpoint(path, state);
    expect(loaded.state).toEqual(state);
    expect(loaded.progress).toEqual({ step: 3 });
    await saveCheckpoint(path, { state: loaded.state, progress: { step: 3 } });
    expect(readFileSync(path).equals(first)).toBe(true);
    expect(readdirSync(folder)).toEqual(['checkpoint.safetensors']);
  });

  it('notice every damaged byte', async () => {
    await saveCheckpoint(path, { state, progress: { step: 3 } });
    const good = readFileSync(path);
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good);
      bad[at] ^= 0x10;
      writeFileSync(path, bad);
      // Within the padding of the header, or the text of the progress, a change is no damage to the tensors.
      const outcome = await loadCheckpoint(path, state).then(
        (c) => c.state,
        (error: Error) => error.message,
      );
      if (typeof outcome === 'string') expect(outcome).toMatch(/^[^\n]+$/);
      else expect(outcome).toEqual(state);
    }
    writeFileSync(path, good.subarray(0, good.length - 5));
    await expect(loadCheckpoint(path, state)).rejects.toThrow(
      /checkpoint.safetensors: tensor .* lies outside the file/,
    );
  });

  it('name what belongs to another model', async () => {
    await saveCheckpoint(path, { state, progress: {} });
    await expect(loadCheckpoint(path, { ...state, extra: ndarray([1]) })).rejects.toThrow(
      /extra is missing; the checkpoint belongs to another model/,
    );
    await expect(loadCheckpoint(path, { params: state.params })).rejects.toThrow(/count belongs to another model/);
    await expect(loadCheckpoint(path, { ...state, params: { '0': { weight: ndarray([[1, 2]]) } } })).rejects.toThrow(
      /params.0.weight is float32\[2, 2\], the model has float32\[1, 2\]/,
    );
    await expect(loadCheckpoint(join(folder, 'none'), state)).rejects.toThrow(/none: does not exist/);
  });
});

describe('the log of metrics', () => {
  const log = join(folder, 'metrics.jsonl');
  it('goes on after the step of the checkpoint, without later or torn lines', async () => {
    const first = await MetricsLog.open(log, { resumeAfterStep: 0 });
    for (let step = 1; step <= 5; step++) first.append({ step, epoch: 0, loss: 1 / step });
    await first.close();
    writeFileSync(log, `${readFileSync(log, 'utf8')}{"step":6,"ep`);
    const second = await MetricsLog.open(log, { resumeAfterStep: 3 });
    expect(second.lines.map((line) => line.step)).toEqual([1, 2, 3]);
    second.append({ step: 4, epoch: 0, loss: 9 });
    await second.close();
    expect((await readMetrics(log)).map((line) => line.loss)).toEqual([1, 1 / 2, 1 / 3, 9]);
    await (await MetricsLog.open(log, { resumeAfterStep: 0 })).close();
    expect(await readMetrics(log)).toEqual([]);
  });

  it('names a damaged line', async () => {
    writeFileSync(log, '{"step":1,"epoch":0}\nnonsense\n{"step":2,"epoch":0}\n');
    await expect(readMetrics(log)).rejects.toThrow(/metrics.jsonl: line 2 is not valid JSON/);
  });
});
