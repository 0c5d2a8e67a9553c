import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where an exported function stands, and what its documentation says. */
export interface Documentation {
  /** Relative to the sources, as `losses/classification/cross-entropy.ts`. */
  readonly file: string;
  /** The documentation's text, without the marks of a comment. */
  readonly text: string;
  /** Those of its options, where it has an interface for them: `name: what it says`. */
  readonly options: readonly string[];
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
    const source = await readFile(join(sources, subpath, file), 'utf8');
    const found = declared.exec(source);
    if (found) return { file: `${subpath}/${file}`, text: plain(found[1]), options: optionsOf(source, member) };
  }
  throw new Error(`documentation: cotangent/${subpath} declares no documented ${member}`);
}

/** The text of a comment between its marks. */
function plain(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .replace(/\{@link (\w+)\}/g, '$1')
    .trim();
}

/** The documented fields of the first interface of options that the function's signature names. */
function optionsOf(source: string, member: string): string[] {
  const signature = source.slice(source.search(new RegExp(`export (?:async )?(?:function|const|class) ${member}\\b`)));
  const [, type] = /(\w+Options)\b/.exec(signature.slice(0, signature.search(/\{\n|=>/) + 400)) ?? [];
  const body = type && new RegExp(`interface ${type}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1];
  if (!body) return [];
  const fields = body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)/g);
  return [...fields].map(([, comment, field]) => `${field}: ${plain(comment).replace(/\s+/g, ' ')}`);
}
