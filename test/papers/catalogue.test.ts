import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalogue, claimOf, claims, documentationOf, findPaper, resolveExport } from '../../src/papers/index.js';
import { measures } from '../../src/papers/measures.js';
import { methods } from '../../src/papers/methods.js';
import { escapeHtml } from '../../src/train/pages/html.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The text of all tests of methods. */
const tests = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') && !path.startsWith('papers'))
  .map((path) => readFileSync(`${root}test/${path}`, 'utf8'))
  .join('\n');

describe('the catalogue', () => {
  it('has every paper once', async () => {
    const papers = await catalogue();
    expect(papers).toHaveLength(214);
    expect(new Set(papers.map((paper) => paper.slug)).size).toBe(214);
    for (const { slug, title, source, kinds, tasks, family } of papers) {
      expect(slug).toMatch(/^[a-z0-9-]+$/);
      for (const text of [title, source, family]) expect(text.length, slug).toBeGreaterThan(2);
      expect(kinds.length, slug).toBeGreaterThan(0);
      expect(tasks.length, slug).toBeGreaterThan(0);
    }
  });

  it('says implemented of those with functions and a claim, and no others', async () => {
    const implemented = (await catalogue()).filter((paper) => paper.implemented).map((paper) => paper.slug);
    expect(implemented.sort()).toEqual(Object.keys(claims).sort());
    expect(Object.keys(methods).sort()).toEqual(Object.keys(claims).sort());
    expect((await findPaper('useful')).implemented).toBe(false);
  });

  it.each(Object.entries(methods))('%s: its functions exist, are documented and tested', async (_, { exports }) => {
    expect(exports.length).toBeGreaterThan(0);
    for (const name of exports) {
      await expect(resolveExport(name)).resolves.toBeDefined();
      const { file, text } = await documentationOf(name);
      expect(text.length, `${name}: documentation`).toBeGreaterThan(25);
      const used = new RegExp(`\\b${name.split('.')[1]}\\b`);
      expect(used.test(tests), `${name} (${file}): no test uses it`).toBe(true);
    }
  });

  it.each(Object.keys(claims))('%s: its claim can be measured, and was', async (slug) => {
    const claim = await claimOf(slug);
    expect(claim.seeds).toBeGreaterThanOrEqual(3);
    const { claim: recorded } = await findPaper(slug);
    const last = recorded?.last;
    // What was measured is this very claim: a change of the experiment needs a new measurement.
    expect(last).toMatchObject({ slug, seeds: claim.seeds });
    const { statement, effect, unit, threshold, data } = claim;
    expect(last?.details).toMatchObject({ statement, effect, unit, threshold, data });
    expect(unit).toMatch(/^(difference|ratio|cosine)\b/);
    expect(last?.details.measurements).toHaveLength(claim.seeds);
    const figure = readFileSync(`${root}claims/${slug}/figure.svg`, 'utf8');
    for (const { arms } of last?.details.measurements ?? [])
      for (const name of Object.values(arms).flatMap(Object.keys)) {
        expect(measures[name], `${name}: what it is, in src/papers/measures.ts`).toBeDefined();
        const label = `${name}: ${measures[name]}`;
        expect(label.length, label).toBeLessThan(90);
        expect(figure).toContain(escapeHtml(label));
      }
    expect(figure).toContain(`effect: ${unit}`);
  });

  it('names the nearest when it is asked for what it does not have', async () => {
    await expect(findPaper('smoothgard')).rejects.toThrow(/no paper is called smoothgard; did you mean smoothgrad/);
    await expect(resolveExport('losses.nothing')).rejects.toThrow(/cotangent\/losses exports no nothing/);
    await expect(documentationOf('losses.nothing')).rejects.toThrow(/declares no documented nothing/);
  });

  it('finds documentation and options in the sources', async () => {
    const { file, text, options } = await documentationOf('optim.sam');
    expect(file).toBe('optim/sharpness/sam.ts');
    expect(text).toMatch(/^Sharpness-aware minimisation/);
    expect(options.map((option) => option.split(':')[0])).toEqual(['radius', 'p', 'adaptive', 'secondOrder']);
  });
});
