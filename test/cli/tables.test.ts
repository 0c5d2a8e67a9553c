import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runFiles } from '../../src/train/index.js';
import { run } from './command.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-tables-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const data = join(folder, 'houses.csv');
const rows = Array.from({ length: 120 }, (_, i) => [
  i,
  (i * 37) % 11,
  `street ${i % 3}`,
  100 + 3 * i - ((i * 37) % 11),
]);
writeFileSync(data, `area,age,street,price\n${rows.map((row) => row.join(',')).join('\n')}\n`);
const train = [
  'train',
  '--data',
  data,
  '--target',
  'price',
  '--columns',
  'area,age',
  '--hidden',
  '16',
  '--epochs',
  '5',
];

describe('tables from the command line', () => {
  it('are trained on, compared, looked at and exported', async () => {
    const [plain, quantiles] = ['plain', 'quantiles'].map((name) => join(folder, name));
    const done = await run([...train, '--batch-size', '16', '--out', plain]);
    expect(done.err).toMatch(/epoch 5\/5: .*test root mean squared error \d+\.\d+, mean absolute error/);
    expect(done.out).toMatch(/^test root mean squared error .*R squared .*test loss/);
    expect(done.code).toBe(0);
    const more = ['--loss', 'quantileLoss:level=[0.1,0.5,0.9]', '--augment', 'cMixup:bandwidth=0.5'];
    expect(await run([...train, ...more, '--out', quantiles])).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(quantiles, runFiles.config), 'utf8'))).toMatchObject({
      task: 'regression',
      columns: ['area', 'age'],
      batchSize: 32,
      optimizer: { name: 'adamW' },
    });
    const page = join(folder, 'compared.html');
    expect((await run(['compare', plain, quantiles, '--out', page])).out).toContain('coverage of intervals');
    const compared = readFileSync(page, 'utf8');
    expect(compared).toContain('Test root mean squared error');
    // Taken at the end alone, it stands in the table and has no curve.
    expect(compared).toContain('test coverage of intervals');
    expect(compared).not.toContain('Test coverage of intervals');
    const looked = await run([
      'inspect',
      quantiles,
      '--samples',
      '32',
      '--points',
      '3',
      '--probes',
      '1',
      '--steps',
      '3',
    ]);
    expect(looked.out).toMatch(/root mean squared error, test set, units of the target .*calibration error/);
    const file = join(folder, 'model.onnx');
    await run(['export', plain, '--out', file]);
    expect(readFileSync(file).equals(readFileSync(join(plain, runFiles.model)))).toBe(true);
  });

  it('are refused in one line, before anything is written', async () => {
    const out = join(folder, 'refused');
    for (const [flags, message] of [
      [
        ['--target', 'price'],
        /^error: train: .*houses\.csv, row 1, column 'street': 'street 0'.*can be named: columns\n$/,
      ],
      [['--target', 'cost'], /has no column 'cost', but 'area', 'age', 'street', 'price'\n$/],
      [['--target', 'price', '--columns', 'area', '--regularizer', 'pceSort'], /pceSort is of distributions/],
      [['--target', 'price', '--loss', 'crossEntropy'], /crossEntropy is for classification/],
    ] as const) {
      const { code, err } = await run(['train', '--data', data, ...flags, '--out', out]);
      expect(err).toMatch(message);
      expect([code, existsSync(out)]).toEqual([1, false]);
    }
  });
});
