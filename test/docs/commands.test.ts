import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import * as algorithms from '../../src/algorithms/index.js';
import { commandLine } from '../../src/cli/program.js';
import * as diagnostics from '../../src/diagnostics/index.js';
import * as optim from '../../src/optim/index.js';
import { claims, findPaper } from '../../src/papers/index.js';
import * as samplers from '../../src/samplers/index.js';
import { parseConfig, parseFinetuneConfig, tasks } from '../../src/train/index.js';
import { documents, inlineCode, proseOf, root, shellCommands, wordsOf } from './documents.js';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** The words behind `cotangent`, however it is called; undefined for other commands. */
function argumentsOf(words: readonly string[]): readonly string[] | undefined {
  const name = ['cotangent', 'dist/cli/main.js'].indexOf(words[words[0] === 'npx' || words[0] === 'node' ? 1 : 0]);
  return name < 0 ? undefined : words.slice(words.indexOf(['cotangent', 'dist/cli/main.js'][name]) + 1);
}

/** Reads a command as the command line does, without running it. @throws Error that says what is wrong with it. */
async function read(words: readonly string[]): Promise<void> {
  const program = await commandLine(words[0]);
  const asked: { name: string; flags: Record<string, unknown>; given: string[] }[] = [];
  const quiet = (command: Command) =>
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  quiet(program);
  for (const command of program.commands)
    quiet(command).action(() => {
      asked.push({ name: command.name(), flags: command.opts(), given: command.args });
    });
  await program.parseAsync([...words], { from: 'user' });
  const [{ name, flags, given }] = asked;
  const { out, resume, overwrite, config, ...settings } = flags;
  // Settings in a file are those of another block.
  if (name === 'train' && config === undefined) parseConfig(settings);
  if (name === 'finetune') parseFinetuneConfig({ ...settings, model: given[0] });
  if (name === 'papers' && given.length > 0) await findPaper(given[0]);
  if (name === 'reproduce' && given.length > 0) expect(Object.keys(claims)).toContain(given[0]);
}

async function helpOf(name?: string): Promise<string> {
  const program = await commandLine(name);
  const command = program.commands.find((c) => c.name() === name) ?? program;
  let text = '';
  command.configureOutput({ writeOut: (more) => (text += more) }).outputHelp();
  return text;
}

const asksForHelp = (words: readonly string[]) => words.includes('--help') || words.includes('--version');

describe('commands of the documentation', () => {
  const commands = shellCommands();
  const own = commands.flatMap(({ where, words }) => {
    const args = argumentsOf(words);
    return args ? [{ where, line: args.join(' '), args }] : [];
  });

  it('are found', () => {
    expect(own.length).toBeGreaterThan(40);
    expect(commands.length).toBeGreaterThan(own.length + 10);
  });

  it.each(own)('$where: cotangent $line', async ({ args }) => {
    if (asksForHelp(args)) await expect(read(args)).rejects.toMatchObject({ exitCode: 0 });
    else await read(args);
  });

  it('and those that the help shows', async () => {
    const lines = [...(await helpOf()).matchAll(/^ {2}cotangent (.*)$/gm)].map(([, line]) => line);
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) await read(wordsOf(line));
  });

  it('names all that training takes in its help', async () => {
    const help = await helpOf('train');
    for (const [name, { losses, augmentations, regularizers }] of Object.entries(tasks))
      for (const known of [name, losses, augmentations, regularizers].flatMap((x) =>
        typeof x === 'string' ? x : Object.keys(x),
      ))
        expect(help, known).toMatch(new RegExp(`\\b${known}\\b`));
  });

  it.each([
    ['train --data digits --rate 0.1 --out runs/a', "unknown option '--rate'"],
    ['train --data digits --loss polyLos --out runs/a', 'polyLoss'],
    ['train --data digits', "required option '--out <folder>'"],
    ['finetune a.onnx --data photos --lora rnk=8 --out runs/a', 'no setting of lora is called rnk; did you mean rank'],
    ['papers samm', 'samm'],
  ])('would fail: cotangent %s', async (line, message) => {
    await expect(read(wordsOf(line))).rejects.toThrow(message);
  });

  it.each(commands.filter(({ words }) => ['npm', 'node'].includes(words[0])))('$where: $words', ({ words }) => {
    if (words[0] === 'node') expect(words[1] === 'dist/cli/main.js' || existsSync(join(root, words[1]))).toBe(true);
    else if (words[1] === 'run') expect(Object.keys(scripts)).toContain(words[2]);
    else expect(['ci', 'install', 'pack', 'test']).toContain(words[1]);
  });
});

describe('the text of the documentation', () => {
  it('names commands and flags that there are', async () => {
    const program = await commandLine();
    const optionsOf = (command: Command) => command.options.map(({ long }) => long);
    const all = new Set([...program.commands.flatMap(optionsOf), '--help']);
    // Those of npm, of the test runner and of the tools beside the package.
    const others = ['--prefix', '--isolate', '--sequence.shuffle.files'];
    const tools = ['bench/run', 'bench/scaling', 'bench/chunks', 'fuzz/run'].map((name) =>
      readFileSync(join(root, `tools/${name}.mjs`), 'utf8'),
    );
    const wrong: string[] = [];
    for (const { where, text } of inlineCode()) {
      const words = wordsOf(text);
      const command = argumentsOf(words)?.[0];
      if (command !== undefined && !program.commands.some((c) => c.name() === command)) wrong.push(`${where}: ${text}`);
      for (const flag of words.filter((word) => /^--\w/.test(word)))
        if (!all.has(flag) && !others.includes(flag) && !tools.some((code) => code.includes(flag.slice(2))))
          wrong.push(`${where}: ${flag}`);
    }
    expect(wrong).toEqual([]);
  });

  it('names functions that there are, under the path that they are imported from', async () => {
    const parts = (documents.get('docs/optimizers-and-analysis.md') as string).split(/^## /m);
    for (const [floor, module] of Object.entries({ optim, samplers, diagnostics, algorithms })) {
      const part = parts.find((text) => text.startsWith(`\`cotangent/${floor}\``)) as string;
      const named = [...part.matchAll(/^\| [^|]* \|(.*)\|$/gm)].flatMap(([, cell]) =>
        [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
      );
      expect(named.length).toBeGreaterThan(10);
      expect(named.filter((name) => !(name in module))).toEqual([]);
    }
  });

  it('links to files and headings that there are', () => {
    const anchors = (text: string) =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
        title
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
    const wrong: string[] = [];
    for (const [path, text] of documents)
      for (const [, target] of proseOf(text).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
        const [file, anchor] = target.split('#');
        const to = file === '' ? path : join(dirname(path), file);
        const there =
          existsSync(join(root, to)) && (anchor === undefined || anchors(documents.get(to) ?? '').includes(anchor));
        if (!there) wrong.push(`${path}: ${target}`);
      }
    expect(wrong).toEqual([]);
  });
});
