import { mean, pairOf, ratio, rowsOf, sum, type Values } from '../values.js';

// Judgements, of people or of models, come as lists of verdicts; no model is asked here. After the RAGAS metrics (Es et al. 2024).

/** Cosine of two embeddings [d]; 0 with a zero vector. @throws RangeError where arguments or options do not fit. */
export function answerSimilarity(answer: Values, truth: Values): number {
  const [a, b] = pairOf('answerSimilarity', answer, truth);
  const norm = (x: Float64Array) => Math.sqrt(sum(x.map((v) => v * v)));
  return ratio(sum(a.data.map((x, i) => x * b.data[i])), norm(a.data) * norm(b.data));
}

export interface ClaimCounts {
  /** Claims of the answer that the truth supports. */
  readonly truePositives: number;
  /** Claims of the answer that it does not. */
  readonly falsePositives: number;
  /** Claims of the truth that the answer lacks. */
  readonly falseNegatives: number;
}

/**
 * w F1 of the claims + (1 - w) similarity.
 *
 * @param options `claimWeight` w is 0.75 by default.
 */
export function answerCorrectness(
  claims: ClaimCounts,
  similarity: number,
  { claimWeight = 0.75 }: { readonly claimWeight?: number } = {},
): number {
  const { truePositives, falsePositives, falseNegatives } = claims;
  const f1 = ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives);
  return claimWeight * f1 + (1 - claimWeight) * similarity;
}

/**
 * Mean cosine of a question's embedding [d] with those of questions made from the answer [n, d].
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function answerRelevance(question: Values, generated: Values): number {
  return mean(
    rowsOf('answerRelevance', 'generated', generated).map((row) => answerSimilarity(Array.from(row), question)),
  );
}

/** Mean of precision at k over the ranks k of useful contexts; verdicts by rank. 0 where none is useful. */
export function contextPrecision(useful: readonly boolean[]): number {
  let right = 0;
  const precisions = useful.flatMap((verdict, k) => (verdict ? [++right / (k + 1)] : []));
  return mean(precisions);
}

/** Share of verdicts that are true; 0 for none. */
const share = (verdicts: readonly boolean[]): number => ratio(verdicts.filter(Boolean).length, verdicts.length);

/** Share of the statements of the true answer that the contexts support. */
export const contextRecall = (supported: readonly boolean[]): number => share(supported);
/** Share of the claims of an answer that the contexts support. */
export const faithfulness = (supported: readonly boolean[]): number => share(supported);
/** Share of the sentences of the contexts that bear on the question. */
export const contextRelevance = (relevant: readonly boolean[]): number => share(relevant);

/** Share of the true answer's entities that the contexts name. */
export function contextEntityRecall(context: Iterable<string>, truth: Iterable<string>): number {
  const named = new Set(context);
  return share([...new Set(truth)].map((entity) => named.has(entity)));
}

/**
 * (1 - c) share of questions about the text that its summary answers + c (1 - length of the summary / length of the text).
 *
 * @param options `concisenessWeight` c is 0.5 by default.
 */
export function summarizationScore(
  answered: readonly boolean[],
  lengths: { readonly summary: number; readonly text: number },
  { concisenessWeight = 0.5 }: { readonly concisenessWeight?: number } = {},
): number {
  const conciseness = Math.max(0, 1 - ratio(lengths.summary, lengths.text));
  return (1 - concisenessWeight) * share(answered) + concisenessWeight * conciseness;
}

/** Whether more than half of several verdicts on one aspect are true. */
export const aspectCritique = (verdicts: readonly boolean[]): boolean => share(verdicts) > 0.5;
