import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ESTree, parseSync } from 'vite';

const sources = fileURLToPath(new URL('../../src', import.meta.url));

/** The comment that ends where a declaration begins, without its marks. */
const commentBefore = (source: string, at: number): string | undefined =>
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(source.slice(0, at))?.[1];

/** What is thrown, or checked by a function whose name says that it throws. */
const throws = /\bthrow new\b|\brequire[A-Z]\w*\(|\b(check|checked|pairOf|rowsOf|labelsOf|depths)\(/;

/** What the documentation of a floor's exports lacks, `where: what`. */
export function missingDocumentation(floor: string, exported: readonly string[]): string[] {
  const files = readdirSync(join(sources, floor), { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .flatMap((name) => {
      const source = readFileSync(join(sources, floor, name), 'utf8');
      return parseSync(name, source).program.body.flatMap((node) => {
        if (node.type !== 'ExportNamedDeclaration' || !node.declaration) return [];
        const { declaration } = node;
        if (declaration.type === 'TSInterfaceDeclaration')
          return ofOptions(source, declaration).map((x) => `${name} ${x}`);
        return named(declaration)
          .filter(([id]) => exported.includes(id))
          .flatMap(([id, body]) => ofFunction(source, node.start, body).map((what) => `${name} ${id}: ${what}`));
      });
    });
}

/** The functions and constants of a declaration, with their text. */
function named(declaration: ESTree.Declaration): [id: string, node: { start: number; end: number }][] {
  if (declaration.type === 'FunctionDeclaration') return declaration.id ? [[declaration.id.name, declaration]] : [];
  if (declaration.type !== 'VariableDeclaration') return [];
  return declaration.declarations.flatMap(({ id, init }) =>
    id.type === 'Identifier' && init ? [[id.name, init] as [string, { start: number; end: number }]] : [],
  );
}

function ofFunction(source: string, start: number, { start: from, end }: { start: number; end: number }): string[] {
  const text = commentBefore(source, start);
  if (!text || text.trim().length < 20) return ['has no documentation'];
  return throws.test(source.slice(from, end)) && !text.includes('@throws') ? ['does not say that it throws'] : [];
}

/** Fields of options: what they are, and what they are when left out. */
function ofOptions(source: string, declaration: ESTree.TSInterfaceDeclaration): string[] {
  const { name } = declaration.id;
  if (!name.endsWith('Options')) return [];
  return declaration.body.body.flatMap((member) => {
    if (member.type !== 'TSPropertySignature' || member.key.type !== 'Identifier') return [];
    const text = commentBefore(source, member.start);
    if (!text) return [`${name}.${member.key.name}: has no documentation`];
    return member.optional && !/default/i.test(text) ? [`${name}.${member.key.name}: has no default`] : [];
  });
}
