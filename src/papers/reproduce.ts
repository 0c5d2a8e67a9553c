import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeFileAtomic } from '../train/storage/files.js';
import { type Claim, type ClaimResult, concluded, type Measurement } from './claim.js';
import { claims } from './claims/index.js';
import { armsFigure } from './figure.js';

export interface ReproduceOptions {
  /** Where result.json, figure.svg and the seeds measured so far go; nothing is written without it. */
  readonly out?: string;
  /** Number of seeds, 0 to seeds - 1. Default: the claim's. */
  readonly seeds?: number;
  /** Forget what an earlier call measured. Default false: seeds whose measurements are in the folder are not run again. */
  readonly fresh?: boolean;
  readonly onProgress?: (line: string) => void;
}

/** A claim's experiment by slug. @throws Error when there is none. */
export async function claimOf(slug: string): Promise<Claim> {
  const load = claims[slug];
  if (!load) throw new Error(`reproduce: there is no claim for ${slug} yet`);
  return (await load()).claim;
}

/** What is kept of a run that is under way. */
interface Kept {
  readonly statement: string;
  readonly measurements: Measurement[];
  seconds: number;
}

/**
 * Measures a claim over seeds and says whether it held. Each seed is written down when it is done, so that a run that was stopped goes on
 * where it was.
 */
export async function reproduce(slug: string, options: ReproduceOptions = {}): Promise<ClaimResult> {
  const claim = await claimOf(slug);
  const { out, seeds = claim.seeds, fresh = false, onProgress = () => {} } = options;
  if (!Number.isInteger(seeds) || seeds < 2)
    throw new RangeError(`reproduce: seeds ${seeds} must be an integer of at least 2, for an interval`);
  const path = out && join(out, 'seeds.json');
  const kept: Kept = (!fresh && out && (await keptIn(out, claim))) || {
    statement: claim.statement,
    measurements: [],
    seconds: 0,
  };
  const before = Math.min(seeds, kept.measurements.length);
  if (before > 0) onProgress(`${slug}: ${before} of ${seeds} seeds were measured before, in ${out}`);
  for (let seed = kept.measurements.length; seed < seeds; seed++) {
    const start = process.cpuUsage();
    const note = (line: string) => onProgress(`${slug}, seed ${seed + 1}/${seeds}: ${line}`);
    const measurement = await claim.measure(seed, note);
    kept.measurements.push(measurement);
    const { user, system } = process.cpuUsage(start);
    kept.seconds += (user + system) / 1e6;
    note(`effect ${measurement.effect.toPrecision(4)}`);
    if (path) await writeFileAtomic(path, `${JSON.stringify(kept)}\n`);
  }
  const result = concluded(slug, claim, kept.measurements.slice(0, seeds), kept.seconds);
  if (out) {
    await writeFileAtomic(join(out, 'figure.svg'), await armsFigure(result));
    await writeFileAtomic(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  }
  return result;
}

/** How many seeds of a claim earlier calls have measured into a folder. @throws Error as {@link claimOf}, and for a damaged file. */
export async function seedsMeasured(slug: string, folder: string): Promise<number> {
  return (await keptIn(folder, await claimOf(slug)))?.measurements.length ?? 0;
}

/** What earlier runs of the same experiment left in a folder: seeds of one that was stopped, or a result. */
async function keptIn(folder: string, { statement }: Claim): Promise<Kept | undefined> {
  const seeds = (await jsonIfAny(join(folder, 'seeds.json'))) as Kept | undefined;
  if (seeds?.statement === statement) return seeds;
  const result = (await jsonIfAny(join(folder, 'result.json'))) as ClaimResult | undefined;
  if (result?.details.statement !== statement) return undefined;
  return { statement, measurements: [...result.details.measurements], seconds: result.seconds };
}

/** @throws Error of one line when the file is there and damaged. */
async function jsonIfAny(path: string): Promise<unknown> {
  const present = await access(path).then(
    () => true,
    () => false,
  );
  return present ? readJson(path) : undefined;
}
