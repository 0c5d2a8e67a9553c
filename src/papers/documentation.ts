import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Option, optionsOf, plain } from './options.js';

/** Where an exported function stands, and what its documentation says. */
export interface Documentation {
  /** Relative to the sources, as `losses/classification/cross-entropy.ts`. */
  readonly file: string;
  /** The documentation's text, without the marks of a comment. */
  readonly text: string;
  /** What it takes as options, with the documentation of each. */
  readonly options: readonly Option[];
}

/** The sources, which come with the package. */
const sources = fileURLToPath(new URL('../../src', import.meta.url));

/**
 * The documentation of an export such as `losses.crossEntropy`, read from the sources: what a user sees in an editor.
 *
 * @throws Error when it is nowhere to be found.
 */
export async function documentationOf(name: string): Promise<Documentation> {
  const [subpath, member] = name.split('.');
  const files = await readdir(join(sources, subpath), { recursive: true });
  const declared = new RegExp(
    `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*export (?:async )?(?:function|const|class) ${member}\\b`,
  );
  for (const file of files.filter((f) => f.endsWith('.ts')).sort()) {
    const path = join(sources, subpath, file);
    const found = declared.exec(await readFile(path, 'utf8'));
    if (found) return { file: `${subpath}/${file}`, text: plain(found[1]), options: await optionsOf(path, member) };
  }
  throw new Error(`documentation: cotangent/${subpath} declares no documented ${member}`);
}
