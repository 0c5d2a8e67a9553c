import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { methods } from '../../src/papers/methods.js';

const folder = new URL('../../examples/', import.meta.url);
const slugs = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));

describe('examples', () => {
  afterEach(() => vi.restoreAllMocks());

  it('are there for every paper that is implemented, and for no other', () => {
    expect(slugs.sort()).toEqual(Object.keys(methods).sort());
  });

  it.each(slugs)('%s: runs as it stands, uses what implements the paper, and prints numbers', async (slug) => {
    const imports = [
      ...readFileSync(new URL(`${slug}.ts`, folder), 'utf8').matchAll(/import \{([^}]*)\} from 'cotangent\/(\w+)'/g),
    ];
    const used = imports.flatMap(([, names, subpath]) => names.split(',').map((name) => `${subpath}.${name.trim()}`));
    expect(used.some((name) => methods[slug].exports.includes(name))).toBe(true);

    const print = vi.spyOn(console, 'log').mockImplementation(() => {});
    await import(`../../examples/${slug}.ts`);
    const printed = print.mock.calls.flat();
    expect(printed.length).toBeGreaterThan(1);
    for (const value of printed.flat()) {
      expect(['string', 'number']).toContain(typeof value);
      if (typeof value === 'number') expect(Number.isFinite(value), `${slug}: ${printed.join(' ')}`).toBe(true);
    }
  });
});
