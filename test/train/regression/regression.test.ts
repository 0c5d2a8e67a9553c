import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { type Tabular, tabularRows, uci } from '../../../src/data/index.js';
import { ndarray } from '../../../src/index.js';
import { rootMeanSquaredError } from '../../../src/metrics/index.js';
import { key, normal, uniform } from '../../../src/runtime/random/index.js';
import { inspectRun, parseConfig, renderInspection, runFiles, runTraining } from '../../../src/train/index.js';
import { regressionTables } from '../../../src/train/tables.js';
import { remade } from '../runs.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-regression-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Prices in thousands of areas and ages, of a known deviation around them. */
const deviation = 20;
const data = join(folder, 'houses.csv');
{
  const [area, age] = [0, 1].map((i) => uniform(key(i), [300]).data);
  const noise = normal(key(2), [300]).data;
  const rows = Array.from(area, (a, i) => {
    const [square, years] = [50 + 200 * a, 80 * age[i]];
    const price = 4000 + 10 * square - 0.1 * square * (years / 10) + deviation * noise[i];
    return `${square},${years},town,${Math.round(price)},${i}`;
  });
  writeFileSync(data, `area,age,kind,price,row\n${rows.join('\n')}\n`);
}
const table = { data, target: 'price', columns: ['area', 'age'] };
const learning = { epochs: 50, hidden: [32, 32], batchSize: 16, learningRate: 0.01 };
const small = { ...table, epochs: 1, hidden: [16] };
const checkpoint = (out: string) => readFileSync(join(out, runFiles.checkpoint));
const session = (out: string) => ort.InferenceSession.create(join(out, runFiles.model));
const asked = ({ features }: Tabular) => ({
  features: new ort.Tensor('float32', features.data, features.shape as number[]),
});

describe('regressions of tables', () => {
  it('learn a CSV file down to its noise; the exported model takes and gives numbers in their own units', async () => {
    const config = parseConfig({ ...table, ...learning });
    expect(config.task).toBe('regression');
    const out = join(folder, 'houses');
    const result = await runTraining(config, { out });
    expect(result?.testError).toBeGreaterThan(0.7 * deviation);
    expect(result?.testError).toBeLessThan(1.4 * deviation);
    expect(result?.testR2).toBeGreaterThan(0.99);
    const { test } = await regressionTables(config);
    const { prediction } = await (await session(out)).run(asked(test));
    const said = ndarray(prediction.data as Float32Array);
    expect(rootMeanSquaredError(said, test.targets)).toBeCloseTo(result?.testError ?? 0, 3);
    const one = await (await session(out)).run(asked(tabularRows(test, [3])));
    expect((one.prediction.data as Float32Array)[0]).toBeCloseTo(said.data[3], 2);
    expect(Buffer.from(await remade(out)).equals(readFileSync(join(out, runFiles.model)))).toBe(true);
    const report = readFileSync(join(out, runFiles.report), 'utf8');
    expect(report).toContain('Predictions and errors');
    expect(report).not.toContain('Calibration');
    // Nothing of the column that was not asked for.
    expect(JSON.parse(readFileSync(join(out, runFiles.config), 'utf8'))).toMatchObject({
      ...table,
      task: 'regression',
    });
  });

  it('with distributions say how far off they are, calibrated and in nats of the own unit', async () => {
    const loss = 'gaussianMixtureNegativeLogLikelihood:components=2';
    const config = parseConfig({ ...table, loss, ...learning });
    const out = join(folder, 'mixture');
    const result = await runTraining(config, { out });
    // The likelihood of a normal distribution of the noise's deviation.
    const ideal = Math.log(deviation) + 0.5 * Math.log(2 * Math.PI * Math.E);
    expect(Math.abs((result?.testNegativeLogLikelihood ?? 0) - ideal)).toBeLessThan(0.3);
    expect(Math.abs((result?.testCoverage ?? 0) - 0.9)).toBeLessThan(0.15);
    expect(result?.testIntervalWidth).toBeLessThan(5 * deviation);
    const { test } = await regressionTables(config);
    const { weights, means, deviations, prediction } = await (await session(out)).run(asked(test));
    for (let i = 0; i < 5; i++) {
      const [w, m, s] = [weights, means, deviations].map(({ data }) => (data as Float32Array).slice(2 * i, 2 * i + 2));
      expect(w[0] + w[1]).toBeCloseTo(1, 5);
      expect(w[0] * m[0] + w[1] * m[1]).toBeCloseTo((prediction.data as Float32Array)[i], 1);
      expect(Math.min(...s)).toBeGreaterThan(0);
    }
    const report = readFileSync(join(out, runFiles.report), 'utf8');
    expect(report).toContain('Intervals of 90%');
    // What is found at the end alone has no curve.
    expect(report).toContain('Negative log-likelihood by step');
    expect(report).not.toContain('Coverage of intervals by step');
    expect(report).toContain('Calibration');
  });

  it('with several levels give quantiles in order that cover about what they should', async () => {
    const loss = 'quantileLoss:level=[0.1,0.25,0.5,0.75,0.9]';
    const config = parseConfig({ ...table, loss, ...learning });
    const out = join(folder, 'quantiles');
    const result = await runTraining(config, { out });
    expect(result?.testCoverage).toBeGreaterThan(0.55);
    expect(result?.testPinballLoss).toBeLessThan(deviation / 2);
    const { quantiles } = await (await session(out)).run(asked((await regressionTables(config)).test));
    expect(quantiles.dims).toEqual([60, 5]);
    const values = quantiles.data as Float32Array;
    for (let i = 0; i < 60; i++)
      for (let k = 1; k < 5; k++) expect(values[5 * i + k]).toBeGreaterThanOrEqual(values[5 * i + k - 1]);
  });

  it.each([
    { loss: 'poissonLoss', measure: 'testPoissonDeviance' },
    { loss: 'poissonLoss:logRate=true', measure: 'testPoissonDeviance' },
    { loss: 'wing:width=1,curvature=0.2', measure: 'testError' },
    {
      loss: 'gaussianMixtureCrps',
      regularizer: ['pceKde:weight=0.5', 'spacingEntropy:weight=0.01', 'pceSort'],
      measure: 'testCrps',
    },
    {
      loss: 'quantileLoss:level=[0.1,0.9]',
      regularizer: ['quantilePceKde', 'truncatedCoverage'],
      measure: 'testCoverage',
    },
    { loss: 'huber', augment: ['cMixup:bandwidth=0.2', 'mixup:alpha=0.4'], measure: 'testMeanAbsoluteError' },
    { loss: 'huber', augment: ['cMixup:bandwidth=0.2,pool=batch'], optimizer: 'sam:base=adam', measure: 'testError' },
    { loss: 'smoothL1:beta=0.5', optimizer: 'lbfgs', measure: 'testError' },
    { loss: 'logCosh', regularizer: ['adversarialPerturbation:radius=0.1'], dropout: 0.1, measure: 'testError' },
  ])('train with $loss, $augment, $regularizer', async ({ measure, ...settings }) => {
    const out = join(folder, JSON.stringify(settings).replace(/\W+/g, '-'));
    const result = await runTraining(parseConfig({ ...small, ...settings }), { out });
    expect(Number.isFinite(result?.[measure as 'testError'])).toBe(true);
    expect(Number.isFinite(result?.testLoss)).toBe(true);
    const { prediction } = await (await session(out)).run(asked((await regressionTables(parseConfig(small))).test));
    // From the first step on in the range of the prices, which standardisation is for.
    for (const value of prediction.data as Float32Array) expect(value).toBeGreaterThan(1000);
  });

  it.each([
    { loss: 'gaussianMixtureNegativeLogLikelihood', calibrated: true },
    { loss: 'quantileLoss:level=[0.1,0.5,0.9]', calibrated: true },
    { loss: 'meanSquaredError', calibrated: false },
  ])(
    'with $loss can be looked at: what columns are worth, and what recalibration would do',
    async ({ loss, calibrated }) => {
      const out = join(folder, `inspected-${loss.replace(/\W+/g, '-')}`);
      const columns = ['area', 'row'];
      const result = await runTraining(parseConfig({ ...table, columns, loss, ...learning, epochs: 20 }), { out });
      const inspection = await inspectRun(out, { samples: 64, points: 3, probes: 1, steps: 4 });
      expect(inspection.samples).toBe(64);
      const facts = new Map(inspection.facts);
      expect(Number(facts.get('root mean squared error, test set, units of the target'))).toBeCloseTo(
        result?.testError ?? 0,
        -1,
      );
      expect(facts.has('calibration error, test set')).toBe(calibrated);
      const html = await renderInspection(inspection);
      expect(html).toContain('64 training rows');
      expect(html.includes('Recalibration')).toBe(calibrated);
      // The area tells the price, the number of the row nothing.
      const bars = html.slice(html.indexOf('What each column is worth</h2>'));
      expect(bars.indexOf('>area<')).toBeGreaterThan(0);
      expect(bars.indexOf('>area<')).toBeLessThan(bars.indexOf('>row<'));
      expect(inspection.surface.losses[1][1]).toBeLessThan(Math.max(...inspection.surface.losses.flat()));
    },
  );

  it('go on, bit for bit, where they were stopped', async () => {
    const config = parseConfig({
      ...small,
      epochs: 2,
      loss: 'gaussianMixtureNegativeLogLikelihood',
      augment: ['cMixup:bandwidth=0.3'],
      regularizer: ['pceKde'],
      dropout: 0.2,
    });
    const [whole, parts] = ['whole', 'parts'].map((name) => join(folder, name));
    await runTraining(config, { out: whole });
    const stop = new AbortController();
    const stopped = await runTraining(config, {
      out: parts,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.progress.step === 9) stop.abort();
      },
    });
    expect(stopped).toBeUndefined();
    expect(checkpoint(parts).equals(checkpoint(whole))).toBe(false);
    await runTraining(config, { out: parts, resume: true });
    expect(checkpoint(parts).equals(checkpoint(whole))).toBe(true);
    expect(readFileSync(join(parts, runFiles.model)).equals(readFileSync(join(whole, runFiles.model)))).toBe(true);
  });

  it.each([
    [{ data }, /name the column of .*houses\.csv that is predicted, target/],
    [{ ...small, columns: ['area', 'kind'] }, /houses\.csv, row 1, column 'kind': 'town', which is no finite number/],
    [
      { ...small, loss: 'gaussianMixtureCrps', regularizer: ['quantilePceKde'] },
      /regularizer quantilePceKde is of quantiles, gaussianMixtureCrps predicts distributions; of quantiles are quantileLoss/,
    ],
    [{ ...small, regularizer: ['pceKde'] }, /pceKde is of distributions/],
    [{ ...small, batchSize: 1000 }, /batchSize 1000 is larger than the 240 training samples/],
  ])('%j is refused in one line', async (settings, message) => {
    await expect(runTraining(parseConfig(settings), { out: join(folder, 'refused') })).rejects.toThrow(message);
  });

  it('need counts that are not below 0 for the loss of counts', async () => {
    const below = join(folder, 'below.csv');
    writeFileSync(below, `x,y\n${Array.from({ length: 50 }, (_, i) => `${i},${i - 3}`).join('\n')}\n`);
    const config = parseConfig({ data: below, target: 'y', loss: 'poissonLoss', batchSize: 8 });
    await expect(runTraining(config, { out: join(folder, 'refused') })).rejects.toThrow(
      /poissonLoss is of counts, at least 0; 'y' of below\.csv is -\d somewhere/,
    );
  });

  it.each([
    [{ ...small, loss: 'crossEntropy' }, /loss: crossEntropy is for classification, .*not for regression/],
    [{ ...small, loss: 'hubber' }, /loss: no loss is called hubber; did you mean huber/],
    [{ ...small, augment: ['randomCrop'] }, /randomCrop is for classification/],
    [{ ...small, model: 'resnet9' }, /resnet9 is for classification, embedding, not for regression, which has mlp/],
    [{ data: 'mnist', target: 'x' }, /target is for regression/],
    [{ data: 'uci/concret' }, /did you mean uci\/concrete/],
    [{ ...small, augment: ['cMixup'] }, /cMixup, bandwidth/],
  ])('%j is refused by name', (settings, message) => {
    expect(() => parseConfig(settings)).toThrow(message);
  });

  it.skipIf(!process.env.COTANGENT_DATA)(
    'learn the strength of concrete (where COTANGENT_DATA names the folder of data sets)',
    async () => {
      const { targets } = await uci({ set: 'concrete' });
      const config = parseConfig({ data: 'uci/concrete', epochs: 30, hidden: [64, 64], learningRate: 3e-3 });
      const result = await runTraining(config, { out: join(folder, 'concrete') });
      // Its deviation is 16.7 MPa; papers report root mean squared errors of 5 to 6.
      expect(targets.shape).toEqual([1030]);
      expect(result?.testError).toBeLessThan(7);
      expect(result?.testR2).toBeGreaterThan(0.8);
    },
  );
});
