import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFiles } from '../../src/train/index.js';
import { numbers } from '../support/derivatives.js';
import { run, start } from './command.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const small = [
  'train',
  '--data',
  'digits',
  '--model',
  'resnet9',
  '--width',
  '4',
  '--train-size',
  '960',
  '--test-size',
  '100',
  '--batch-size',
  '32',
  '--epochs',
  '4',
  '--checkpoint-every',
  '7',
  '--seed',
  '3',
];
const checkpointOf = (out: string) => readFileSync(join(out, runFiles.checkpoint));
const reference = join(folder, 'reference');

beforeAll(async () => {
  const done = await run([...small, '--out', reference]);
  expect(done.err + done.out).toContain('test accuracy');
  expect(done.code).toBe(0);
});

describe('cotangent train', () => {
  it('leaves all its files, and a result that says what was reached', () => {
    expect(readdirSync(reference).sort()).toEqual(Object.values(runFiles).sort());
    const result = JSON.parse(readFileSync(join(reference, runFiles.result), 'utf8'));
    expect(Object.keys(result).sort()).toEqual(['epochs', 'seconds', 'seed', 'testAccuracy', 'testLoss']);
    expect(result.seed).toBe(3);
    expect(result.epochs).toBe(4);
    expect(result.testAccuracy).toBeGreaterThan(0.8);
    const lines = readFileSync(join(reference, runFiles.metrics), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter((line) => line.loss !== undefined)).toHaveLength(120);
    expect(lines.filter((line) => line.testAccuracy !== undefined).map((line) => line.step)).toEqual([30, 60, 90, 120]);
    expect(JSON.parse(readFileSync(join(reference, runFiles.config), 'utf8'))).toMatchObject({
      data: 'digits',
      model: 'resnet9',
      width: 4,
      epochs: 4,
    });
  });

  it('ends with the same checkpoint, bit for bit, however often and whenever it is killed', async () => {
    const out = join(folder, 'killed');
    let kills = 0;
    // From before the first step until after the last: the process takes about half a second to start.
    for (const delay of numbers(17, 20, 300, 1300)) {
      const { child, finished } = start([
        ...small,
        '--out',
        out,
        ...(existsSync(join(out, runFiles.config)) ? ['--resume'] : []),
      ]);
      await Promise.race([setTimeout(delay), finished]);
      child.kill('SIGKILL');
      const { signal } = await finished;
      if (signal === 'SIGKILL') kills++;
    }
    const last = await run([...small, '--out', out, '--resume']);
    expect(last.err).not.toContain('error');
    expect(last.code).toBe(0);
    expect(kills).toBeGreaterThan(3);
    expect(checkpointOf(out).equals(checkpointOf(reference))).toBe(true);
    const steps = (at: string) =>
      readFileSync(join(at, runFiles.metrics), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ step, loss, testLoss }) => ({ step, loss, testLoss }));
    expect(steps(out)).toEqual(steps(reference));
    expect(readdirSync(out).sort()).toEqual(Object.values(runFiles).sort());
  }, 120_000);

  it('finishes its step on Ctrl-C, says how to go on, and goes on to the same end', async () => {
    const out = join(folder, 'interrupted');
    const { child, finished } = start([...small, '--out', out]);
    for (let i = 0; i < 400 && !existsSync(join(out, runFiles.checkpoint)); i++) await setTimeout(10);
    child.kill('SIGINT');
    const stopped = await finished;
    expect(stopped.code).toBe(130);
    expect(stopped.out).toContain('--resume');
    expect(existsSync(join(out, runFiles.result))).toBe(false);
    expect((await run([...small, '--out', out, '--resume'])).code).toBe(0);
    expect(checkpointOf(out).equals(checkpointOf(reference))).toBe(true);
  }, 60_000);
});

describe('what goes wrong is one line, and nothing is overwritten', () => {
  const fails = async (args: string[], message: RegExp, env?: NodeJS.ProcessEnv) => {
    const { code, err, out } = await run(args, env);
    expect(code).not.toBe(0);
    expect(out).toBe('');
    expect(err.trimEnd()).toMatch(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  };
  const snapshot = (out: string) =>
    readdirSync(out)
      .sort()
      .map((name) => [name, readFileSync(join(out, name)).toString('base64')]);

  it('a folder that holds a run', async () => {
    const before = snapshot(reference);
    await fails(
      [...small, '--out', reference],
      /^error: train: .*already holds a run; go on with --resume, replace it with --overwrite/,
    );
    await fails(
      [...small, '--out', reference, '--resume', '--learning-rate', '0.3'],
      /^error: train: .*another configuration: learningRate \(was undefined, is 0.3\)/,
    );
    expect(snapshot(reference)).toEqual(before);
  });

  it('a damaged or truncated checkpoint', async () => {
    const out = join(folder, 'damaged');
    expect((await run([...small, '--epochs', '1', '--out', out])).code).toBe(0);
    const again = [...small, '--epochs', '1', '--out', out, '--resume'];
    const path = join(out, runFiles.checkpoint);
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    bad[good.length - 9] ^= 1;
    for (const [bytes, message] of [
      [bad, /^error: .*checkpoint.safetensors: damaged/],
      [good.subarray(0, 100), /^error: .*checkpoint.safetensors: cut short/],
      [Buffer.from('junk'), /too short to be a safetensors file/],
    ] as const) {
      writeFileSync(path, bytes);
      const before = snapshot(out);
      await fails(again, message);
      expect(snapshot(out)).toEqual(before);
    }
  }, 60_000);

  it('data that is absent, truncated or damaged', async () => {
    const data = join(folder, 'data');
    const mnist = ['train', '--data', 'mnist', '--out', join(folder, 'never')];
    await fails(mnist, /^error: mnist: .*-ubyte\(.gz\) is not in /, { COTANGENT_DATA: data });
    mkdirSync(join(data, 'mnist'), { recursive: true });
    for (const name of [
      'train-images-idx3-ubyte',
      'train-labels-idx1-ubyte',
      't10k-images-idx3-ubyte',
      't10k-labels-idx1-ubyte',
    ])
      writeFileSync(join(data, 'mnist', `${name}.gz`), Buffer.from([0x1f, 0x8b, 8, 0]));
    await fails(mnist, /^error: .*gz: damaged archive/, { COTANGENT_DATA: data });
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });

  it('options that do not fit', async () => {
    await fails(['train', '--out', join(folder, 'never'), '--epochs', '0'], /^error: train: epochs: /);
    await fails(
      ['train', '--out', join(folder, 'never'), '--momentum', 'much'],
      /^error: option '--momentum <x>' argument 'much' is invalid/,
    );
    await fails(
      ['train', '--out', join(folder, 'never'), '--model', 'resnet8'],
      /^error: train: model: no model of classification is called resnet8; did you mean resnet9/,
    );
    await fails(['train'], /^error: required option '--out <folder>' not specified/);
    await fails(
      ['train', '--out', join(folder, 'never'), '--train-size', '10', '--batch-size', '64'],
      /^error: train: batchSize 64 is larger than the 10 training samples/,
    );
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });
});
