import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { tokenizerOf } from '../../../src/data/index.js';
import { toNumbers } from '../../../src/index.js';
import { golden } from '../../support/golden.js';

const path = fileURLToPath(new URL('../../golden/tokenizer.json', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cotangent-text-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  maxLength: number;
  ids: number[][];
  mask: number[][];
}
const { texts, cases } = golden<{ texts: string[]; cases: Case[] }>('texts');

describe('tokenizerOf', () => {
  it.each(cases.map((c) => [c.maxLength, c] as const))(
    'agrees with the original, up to %i tokens',
    async (maxLength, c) => {
      const { ids, mask, types } = (await tokenizerOf(path)).tokenize(texts, { maxLength });
      expect(ids.shape).toEqual([texts.length, c.ids[0].length]);
      expect(toNumbers(ids)).toEqual(c.ids.flat());
      expect(toNumbers(mask)).toEqual(c.mask.flat());
      expect(toNumbers(types).every((type) => type === 0)).toBe(true);
    },
  );

  it('takes the padding token that the configuration beside it names', async () => {
    copyFileSync(path, join(folder, 'tokenizer.json'));
    writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ pad_token: { content: '[SEP]' } }));
    const { ids } = (await tokenizerOf(join(folder, 'tokenizer.json'))).tokenize(['good film', 'bad']);
    expect(toNumbers(ids)).toEqual([2, 6, 8, 3, 2, 7, 3, 3]);
  });

  it('fills up to a length that a model asks for', async () => {
    const { ids, mask } = (await tokenizerOf(path)).tokenize(['good', 'bad film'], { maxLength: 5, fill: 'maxLength' });
    expect(toNumbers(ids)).toEqual([2, 6, 3, 0, 0, 2, 7, 8, 3, 0]);
    expect(toNumbers(mask)).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 1, 0]);
  });

  it('says what is wrong', async () => {
    await expect(tokenizerOf(join(folder, 'none.json'))).rejects.toThrow(/none\.json: does not exist/);
    writeFileSync(join(folder, 'broken.json'), '{');
    await expect(tokenizerOf(join(folder, 'broken.json'))).rejects.toThrow(/broken\.json: not valid JSON/);
    writeFileSync(join(folder, 'other.json'), '{"model": {"type": "What"}}');
    await expect(tokenizerOf(join(folder, 'other.json'))).rejects.toThrow(/other\.json: no tokenizer that can be used/);
    const padless = readFileSync(path, 'utf8').replaceAll('[PAD]', '[NIL]');
    writeFileSync(join(folder, 'padless.json'), padless);
    rmSync(join(folder, 'tokenizer_config.json'), { force: true });
    await expect(tokenizerOf(join(folder, 'padless.json'))).rejects.toThrow(/names no token for padding/);
    const tokenizer = await tokenizerOf(path);
    expect(() => tokenizer.tokenize(['good film'], { maxLength: 2 })).toThrow(
      /maxLength 2 leaves no room beside 2 special/,
    );
  });
});
