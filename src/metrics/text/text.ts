import { mean, numbersOf, ratio, type Values } from '../values.js';

/** Tokens, or a text that is split at white space. */
export type Text = string | readonly string[];

const tokens = (text: Text): readonly string[] => (typeof text === 'string' ? text.split(/\s+/).filter(Boolean) : text);

/** How often each run of n tokens occurs. */
function grams(text: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= text.length; i++) {
    const gram = text.slice(i, i + n).join('\u0000');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

export interface BleuOptions {
  /** Longest run of tokens. Default 4. */
  readonly order?: number;
}

/**
 * BLEU of a corpus: the geometric mean of the clipped precisions of runs of 1 to N tokens, times the brevity penalty min(1, exp(1 - r / c)), c the
 * length of the candidates and r that of the references closest to them in length. 0 where a precision is 0. Papineni et al. 2002.
 *
 * @param candidates texts; `references` one or more for each.
 * @throws RangeError where arguments or options do not fit.
 */
export function bleu(
  candidates: readonly Text[],
  references: readonly (readonly Text[])[],
  { order = 4 }: BleuOptions = {},
): number {
  if (candidates.length !== references.length)
    throw new RangeError(`bleu: ${candidates.length} candidates and references for ${references.length}`);
  let [length, closest] = [0, 0];
  const hits = new Array<number>(order).fill(0);
  const totals = new Array<number>(order).fill(0);
  candidates.forEach((text, i) => {
    const candidate = tokens(text);
    const others = references[i].map(tokens);
    if (others.length === 0) throw new RangeError(`bleu: candidate ${i} has no reference`);
    length += candidate.length;
    closest += others
      .map((other) => other.length)
      .sort((a, b) => Math.abs(a - candidate.length) - Math.abs(b - candidate.length) || a - b)[0];
    for (let n = 1; n <= order; n++) {
      const known = others.map((other) => grams(other, n));
      for (const [gram, count] of grams(candidate, n)) {
        hits[n - 1] += Math.min(count, Math.max(...known.map((counts) => counts.get(gram) ?? 0)));
        totals[n - 1] += count;
      }
    }
  });
  if (hits.some((n) => n === 0)) return 0;
  return Math.min(1, Math.exp(1 - closest / length)) * Math.exp(mean(hits.map((n, i) => Math.log(n / totals[i]))));
}

export interface RougeScore {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

function rouge(overlap: number, candidate: number, reference: number): RougeScore {
  return {
    precision: ratio(overlap, candidate),
    recall: ratio(overlap, reference),
    f1: ratio(2 * overlap, candidate + reference),
  };
}

/** ROUGE-N: overlap of runs of n tokens, counted as often as both have them. Lin 2004. Default n = 1. */
export function rougeN(candidate: Text, reference: Text, { n = 1 }: { readonly n?: number } = {}): RougeScore {
  const [c, r] = [candidate, reference].map((text) => grams(tokens(text), n));
  const total = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
  const overlap = [...c].reduce((sum, [gram, count]) => sum + Math.min(count, r.get(gram) ?? 0), 0);
  return rouge(overlap, total(c), total(r));
}

/** ROUGE-L: the longest common subsequence of tokens. Lin 2004, with F at equal weights. */
export function rougeL(candidate: Text, reference: Text): RougeScore {
  const [c, r] = [tokens(candidate), tokens(reference)];
  let row = new Array<number>(r.length + 1).fill(0);
  for (const token of c) {
    const next = [0];
    r.forEach((other, j) => {
      next.push(token === other ? row[j] + 1 : Math.max(row[j + 1], next[j]));
    });
    row = next;
  }
  return rouge(row[r.length], c.length, r.length);
}

/**
 * METEOR with exact matches alone: 10 P R / (R + 9 P) times 1 - (chunks / matches)^3 / 2, chunks being runs matched in the order of both texts.
 * Banerjee and Lavie 2005. Each token takes the place that continues its chunk if there is one, else the first that is free.
 */
export function meteor(candidate: Text, reference: Text): number {
  const [c, r] = [tokens(candidate), tokens(reference)];
  const free = new Set(r.keys());
  let [matches, chunks, last] = [0, 0, -2];
  for (const token of c) {
    const follows = free.has(last + 1) && r[last + 1] === token;
    const place = follows ? last + 1 : [...free].find((j) => r[j] === token);
    if (place === undefined) {
      last = -2;
      continue;
    }
    free.delete(place);
    matches++;
    if (place !== last + 1) chunks++;
    last = place;
  }
  if (matches === 0) return 0;
  const [precision, recall] = [matches / c.length, matches / r.length];
  const score = (10 * precision * recall) / (recall + 9 * precision);
  return score * (1 - 0.5 * (chunks / matches) ** 3);
}

/** The least number of insertions, deletions and substitutions that turn one sequence into the other. Levenshtein 1966. */
export function editDistance(first: readonly string[], second: readonly string[]): number {
  let row = Array.from({ length: second.length + 1 }, (_, j) => j);
  first.forEach((a, i) => {
    const next = [i + 1];
    second.forEach((b, j) => {
      next.push(Math.min(row[j] + (a === b ? 0 : 1), row[j + 1] + 1, next[j] + 1));
    });
    row = next;
  });
  return row[second.length];
}

/** Word error rate: edits of words over the number of words of the reference; of an empty one 0 for no words, else Infinity. */
export function wordErrorRate(candidate: Text, reference: Text): number {
  const [c, r] = [tokens(candidate), tokens(reference)];
  return ratio(editDistance(c, r), r.length, c.length === 0 ? 0 : Infinity);
}

/** Character error rate: edits of characters over the number of characters of the reference, as {@link wordErrorRate}. */
export function characterErrorRate(candidate: string, reference: string): number {
  return wordErrorRate([...candidate], [...reference]);
}

/** Share of candidates that are their reference, after trimming. 0 for none. @throws RangeError where arguments or options do not fit. */
export function exactMatch(candidates: readonly string[], references: readonly string[]): number {
  if (candidates.length !== references.length)
    throw new RangeError(`exactMatch: ${candidates.length} candidates for ${references.length} references`);
  return mean(candidates.map((text, i) => (text.trim() === references[i].trim() ? 1 : 0)));
}

/** Perplexity: exp of minus the mean log-probability (natural) that a model gave the right tokens. 1 is perfect. */
export function perplexity(logProbabilities: Values): number {
  return Math.exp(-mean(numbersOf(logProbabilities).data));
}
