import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leavesOf, mapTree, merge, ndarray, partition, unflatten, zipTrees } from '../../src/index.js';

const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.constant(undefined),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ minLength: 1, maxLength: 3 }).filter((k) => k !== '__proto__' && !k.includes('.')),
      tie('tree'),
      { maxKeys: 3 },
    ),
  ),
}));

describe('trees', () => {
  it('have leaves with paths; arrays of numbers are leaves', () => {
    const x = ndarray([1]);
    expect(leavesOf({ a: { '0': x }, list: [1, undefined, 'b'] })).toEqual([
      { path: 'a.0', value: x },
      { path: 'list.0', value: 1 },
      { path: 'list.2', value: 'b' },
    ]);
    expect(leavesOf(5)).toEqual([{ path: '', value: 5 }]);
  });

  it('flatten and unflatten are inverse, and mapping keeps the structure', () => {
    fc.assert(
      fc.property(tree, (t) => {
        expect(
          unflatten(
            t,
            leavesOf(t).map((leaf) => leaf.value),
          ),
        ).toEqual(t);
        expect(leavesOf(mapTree(t, (v: number) => v + 1)).map((leaf) => leaf.path)).toEqual(
          leavesOf(t).map((leaf) => leaf.path),
        );
      }),
    );
  });

  it('merge undoes partition', () => {
    fc.assert(
      fc.property(tree, fc.func(fc.boolean()), (t, choose) => {
        const [a, b] = partition(t, (path) => choose(path));
        expect(leavesOf(a).length + leavesOf(b).length).toBe(leavesOf(t).length);
        expect(merge(a, b)).toEqual(t);
      }),
    );
  });

  it('zip names the first path at which two trees differ', () => {
    const add = (a: never, b: never) => (a as number) + (b as number);
    expect(zipTrees('add', { a: 1, b: [2] }, { b: [20], a: 10 }, add)).toEqual({ a: 11, b: [22] });
    expect(() => zipTrees('add', { a: 1, b: [2] }, { a: 1 }, add)).toThrow('add: b.0 is missing');
    expect(() => zipTrees('add', { a: 1 }, { a: 1, c: 2 }, add)).toThrow('add: c is not expected');
    expect(() => unflatten({ a: 1 }, [1, 2])).toThrow('the tree has 1 leaves, 2 were given');
  });
});
