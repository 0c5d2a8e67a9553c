import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Inspection,
  inspectRun,
  parseConfig,
  renderInspection,
  reportWithInspection,
  runFiles,
  runTraining,
} from '../../../src/train/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-inspect-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the inspection of a run', () => {
  let inspection: Inspection;
  beforeAll(async () => {
    const config = parseConfig({
      model: 'mlp',
      hidden: [16],
      trainSize: 640,
      testSize: 200,
      batchSize: 32,
      epochs: 2,
      seed: 4,
    });
    await runTraining(config, { out: folder });
    inspection = await inspectRun(folder, { samples: 128, points: 5, probes: 2, steps: 8 });
  });

  it('measures calibration on the whole test set', () => {
    if (!inspection.answers) throw new Error('a classifier has answers');
    const { reliability, calibrationError, confusion } = inspection.answers;
    expect(confusion.flat().reduce((a, b) => a + b, 0)).toBe(200);
    expect(reliability.reduce((sum, { count }) => sum + count, 0)).toBe(200);
    const gap = reliability.reduce(
      (sum, { count, accuracy, confidence }) => sum + (count > 0 ? count * Math.abs(accuracy - confidence) : 0),
      0,
    );
    expect(calibrationError).toBeCloseTo(gap / 200, 10);
  });

  it('measures the spread of the last features, their collapse, and finds neighbours', () => {
    const { collapse, collapseSamples, spread, neighbours = [] } = inspection;
    expect(collapseSamples).toBe(640);
    expect(collapse?.withinClassVariability).toBeGreaterThan(0);
    expect(collapse?.nearestMeanDisagreement).toBeLessThan(0.9);
    expect(spread?.alignment).toBeGreaterThan(0);
    expect(spread?.uniformity).toBeLessThan(0);
    expect(neighbours).toHaveLength(10);
    for (const { nearest, label } of neighbours) {
      expect(nearest).toHaveLength(8);
      nearest.slice(1).forEach(({ cosine }, i) => {
        expect(cosine).toBeLessThanOrEqual(nearest[i].cosine);
      });
      expect(label).toBeLessThan(10);
    }
  });

  it('sees the loss around the weights, least near them, and the Hessian', () => {
    const { surface, spectrum, sharpness } = inspection;
    expect([surface.x, surface.y]).toEqual([
      [-1, -0.5, 0, 0.5, 1],
      [-1, -0.5, 0, 0.5, 1],
    ]);
    const middle = surface.losses[2][2];
    for (const corner of [surface.losses[0][0], surface.losses[4][4], surface.losses[0][4]])
      expect(corner).toBeGreaterThan(middle);
    expect(spectrum).toHaveLength(16);
    expect(spectrum.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 3);
    expect(Math.max(...spectrum.map(({ eigenvalue }) => eigenvalue))).toBeGreaterThan(0);
    expect(sharpness).toBeGreaterThan(0);
  });

  it('is the same each time', async () => {
    expect(await inspectRun(folder, { samples: 128, points: 5, probes: 2, steps: 8 })).toEqual(inspection);
  });

  it('is a page that needs nothing else', async () => {
    const html = await renderInspection(inspection);
    expect(html).not.toMatch(/(src|href)="(?!data:|#)|<script/);
    const { document } = parseHTML(html);
    const figures = [...document.querySelectorAll('.charts figure')];
    expect(figures.map((f) => f.querySelector('figcaption')?.textContent)).toEqual([
      'Reliability on the test set',
      'Training loss around the weights',
      'Training loss along the first direction',
      'Spectrum of the Hessian',
    ]);
    for (const [i, words] of [
      ['confidence (probability of the predicted class', 'accuracy (share of samples)'],
      ['first direction (lengths of the weights', 'second direction (lengths of the weights)', 'cross-entropy (nats)'],
      ['first direction (lengths of the weights', 'cross-entropy (nats)'],
      ['eigenvalue (loss in nats per squared weight', 'density (share of eigenvalues per unit)'],
    ].entries())
      for (const word of [...words, 'seed 4']) expect(figures[i].textContent).toContain(word);
    // Ten levels of the loss, each with a grey of its own in the legend and lines between them on the plane.
    const fills = [...figures[1].querySelectorAll('[aria-label="contour"] path')].map((path) =>
      path.getAttribute('fill'),
    );
    expect(new Set(fills).size).toBeGreaterThan(5);
    expect(figures[1].querySelectorAll('rect[fill^="rgb"]')).toHaveLength(10);
    expect(document.querySelector('.summary')?.textContent).toContain('seed 4');
  });

  it('stands at the end of the report, in the place of an earlier one', async () => {
    const report = readFileSync(join(folder, runFiles.report), 'utf8');
    const once = await reportWithInspection(report, inspection);
    const { document } = parseHTML(once);
    expect([...document.querySelectorAll('h1')].map((e) => e.textContent)).toEqual(['mlp on digits', 'From near']);
    expect([...document.querySelectorAll('main figcaption')].map((e) => e.textContent)).toContain(
      'Spectrum of the Hessian',
    );
    expect(once.startsWith(report.slice(0, report.lastIndexOf('</main>')))).toBe(true);
    // Figures are numbered from drawing to drawing.
    const unnumbered = (html: string) => html.replaceAll(/plot-[\w-]+/g, 'plot');
    expect(unnumbered(await reportWithInspection(once, inspection))).toBe(unnumbered(once));
    const other = { ...inspection, sharpness: 123 };
    expect(unnumbered(await reportWithInspection(once, other))).toBe(
      unnumbered(await reportWithInspection(report, other)),
    );
  });

  it('tells levels of a loss apart that is below 0', async () => {
    const losses = inspection.surface.losses.map((row) => row.map((loss) => loss - 100));
    const html = await renderInspection({ ...inspection, surface: { ...inspection.surface, losses } });
    const { document } = parseHTML(html);
    const [, plane, line] = document.querySelectorAll('.charts figure');
    expect(plane.querySelectorAll('[aria-label="contour"] path').length).toBeGreaterThan(5);
    expect(plane.textContent).toContain('by the same amount');
    expect(line.textContent).not.toContain('logarithmic');
    const ticks = [...plane.querySelectorAll('svg')][0].textContent?.match(/-\d+\.\d+/g) ?? [];
    expect(new Set(ticks).size).toBe(9);
  });

  it.each([
    ['short', (loss: number) => 1e5 * loss, 9],
    ['longer', (loss: number) => -12_345 - loss / 100, 5],
  ])('names levels in its legend as far as names have room: %s', async (_, scaled, named) => {
    const losses = inspection.surface.losses.map((row) => row.map(scaled));
    const html = await renderInspection({ ...inspection, surface: { ...inspection.surface, losses } });
    const legend = parseHTML(html).document.querySelectorAll('.charts figure')[1].querySelector('svg') as Element;
    const ticks = [...legend.querySelectorAll('.tick, [aria-label="axis"] g')].map((tick) => ({
      x: Number(tick.getAttribute('transform')?.match(/\(([\d.]+)/)?.[1]),
      text: tick.textContent ?? '',
    }));
    const shown = ticks.filter(({ text }) => text !== '');
    expect(ticks).toHaveLength(9);
    expect(shown).toHaveLength(named);
    for (const [i, { x, text }] of shown.slice(1).entries())
      expect(x - shown[i].x, `${shown[i].text} and ${text}`).toBeGreaterThan(
        3.5 * (text.length + shown[i].text.length),
      );
  });

  it('names a folder that holds no run', async () => {
    await expect(inspectRun(join(folder, 'absent'))).rejects.toThrow(/config.json: does not exist/);
  });
});
