import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalogue, claimOf, claims, documentationOf, findPaper, resolveExport } from '../../src/papers/index.js';
import { measures } from '../../src/papers/measures.js';
import { methods } from '../../src/papers/methods.js';
import { escapeHtml } from '../../src/train/pages/html.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * What the tests of methods import and use beyond the import, as `losses.crossEntropy`. The common test of all methods of a kind does not
 * count: a method has a test of its own.
 */
const tested = new Set(
  readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts') && !/^(papers|obligations)\b/.test(path))
    .flatMap((path) => {
      const text = readFileSync(`${root}test/${path}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
      const imports = /^import (?:\{([^}]*)\}|\* as (\w+)) from '[./]*\/src\/(\w+)\/[^']*';$/gm;
      const body = text.replace(imports, '');
      return [...text.matchAll(imports)].flatMap(([, names, namespace, subpath]) => {
        if (namespace) {
          const taken = new RegExp(`const \\{([^}]*)\\} = ${namespace};`, 'g');
          return [
            ...[...body.matchAll(new RegExp(`\\b${namespace}\\.(\\w+)`, 'g'))].map(([, name]) => name),
            ...[...body.matchAll(taken)].flatMap(([, list]) => list.match(/\w+/g) ?? []),
          ].map((name) => `${subpath}.${name}`);
        }
        return [...names.matchAll(/(\w+)(?: as (\w+))?\s*(?:,|$)/g)]
          .filter(([, name, local = name]) => new RegExp(`\\b${local}\\b`).test(body))
          .map(([, name]) => `${subpath}.${name}`);
      });
    }),
);

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
      expect(tested.has(name), `${name} (${file}): a test of its own uses it`).toBe(true);
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

  it('finds the options of a function wherever their types are declared, with what they are by default', async () => {
    const shown = async (name: string) =>
      (await documentationOf(name)).options.map(({ name: option, text }) => `${option}: ${text}`);
    // A type of an inline object, which the default is taken out of.
    expect(await shown('losses.alignment')).toEqual(['exponent: Default 2.']);
    // Types that extend others, of other files.
    const adaFace = await shown('losses.adaFace');
    expect(adaFace.map((option) => option.split(':')[0]).sort()).toEqual([
      'concentration',
      'gradient',
      'ignoreIndex',
      'margin',
      'reduction',
      'scale',
      'weight',
    ]);
    expect(adaFace).toContain('margin: Margin m, in [0, 1]. Default 0.4.');
    // Some of a type's fields, and some more.
    const { options } = await documentationOf('optim.sharpness');
    expect(options.map((option) => option.name)).toEqual(['radius', 'p', 'adaptive', 'steps']);
    expect(options.at(-1)).toEqual({ name: 'steps', type: 'number', required: false, text: 'Default 1.' });
    // A function that another makes, a class, and what takes none.
    expect((await documentationOf('metrics.precision')).options.map((option) => option.name)).toContain('average');
    expect((await documentationOf('nn.Context')).options.map((option) => option.name)).toContain('statistics');
    expect(await shown('nn.attentionTransformation')).toEqual([]);
    expect((await documentationOf('metrics.topKAccuracy')).options).toEqual([
      { name: 'k', type: 'number', required: true, text: '' },
    ]);
  });

  it('finds documentation and options in the sources', async () => {
    const { file, text, options } = await documentationOf('optim.sam');
    expect(file).toBe('optim/sharpness/sam.ts');
    expect(text).toMatch(/^Sharpness-aware minimisation/);
    expect(options.map((option) => option.name)).toEqual(['radius', 'p', 'adaptive', 'secondOrder']);
  });
});
