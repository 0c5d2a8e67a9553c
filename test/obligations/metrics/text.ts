import * as metrics from '../../../src/metrics/index.js';
import type { MetricEntry } from './entry.js';

const plain = 'its arguments are texts';
const ordered = 'a text has an order';

/** Of a text and what it should be: the same words, and others. */
const ofTexts = (of: MetricEntry['of'], best: unknown, worst: unknown, empty: unknown): MetricEntry => ({
  of,
  typical: ['a b c', 'a c d'],
  best: [['a b', 'a b'], best],
  worst: [['a b', 'c d'], worst],
  empty: [['', ''], empty],
  ordered,
  plain,
});
/** Precision, recall and their harmonic mean, all alike. */
const allOf = (value: number) => ({ precision: value, recall: value, f1: value });

/** Measures of texts. */
export const text: Record<string, MetricEntry> = {
  bleu: {
    of: metrics.bleu,
    typical: [
      ['a b c d e', 'a b c d'],
      [['a b c d f'], ['a b c d', 'x']],
    ],
    best: [[['a b c d'], [['a b c d']]], 1],
    worst: [[['a b c d'], [['e f g h']]], 0],
    empty: [[[], []], 0],
    wrong: [['a'], []],
    plain,
  },
  rougeN: ofTexts(metrics.rougeN, allOf(1), allOf(0), allOf(0)),
  rougeL: ofTexts(metrics.rougeL, allOf(1), allOf(0), allOf(0)),
  meteor: ofTexts(metrics.meteor, 1 - 0.5 / 8, 0, 0),
  editDistance: {
    of: metrics.editDistance,
    typical: [
      ['a', 'b'],
      ['a', 'c', 'd'],
    ],
    best: [
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
      0,
    ],
    worst: [
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      2,
    ],
    empty: [[[], []], 0],
    ordered,
    plain,
  },
  wordErrorRate: ofTexts(metrics.wordErrorRate, 0, 1, 0),
  characterErrorRate: {
    of: metrics.characterErrorRate,
    typical: ['abc', 'acd'],
    best: [['ab', 'ab'], 0],
    worst: [['ab', ''], Infinity],
    empty: [['', ''], 0],
    ordered,
    plain,
  },
  exactMatch: {
    of: metrics.exactMatch,
    typical: [
      ['a', 'b ', 'c'],
      ['a', 'b', 'd'],
    ],
    best: [[['a'], ['a']], 1],
    worst: [[['a'], ['b']], 0],
    empty: [[[], []], 0],
    wrong: [['a'], []],
    plain,
  },
  perplexity: {
    of: metrics.perplexity,
    typical: [[-1, -0.5, -2]],
    best: [[[0, 0]], 1],
    worst: [[[-Infinity, 0]], Infinity],
    empty: [[[]], 1],
  },
  contextEntityRecall: {
    of: metrics.contextEntityRecall,
    typical: [
      ['a', 'b', 'c'],
      ['a', 'd', 'c'],
    ],
    best: [[['a', 'b'], ['b']], 1],
    worst: [[['a'], ['b']], 0],
    empty: [[[], []], 0],
    plain,
  },
};
