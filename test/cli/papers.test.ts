import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { claims } from '../../src/papers/index.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = (...args: string[]) =>
  execFileSync(process.execPath, [main, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

describe('cotangent papers', () => {
  it('lists all, or those asked for, as a table or as JSON', () => {
    expect(run('papers').trim().split('\n')).toHaveLength(214 + 3);
    const optimizers = JSON.parse(run('papers', '--kind', 'optimizer', '--implemented', '--json')) as Record<
      string,
      unknown
    >[];
    expect(optimizers.map((paper) => paper.slug)).toContain('sam');
    for (const paper of optimizers) {
      expect(paper).toMatchObject({ implemented: true, title: expect.any(String), source: expect.any(String) });
      expect(paper.kinds).toContain('optimizer');
      expect(paper.exports).not.toEqual([]);
      expect(Object.keys(paper)).toEqual(['slug', 'title', 'source', 'kinds', 'exports', 'implemented', 'claim']);
    }
    expect(run('papers', '--text', 'sharpness-aware minim')).toMatch(/^sam +\w/m);
    expect(run('papers', '--kind', 'los s')).toMatch(
      /^No paper of the catalogue matches\.\nkinds: .*loss; .*optimizer.*\nfamilies of tasks: .*metric learning/,
    );
    // By what implements it, too.
    expect(run('papers', '--text', 'infonce')).toMatch(/^i-con +\w/m);
    expect(JSON.parse(run('papers', '--kind', 'los s', '--json'))).toEqual([]);
  });

  it('shows one with its documentation, an example and its claim', () => {
    const page = run('papers', 'sam');
    for (const text of [
      'Sharpness-Aware Minimization',
      'arxiv.org/abs/2010.01412',
      'sam from cotangent/optim',
      'radius (number): ',
      "import { sam, sgd } from 'cotangent/optim';",
      'claim:',
      'last result:',
      'cotangent reproduce sam',
    ])
      expect(page).toContain(text);
    const [sam, ...others] = JSON.parse(run('papers', 'sam', '--json'));
    expect(others).toEqual([]);
    expect(sam).toMatchObject({ slug: 'sam', implemented: true, claim: { last: { slug: 'sam' } } });
    expect(run('papers', 'useful')).toContain('Not implemented yet.');
    const { status, stderr } = spawnSync(process.execPath, [main, 'papers', 'samm'], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: no paper is called samm; did you mean sam/);
  });
});

describe('cotangent reproduce', () => {
  it('measures one claim and prints it as JSON', () => {
    const out = mkdtempSync(join(tmpdir(), 'cotangent-reproduce-'));
    try {
      const result = JSON.parse(run('reproduce', 'fish', '--seeds', '2', '--out', out, '--json'));
      expect(Object.keys(result)).toEqual(['slug', 'held', 'effect', 'interval', 'seeds', 'seconds', 'details']);
      expect(JSON.parse(readFileSync(join(out, 'fish/result.json'), 'utf8'))).toEqual(result);
      expect(run('reproduce', 'fish', '--seeds', '2', '--out', out)).toMatch(/HELD: .*\n.*figure\.svg/);
    } finally {
      rmSync(out, { recursive: true });
    }
  });

  it('measures of all claims what was not measured, goes on after an error, and writes one page', () => {
    const out = mkdtempSync(join(tmpdir(), 'cotangent-reproduce-'));
    try {
      cpSync('claims', out, { recursive: true });
      rmSync(join(out, 'fish/result.json'));
      writeFileSync(join(out, 'maxsup/seeds.json'), '{"statement": "La');
      const { status, stderr, stdout } = spawnSync(
        process.execPath,
        [main, 'reproduce', '--all', '--jobs', '2', '--out', out],
        { encoding: 'utf8' },
      );
      expect(status).toBe(1);
      expect(stderr).toContain('fish, seed 5/5: effect');
      expect(stderr).not.toMatch(/^sam, /m);
      expect(stderr).toMatch(/^error: .*maxsup.seeds.json/m);
      expect(stderr).toMatch(/^error: reproduce: maxsup ended with an error\n$/m);
      expect(stdout).toContain('fish: held, 0.999');
      const page = readFileSync(join(out, 'index.html'), 'utf8');
      expect(page).toContain('Ended with an error, and are not shown: maxsup.');
      expect(page.match(/<section id=/g)).toHaveLength(Object.keys(claims).length - 1);
    } finally {
      rmSync(out, { recursive: true });
    }
  });

  it('says what is wrong in one line', () => {
    const error = (...args: string[]) =>
      spawnSync(process.execPath, [main, 'reproduce', ...args], { encoding: 'utf8' }).stderr;
    expect(error('useful')).toMatch(/^error: reproduce: there is no claim for useful yet/);
    expect(error()).toMatch(/give the slug of one paper, or --all/);
    expect(error('fihs')).toMatch(/did you mean fish/);
  });
});
