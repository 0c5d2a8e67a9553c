import { existsSync, readdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compile, dtypes, gather, ndarray, type Tensor, toNumbers, zerosArray } from '../../src/index.js';
import { engine } from '../../src/runtime/engine.node.js';
import { holds } from '../../src/tensor/dtype.js';
import { collectGarbage } from '../support/garbage.js';

describe('the Node engine', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('switches telemetry off before the first session', () => {
    expect(engine.defaultDevice).toBe('cpu');
    expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
  });

  it('fails with the message of ONNX Runtime where a model is none', async () => {
    await expect(engine.createSession(new Uint8Array([1, 2, 3]), {})).rejects.toThrow();
  });

  it('refuses what is no number of threads', async () => {
    for (const wrong of ['0', 'two', '1.5']) {
      vi.stubEnv('COTANGENT_THREADS', wrong);
      await expect(compile((x: Tensor) => x.add(1))(zerosArray([10_000]))).rejects.toThrow(
        `COTANGENT_THREADS must be a whole number from 1, not '${wrong}'`,
      );
    }
  });

  const tasks = '/proc/self/task';
  it.runIf(existsSync(tasks))('takes as many threads as COTANGENT_THREADS says, where /proc counts them', async () => {
    const threads = async (said: string) => {
      vi.stubEnv('COTANGENT_THREADS', said);
      const there = readdirSync(tasks).length;
      const f = compile((x: Tensor) => x.matmul(x).sum());
      await f(zerosArray([256, 256]));
      const own = readdirSync(tasks).length - there;
      await f.release();
      return own;
    };
    // The libraries' own threads start with the first session; the calling thread is one of those that compute.
    await threads('1');
    expect(await threads('1')).toBe(0);
    expect(await threads('3')).toBe(2);
  });

  it('copies no result: a step makes only the arrays that it returns', async () => {
    const bytes = 4 * 2 ** 20;
    const made = async (donate: number[]) => {
      const step = compile((x: Tensor) => x.add(1), { donate });
      let x = zerosArray([2 ** 20]);
      for (let i = 0; i < 3; i++) x = (await step(x)) as typeof x;
      // Twice: memory of arrays is freed beside the program, and a collection waits for the one before.
      for (let i = 0; i < 2; i++) collectGarbage();
      const before = process.memoryUsage().arrayBuffers;
      x = (await step(x)) as typeof x;
      const after = process.memoryUsage().arrayBuffers;
      expect(x.data.at(-1)).toBe(4);
      await step.release();
      return (after - before) / bytes;
    };
    expect(await made([0])).toBeCloseTo(0, 1);
    expect(await made([])).toBeCloseTo(1, 1);
  });

  it('gives every call results of its own', async () => {
    const f = compile((x: Tensor) => ({
      sum: x.add(1),
      positive: x.greater(0),
      flat: x.sum(),
      whole: x.cast('int64'),
    }));
    const [a, b] = [await f(ndarray([1, -2])), await f(ndarray([-3, 4]))];
    expect(Object.values(a).map(({ dtype, shape }) => `${dtype} [${shape}]`)).toEqual([
      'float32 [2]',
      'bool [2]',
      'float32 []',
      'int64 [2]',
    ]);
    expect(Object.values(a).map(toNumbers)).toEqual([[2, -1], [1, 0], [-1], [1, -2]]);
    expect(Object.values(b).map(toNumbers)).toEqual([[-2, 5], [0, 1], [1], [-3, 4]]);
  });

  it.each(dtypes)('has memory of its own for %s results, whatever is in it', (dtype) => {
    const data = engine.unwritten(dtype, 3);
    expect(holds(dtype, data)).toBe(true);
    expect([data.length, data.byteOffset, data.buffer.byteLength]).toEqual([3, 0, 3 * data.BYTES_PER_ELEMENT]);
    expect(engine.unwritten(dtype, 0).length).toBe(0);
  });

  it('writes all of a result', async () => {
    const f = compile((x: Tensor) => [x.mul(0), x.greater(9).where(x, 0), x.slice([[0, 1]]).pad([[0, 2 ** 18 - 1]])]);
    const x = zerosArray([2 ** 18]);
    // Freed memory full of ones is what the next results are made of.
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 4; i++) (engine.unwritten('float32', 2 ** 18) as Float32Array).fill(1);
      collectGarbage();
      for (const result of await f(x)) expect((result.data as Float32Array).every((value) => value === 0)).toBe(true);
    }
    await f.release();
  });

  it('passes on what goes wrong in a run, and runs again after it', async () => {
    const f = compile((x: Tensor, i: Tensor) => gather(x, i));
    const x = ndarray([1, 2, 3]);
    await expect(f(x, ndarray([5], { dtype: 'int32' }))).rejects.toThrow(/out of data bounds/);
    expect(toNumbers(await f(x, ndarray([2], { dtype: 'int32' })))).toEqual([3]);
  });
});
