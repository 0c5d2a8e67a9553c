import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { operatorTables, withOperatorTables } from '../../src/import/documentation.js';
import { schemas } from '../../src/import/generated/schemas.js';
import { families } from '../../src/import/operators/index.js';

const document = readFileSync(new URL('../../docs/operators.md', import.meta.url), 'utf8');

describe('docs/operators.md', () => {
  it('says what the code has: npm run docs:operators', () => {
    expect(withOperatorTables(document)).toBe(document);
  });

  it('names every operator of ONNX once in the tables, supported or not', () => {
    const tables = operatorTables();
    const [supported, rest] = tables.split('Where the derivative');
    const missing = rest.slice(rest.indexOf('Not supported'));
    for (const type of Object.keys(schemas)) {
      const mark = `\`${type}\``;
      expect(supported.split(mark).length + missing.split(mark).length - 2, type).toBe(1);
    }
  });

  it('has no operator twice', () => {
    const names = Object.values(families).flatMap((list) => list.map((o) => `${o.domain ?? ''} ${o.type}`));
    expect(new Set(names).size).toBe(names.length);
  });
});
