import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { concluded } from '../../src/papers/claim.js';
import { armsFigure } from '../../src/papers/figure.js';
import { type ClaimResult, renderSummary, reproduce } from '../../src/papers/index.js';

const folders: string[] = [];
const folder = async () => {
  const made = await mkdtemp(join(tmpdir(), 'cotangent-claim-'));
  folders.push(made);
  return made;
};
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true }))));

describe('reproduce', () => {
  it('measures, writes result and figure, and does no seed twice', async () => {
    const out = await folder();
    const lines: string[] = [];
    const two = await reproduce('fish', { out, seeds: 2, onProgress: (line) => lines.push(line) });
    expect(two).toMatchObject({ slug: 'fish', held: true, seeds: 2 });
    expect(two.interval[0]).toBeLessThan(two.effect);
    expect(lines.filter((line) => line.includes('effect'))).toHaveLength(2);
    expect(JSON.parse(await readFile(join(out, 'result.json'), 'utf8'))).toEqual(two);
    const figure = await readFile(join(out, 'figure.svg'), 'utf8');
    for (const text of [
      'cosine',
      'ratio of lengths',
      'inner rate 0.1',
      `${two.effect.toPrecision(3)} [`,
      'fish: held, seeds 0 to 1',
      'cosine: with the gradient of the inner products',
    ])
      expect(figure).toContain(text);

    lines.length = 0;
    const three = await reproduce('fish', { out, seeds: 3, onProgress: (line) => lines.push(line) });
    expect(lines[0]).toBe(`fish: 2 of 3 seeds were measured before, in ${out}`);
    expect(lines.slice(1).every((line) => line.startsWith('fish, seed 3/3'))).toBe(true);
    expect(three.details.measurements.slice(0, 2)).toEqual(two.details.measurements);
    expect(await reproduce('fish', { out, seeds: 2 })).toMatchObject({ effect: two.effect, seeds: 2 });
  });

  it('takes what was recorded, as results come with the package, and draws its figure', async () => {
    const out = await folder();
    const fish = JSON.parse(await readFile('claims/fish/result.json', 'utf8')) as ClaimResult;
    await writeFile(join(out, 'result.json'), JSON.stringify(fish));
    const lines: string[] = [];
    expect(await reproduce('fish', { out, onProgress: (line) => lines.push(line) })).toEqual(fish);
    expect(lines).toEqual([`fish: ${fish.seeds} of ${fish.seeds} seeds were measured before, in ${out}`]);
    expect(await readFile(join(out, 'figure.svg'), 'utf8')).toContain('ratio of lengths');
  });

  it('draws numbers far apart on a logarithmic axis, and only those ways of doing it that have them', async () => {
    const arms = { a: { error: 0.001, time: 5 }, b: { error: 0.9 } };
    const measurements = [1, 2].map((effect) => ({ effect, arms }));
    const [statement, data] = ['One of them is better.', ''];
    const measure = () => Promise.reject();
    const claim = {
      statement,
      effect: 'a less b',
      unit: 'difference in dB',
      threshold: 5 / 3,
      data,
      seeds: 2,
      measure,
    };
    const figure = await armsFigure(concluded('x', claim, measurements, 1));
    expect(figure).toContain('error (logarithmic)');
    expect(figure).not.toContain('time (logarithmic)');
    for (const text of ['x: not held, seeds 0 to 1', statement, 'effect: difference in dB', 'what counts'])
      expect(figure).toContain(text);
    expect(figure.match(/>b</g)).toHaveLength(1);
    expect(figure).toContain('counts from 1.67 on: not held');
  });

  it('gives the same numbers for the same seeds', async () => {
    const [a, b] = [await reproduce('fish', { seeds: 2 }), await reproduce('fish', { seeds: 2 })];
    expect(a.details.measurements).toEqual(b.details.measurements);
  });

  it('measures anew what belongs to another experiment, and names damage', async () => {
    const out = await folder();
    await writeFile(
      join(out, 'seeds.json'),
      JSON.stringify({ statement: 'another', measurements: [{ effect: 9 }], seconds: 1 }),
    );
    expect((await reproduce('fish', { out, seeds: 2 })).effect).toBeLessThan(1);
    await writeFile(join(out, 'seeds.json'), '{"statement": "Aver');
    await expect(reproduce('fish', { out, seeds: 2 })).rejects.toThrow(/seeds.json: not valid JSON/);
    await expect(reproduce('fish', { out, seeds: 2, fresh: true })).resolves.toMatchObject({ seeds: 2 });
  });

  it('refuses what cannot be measured', async () => {
    await expect(reproduce('fish', { seeds: 1 })).rejects.toThrow(/seeds 1 must be an integer of at least 2/);
    await expect(reproduce('nothing')).rejects.toThrow(/there is no claim for nothing yet/);
  });

  it('does not call an effect held that could as well be nothing', () => {
    const claim = {
      statement: '',
      effect: '',
      unit: '',
      threshold: 0.1,
      data: '',
      seeds: 3,
      measure: () => Promise.reject(new Error()),
    };
    const of = (...effects: number[]) =>
      concluded(
        'x',
        claim,
        effects.map((effect) => ({ effect, arms: {} })),
        1,
      ).held;
    expect(of(0.2, 0.21, 0.19)).toBe(true);
    expect(of(0.05, 0.051, 0.049)).toBe(false);
    expect(of(0.9, -0.5, 0.3)).toBe(false);
  });

  it('shows all results on one page, those that did not hold too', async () => {
    const result: ClaimResult = {
      slug: 'a',
      held: false,
      effect: 0.01,
      interval: [-0.02, 0.04],
      seeds: 3,
      seconds: 4,
      details: {
        statement: '<b> is better',
        effect: 'difference',
        unit: 'in dB',
        threshold: 0.1,
        neutral: 0,
        data: '<drawn>',
        measurements: [],
      },
    };
    const page = renderSummary([result, { ...result, slug: 'b', held: true }], new Map([['a', '<svg id="fig"/>']]));
    expect(page).toContain('1 of 2 held');
    expect(page).toContain('&lt;drawn&gt;');
    expect(page).toContain('in dB');
    expect(page).toContain('0.0100 [-0.0200, 0.0400]');
    expect(page).toContain('<svg id="fig"/>');
    expect(page).not.toContain('error');
    expect(renderSummary([result], new Map(), ['c', 'b'])).toContain('Ended with an error, and are not shown: b, c.');
  });
});
