import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, describe, expect, it } from 'vitest';
import { type ComparedRun, readRun, renderComparison } from '../../../src/train/index.js';

const run = (name: string, rate: number, loss: object, finished = true): ComparedRun => ({
  name,
  config: { model: 'mlp', loss, learningRate: rate },
  metrics: [
    ...Array.from({ length: 20 }, (_, i) => ({ step: i + 1, epoch: 0, loss: 1 / (i + 1), accuracy: i / 20 })),
    { step: 20, epoch: 0, testLoss: 0.5, testAccuracy: rate },
  ],
  ...(finished && { result: { testAccuracy: rate, testLoss: 0.5, epochs: 1, seconds: 2, seed: 3 } }),
});
const entropy = { name: 'crossEntropy', options: {} };
const poly = { name: 'polyLoss', options: { coefficients: [2] } };

describe('a comparison of runs', () => {
  it('shows results, what differs, and curves with a legend', async () => {
    const html = await renderComparison([
      run('runs/<a>', 0.8, entropy),
      run('b', 0.9, poly),
      run('c', 0.7, poly, false),
    ]);
    expect(html).not.toMatch(/(src|href)="(?!data:|#)|<script/);
    const { document } = parseHTML(html);
    const text = (selector: string) => [...document.querySelectorAll(selector)].map((e) => e.textContent);
    expect(document.querySelector('b')?.textContent).toBe('90.00%');
    expect(text('tbody th')).toEqual(['runs/<a>', 'b', 'c', 'loss', 'learningRate']);
    expect(text('section:nth-of-type(2) tbody tr:first-child td')).toEqual([
      'crossEntropy',
      'polyLoss:coefficients=[2]',
      'polyLoss:coefficients=[2]',
    ]);
    expect(html).toContain('not finished');
    expect(text('.charts figcaption')).toHaveLength(4);
    for (const figure of document.querySelectorAll('.charts figure')) {
      expect([...figure.querySelectorAll('.legend span')].map((e) => e.textContent?.trim())).toEqual([
        'runs/<a> (seed 3)',
        'b (seed 3)',
        'c',
      ]);
      // After one epoch too, where all curves of tests are points at one step, and of one height.
      const ticks = [...figure.querySelectorAll('[aria-label$="-axis tick label"] text')].map(
        (e) => e.textContent ?? '',
      );
      expect(ticks.length).toBeGreaterThan(5);
      for (const tick of ticks) expect(tick.length).toBeLessThan(5);
      expect(figure.textContent).toContain('step');
    }
    // Losses of two kinds are no one scale, and the page says so.
    expect(html).toContain('not one scale');
    expect(await renderComparison([run('a', 0.8, poly), run('b', 0.8, poly)])).toContain('None.');
  });

  it('reads folders, and names one that holds no run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cotangent-compare-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    await expect(readRun(folder)).rejects.toThrow(/config.json: does not exist/);
    writeFileSync(join(folder, 'config.json'), '{"model":"mlp"}');
    writeFileSync(join(folder, 'metrics.jsonl'), '{"step":1,"epoch":0,"loss":2}\n');
    expect(await readRun(folder)).toEqual({
      name: folder,
      config: { model: 'mlp' },
      metrics: [{ step: 1, epoch: 0, loss: 2 }],
    });
  });
});
