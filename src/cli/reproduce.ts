import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError } from 'commander';
import { type ClaimResult, claims, findPaper, renderSummary, reproduce } from '../papers/index.js';
import { claimOf, seedsMeasured } from '../papers/reproduce.js';
import { showEffect, showNumber } from '../papers/summary.js';
import { readJson, writeFileAtomic } from '../train/storage/files.js';

const positive = (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('not a positive integer');
  return value;
};

interface Options {
  readonly all?: boolean;
  readonly seeds?: number;
  readonly out: string;
  readonly jobs: number;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

/** Adds `cotangent reproduce`. */
export function addReproduceCommand(program: Command): void {
  program
    .command('reproduce')
    .argument('[slug]', 'the paper whose claim to measure')
    .description('measure the claim of a paper, or of all that have one')
    .option('--all', 'every claim, in processes of their own, going on where an earlier call was stopped')
    .option('--seeds <n>', "how many seeds; default the claim's own number", positive)
    .option('--out <folder>', 'where results and figures go, a folder for each paper', 'reproductions')
    .option('--jobs <n>', 'with --all: how many at a time', positive, 1)
    .option('--fresh', 'measure again the seeds that were measured before into this folder')
    .option('--json', 'print the result as JSON')
    .action(async (slug: string | undefined, options: Options) => {
      // On one thread results do not depend on how many cores there are, and claims that run side by side do not wait for each other's threads.
      process.env.COTANGENT_THREADS ??= '1';
      if ((slug === undefined) === !options.all) throw new Error('reproduce: give the slug of one paper, or --all');
      if (slug === undefined) await all(options);
      else await one(slug, options);
    });
}

async function one(slug: string, { out, seeds, fresh, json }: Options): Promise<void> {
  if (!(slug in claims)) {
    await findPaper(slug);
    throw new Error(`reproduce: there is no claim for ${slug} yet; those with one: ${Object.keys(claims).join(', ')}`);
  }
  const folder = join(out, slug);
  const result = await reproduce(slug, { out: folder, seeds, fresh, onProgress: (line) => console.error(line) });
  console.log(json ? JSON.stringify(result, null, 2) : shown(result, folder));
}

function shown(result: ClaimResult, folder: string): string {
  return [
    `${result.details.statement}`,
    `${result.held ? 'HELD' : 'NOT HELD'}: ${result.details.effect}: ${showEffect(result)} (${result.details.unit}; mean and 95% interval over ${result.seeds} seeds; counts from ${showNumber(result.details.threshold)} on), ${result.seconds.toFixed(1)} s of processor time`,
    `result ${join(folder, 'result.json')}, figure ${join(folder, 'figure.svg')}`,
  ].join('\n');
}

async function all({ out, seeds, jobs, fresh, json }: Options): Promise<void> {
  const waiting = Object.keys(claims).sort();
  const failed: string[] = [];
  const worker = async () => {
    for (let slug = waiting.shift(); slug !== undefined; slug = waiting.shift()) {
      const args = [
        'reproduce',
        slug,
        '--out',
        out,
        '--json',
        ...(seeds ? ['--seeds', `${seeds}`] : []),
        ...(fresh ? ['--fresh'] : []),
      ];
      const done = await finished(slug, { out, seeds, fresh }).catch(complained);
      if (done === undefined || (!done && (await child(args)) !== 0)) failed.push(slug);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  const results: ClaimResult[] = [];
  const figures = new Map<string, string>();
  for (const slug of Object.keys(claims).sort()) {
    if (failed.includes(slug)) continue;
    results.push((await readJson(join(out, slug, 'result.json'))) as ClaimResult);
    figures.set(slug, await readFile(join(out, slug, 'figure.svg'), 'utf8'));
  }
  await writeFileAtomic(join(out, 'index.html'), renderSummary(results, figures, failed));
  if (json) console.log(JSON.stringify(results, null, 2));
  else {
    for (const result of results)
      console.log(`${result.slug}: ${result.held ? 'held' : 'NOT held'}, ${showEffect(result)}`);
    console.log(`summary ${join(out, 'index.html')}`);
  }
  if (failed.length > 0) throw new Error(`reproduce: ${failed.join(', ')} ended with an error`);
}

/** Whether all seeds were measured before; the figure is then drawn again, which needs no process of its own. */
async function finished(
  slug: string,
  { out, seeds, fresh }: Pick<Options, 'out' | 'seeds' | 'fresh'>,
): Promise<boolean> {
  const folder = join(out, slug);
  if (fresh || (await seedsMeasured(slug, folder)) < (seeds ?? (await claimOf(slug)).seeds)) return false;
  await reproduce(slug, { out: folder, seeds });
  return true;
}

function complained(error: Error): undefined {
  console.error(`error: ${error.message}`);
}

/** Runs this program with other arguments; its lines of progress pass through. */
function child(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const main = fileURLToPath(new URL('./main.js', import.meta.url));
    spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'inherit'] }).on('close', (code) =>
      resolve(code ?? 1),
    );
  });
}
