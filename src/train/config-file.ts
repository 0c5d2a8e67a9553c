import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';

/**
 * The settings in a file: YAML or JSON, or the default export of a module in JavaScript or TypeScript.
 *
 * @throws Error of one line that names the file when it cannot be read or does not hold settings by name.
 */
export async function readConfig(path: string): Promise<Record<string, unknown>> {
  const settings = await contents(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${path}: ${error.code === 'ENOENT' ? 'does not exist' : error.message.split('\n')[0]}`);
  });
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
    throw new Error(`${path}: must hold settings by name, such as "epochs: 3"`);
  return settings as Record<string, unknown>;
}

async function contents(path: string): Promise<unknown> {
  const isTypeScript = /^\.[cm]?ts$/.test(extname(path));
  if (isTypeScript || /^\.[cm]?js$/.test(extname(path))) {
    const file = resolve(path);
    const load = isTypeScript ? fromTypeScript(file) : import(pathToFileURL(file).href);
    return ((await load) as { readonly default?: unknown }).default;
  }
  // JSON is YAML too.
  return parse(await readFile(path, 'utf8'));
}

/** Node 20 does not read TypeScript. */
async function fromTypeScript(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { interopDefault: false }).import(file);
}
