import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { nearest } from '../train/options/nearest.js';
import type { ClaimResult } from './claim.js';
import { claims } from './claims/index.js';
import { entries } from './entries.js';
import { methods } from './methods.js';
import type { PaperEntry } from './paper.js';

/** A paper with what there is of it here. */
export interface Paper extends PaperEntry {
  /** Functions that implement it, with the subpath they come from: `losses.crossEntropy`. */
  readonly exports: readonly string[];
  /** A short program that uses them, `examples/<slug>.ts`. */
  readonly example?: string;
  /** Its functions exist, and so does an experiment that measures its claim. (That both are tested a test makes sure of.) */
  readonly implemented: boolean;
  /** What the claim measured last, on the machine of whoever recorded it; null when there is none yet. */
  readonly claim: { readonly last: ClaimResult | null } | null;
}

/** The subpaths that methods are exported from. */
const subpaths = {
  algorithms: () => import('../algorithms/index.js'),
  augment: () => import('../augment/index.js'),
  calibration: () => import('../calibration/index.js'),
  diagnostics: () => import('../diagnostics/index.js'),
  losses: () => import('../losses/index.js'),
  metrics: () => import('../metrics/index.js'),
  nn: () => import('../nn/index.js'),
  numerics: () => import('../numerics/index.js'),
  optim: () => import('../optim/index.js'),
  samplers: () => import('../samplers/index.js'),
} as const;

/** The function that an entry such as `losses.crossEntropy` names. @throws Error when there is none. */
export async function resolveExport(name: string): Promise<unknown> {
  const [subpath, member] = name.split('.');
  const load = subpaths[subpath as keyof typeof subpaths] as (() => Promise<Record<string, unknown>>) | undefined;
  const found = (await load?.())?.[member];
  if (found === undefined) throw new Error(`catalogue: cotangent/${subpath} exports no ${member}`);
  return found;
}

/** All papers, in the catalogue's order. */
export async function catalogue(): Promise<Paper[]> {
  return Promise.all(entries.map(paperOf));
}

/** The paper of a slug. @throws Error that names the nearest slugs when there is none. */
export async function findPaper(slug: string): Promise<Paper> {
  const entry = entries.find((paper) => paper.slug === slug);
  if (!entry) {
    const near = nearest(
      slug,
      entries.map((paper) => paper.slug),
    );
    throw new Error(`no paper is called ${slug}; did you mean ${near.join(', ')}?`);
  }
  return paperOf(entry);
}

async function paperOf(entry: PaperEntry): Promise<Paper> {
  const method = methods[entry.slug];
  const exported = await Promise.all(
    (method?.exports ?? []).map((name) =>
      resolveExport(name).then(
        () => true,
        () => false,
      ),
    ),
  );
  const hasClaim = entry.slug in claims;
  return {
    ...entry,
    exports: method?.exports ?? [],
    ...(method && { example: await textOf(`examples/${entry.slug}.ts`) }),
    implemented: hasClaim && exported.length > 0 && exported.every(Boolean),
    claim: hasClaim ? { last: await recorded(entry.slug) } : null,
  };
}

/** What was measured when the results were last recorded. */
async function recorded(slug: string): Promise<ClaimResult | null> {
  const text = await textOf(`claims/${slug}/result.json`);
  return text === undefined ? null : (JSON.parse(text) as ClaimResult);
}

/** The text of a file that comes with the package; undefined where there is none. */
const textOf = (path: string): Promise<string | undefined> =>
  readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8').catch(() => undefined);
