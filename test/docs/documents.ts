import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** README.md and all of docs, by path. */
export const documents: ReadonlyMap<string, string> = new Map(
  ['README.md', ...readdirSync(`${root}docs`).map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readFileSync(root + path, 'utf8')]),
);

export interface Block {
  /** Where it is, for messages: docs/onnx.md:7. */
  readonly where: string;
  readonly text: string;
}

/** The fenced blocks of a language. */
export function blocks(language: string): Block[] {
  return [...documents].flatMap(([path, text]) =>
    [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
      .filter((match) => match[1] === language)
      .map((match) => ({ where: `${path}:${text.slice(0, match.index).split('\n').length}`, text: match[2] })),
  );
}

/** A document without its fenced blocks. */
export const proseOf = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '');

/** What stands in the text between backticks. */
export function inlineCode(): Block[] {
  return [...documents].flatMap(([path, text]) =>
    [...proseOf(text).matchAll(/`([^`\n]+)`/g)].map((match) => ({ where: path, text: match[1] })),
  );
}

/** The commands of shell blocks, a line each, without comments, variables and `&&`. */
export function shellCommands(): { where: string; words: string[] }[] {
  return blocks('sh').flatMap(({ where, text }) =>
    text
      .split('\n')
      .flatMap((line) => line.replace(/\s#.*$/, '').split('&&'))
      .map((command) =>
        wordsOf(command).filter((word, i, all) => !isVariable(word) || all.slice(0, i).some((w) => !isVariable(w))),
      )
      .filter((words) => words.length > 0)
      .map((words) => ({ where, words })),
  );
}

const isVariable = (word: string) => /^([A-Z_]+=.*|export)$/.test(word);

/** Words as a shell divides them; quotes hold them together. */
export const wordsOf = (command: string): string[] =>
  [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replace(/['"]/g, ''));
