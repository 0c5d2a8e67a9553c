import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import type { NDArray } from '../../tensor/index.js';

/** Texts as rows of equal length. */
export interface Tokens {
  /** Indices of tokens [n, length]. */
  readonly ids: NDArray<'int64'>;
  /** 1 where there is a token, 0 where a row was filled up, [n, length]. */
  readonly mask: NDArray<'int64'>;
  /** 0 for the first text and 1 for the second of a pair [n, length]; here all 0. */
  readonly types: NDArray<'int64'>;
}

export interface TokenizeOptions {
  /** Most tokens of a text, special ones included; what is longer loses its end. Default 128. */
  readonly maxLength?: number;
  /** Fill rows up to `maxLength`, for models of one length. Default: to the longest of them. */
  readonly fill?: 'longest' | 'maxLength';
}

/** Makes tokens of texts. */
export interface Tokenizer {
  /** @throws RangeError when `maxLength` leaves no room beside the special tokens. */
  tokenize(texts: readonly string[], options?: TokenizeOptions): Tokens;
}

/**
 * The tokenizer of a model, from its `tokenizer.json` and, where it lies beside, `tokenizer_config.json`, as Hugging Face publishes them.
 *
 * @throws Error of one line naming the file when it is absent, no JSON, or names no token to fill up rows with.
 */
export async function tokenizerOf(path: string): Promise<Tokenizer> {
  const definition = (await json(path)) as { padding?: { pad_id?: unknown } | null };
  const config = ((await json(join(dirname(path), 'tokenizer_config.json'), {})) ?? {}) as Record<string, unknown>;
  let tokenizer: HuggingFaceTokenizer;
  try {
    tokenizer = new HuggingFaceTokenizer(definition, config);
  } catch (error) {
    throw new Error(`${path}: no tokenizer that can be used (${(error as Error).message})`);
  }
  const padding = paddingOf(path, tokenizer, definition, config);
  return {
    tokenize: (texts, { maxLength = 128, fill = 'longest' } = {}) => {
      const rows = texts.map((text) => truncated(tokenizer, text, maxLength));
      const longest = rows.reduce((most, row) => Math.max(most, row.length), 1);
      const length = fill === 'longest' ? longest : maxLength;
      const ids = filled(rows.length, length, padding);
      const mask = filled(rows.length, length, 0n);
      rows.forEach((row, i) => {
        row.forEach((id, k) => {
          ids.data[i * length + k] = BigInt(id);
          mask.data[i * length + k] = 1n;
        });
      });
      return { ids, mask, types: filled(rows.length, length, 0n) };
    },
  };
}

/** The tokens of a text; of one that is too long the special tokens and the beginning. */
function truncated(tokenizer: HuggingFaceTokenizer, text: string, maxLength: number): number[] {
  const { ids } = tokenizer.encode(text);
  if (ids.length <= maxLength) return ids;
  const own = tokenizer.encode(text, { add_special_tokens: false }).ids;
  const room = maxLength - (ids.length - own.length);
  if (room < 1)
    throw new RangeError(
      `tokenize: maxLength ${maxLength} leaves no room beside ${ids.length - own.length} special tokens`,
    );
  const start = ids.findIndex((_: number, i: number) => own.every((id: number, k: number) => ids[i + k] === id));
  return [...ids.slice(0, start), ...own.slice(0, room), ...ids.slice(start + own.length)];
}

function filled(rows: number, length: number, value: bigint): NDArray<'int64'> {
  return { data: new BigInt64Array(rows * length).fill(value), shape: [rows, length], dtype: 'int64' };
}

function paddingOf(
  path: string,
  tokenizer: HuggingFaceTokenizer,
  definition: { padding?: { pad_id?: unknown } | null },
  config: Record<string, unknown>,
): bigint {
  if (typeof definition.padding?.pad_id === 'number') return BigInt(definition.padding.pad_id);
  const text = (token: unknown) =>
    typeof token === 'string' ? token : (token as { content?: unknown } | null)?.content;
  // Models that were trained without padding have none; the end of a text takes its place, as is usual, and the mask hides it.
  for (const token of [text(config.pad_token), '[PAD]', '<pad>', text(config.eos_token), '</s>', '<|endoftext|>']) {
    const id = typeof token === 'string' ? tokenizer.token_to_id(token) : undefined;
    if (id !== undefined) return BigInt(id);
  }
  throw new Error(`${path}: names no token for padding; give "pad_token" in a tokenizer_config.json beside it`);
}

async function json(path: string, missing?: unknown): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && missing !== undefined) return missing;
    throw new Error(`${path}: ${code === 'ENOENT' ? 'does not exist' : message}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${path}: not valid JSON`);
  }
}
