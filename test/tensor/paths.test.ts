import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathMatcher, selectPaths } from '../../src/index.js';

const bert = [
  'embeddings.word.weight',
  ...Array.from({ length: 12 }, (_, i) => [`encoder.layer.${i}.query.weight`, `encoder.layer.${i}.query.bias`]).flat(),
  'classifier.weight',
  'classifier.bias',
];
const chosen = (patterns: Parameters<typeof pathMatcher>[0]) => bert.filter(pathMatcher(patterns));

describe('patterns over paths', () => {
  it.each([
    ['encoder.layer.{0,1}.*', bert.slice(1, 5)],
    ['encoder.layer.{9..11}.*.weight', [bert[19], bert[21], bert[23]]],
    ['encoder.layer.?.query.bias', bert.filter((path) => /r\.\d\.query\.bias/.test(path))],
    ['{classifier,embeddings}*.weight', ['embeddings.word.weight', 'classifier.weight']],
    ['*', bert],
    ['classifier', []],
  ])('%s', (pattern, expected) => expect(chosen(pattern)).toEqual(expected));

  it('are expressions, functions and lists too', () => {
    expect(chosen(/bias$/)).toEqual(chosen('*.bias'));
    // An expression with a memory of its last match would skip every other path.
    expect(chosen(/bias$/g)).toEqual(chosen('*.bias'));
    expect(chosen([(path) => path.startsWith('emb'), 'classifier.bias'])).toEqual([bert[0], 'classifier.bias']);
  });

  it('take every other character for itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        fc.pre(!/[*?{}]/.test(name));
        expect(pathMatcher(name)(name)).toBe(true);
        expect(pathMatcher(name)(`${name}x`)).toBe(false);
        expect(pathMatcher(`${name}*`)(`${name}\n.x`)).toBe(true);
      }),
    );
    expect(pathMatcher('a{b')('a{b')).toBe(true);
  });

  it('that match nothing are named, as are ranges that run away', () => {
    expect(() => selectPaths('freeze', bert, ['*.bias', 'encodr.*'])).toThrow(
      /freeze: the pattern encodr\.\* matches none of the 27 names: embeddings.word.weight, .* and 22 more/,
    );
    expect(selectPaths('freeze', bert, ['*.bias', 'classifier.*'])).toEqual([
      ...chosen('*.bias').slice(0, -1),
      ...bert.slice(-2),
    ]);
    expect(() => pathMatcher('x{0..99999999}')).toThrow(/range/);
    expect(() => pathMatcher('x{3..1}')).toThrow(/range/);
  });
});
