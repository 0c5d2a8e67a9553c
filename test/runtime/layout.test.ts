import { describe, expect, it } from 'vitest';
import { compile, item, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { argumentsOf } from '../../src/runtime/arrays.js';
import { Layout } from '../../src/runtime/layout.js';

const nameOf = (i: number) => `${i}`;
const layoutOf = (args: readonly unknown[]) => new Layout(args, argumentsOf('test', args, []), nameOf);
const example = () => [{ w: ndarray([1, 2]), rest: [3, undefined, { flag: true }] }, 'mean', ndarray([[1]])] as const;

describe('Layout', () => {
  it('reads the leaves of arguments like the first, as the long way does', () => {
    const other = [{ w: ndarray([5, 6]), rest: [7, undefined, { flag: true }] }, 'mean', ndarray([[8]])];
    expect(layoutOf(example()).read(other)).toEqual(argumentsOf('test', other, []));
  });

  it('gives them in the order of the first call, whatever that of the keys', () => {
    const read = layoutOf([{ a: 1, b: 2 }]).read([{ b: 20, a: 10 }]);
    expect(read?.map((leaf) => leaf.path)).toEqual(['0.a', '0.b']);
    expect(read?.map((leaf) => 'array' in leaf && item(leaf.array))).toEqual([10, 20]);
  });

  const [tree, reduction, matrix] = example();
  it.each<[string, readonly unknown[]]>([
    ['another shape', [{ ...tree, w: ndarray([1, 2, 3]) }, reduction, matrix]],
    ['another rank', [tree, reduction, ndarray([1])]],
    ['another dtype', [{ ...tree, w: ndarray([1, 2], { dtype: 'float64' }) }, reduction, matrix]],
    ['data of another type', [{ ...tree, w: { ...tree.w, data: new Float64Array(2) } }, reduction, matrix]],
    ['too few elements', [{ ...tree, w: { ...tree.w, data: new Float32Array(1) } }, reduction, matrix]],
    ['another static value', [tree, 'sum', matrix]],
    ['a leaf that is missing', [{ rest: tree.rest }, reduction, matrix]],
    ['a leaf too many', [{ ...tree, more: 1 }, reduction, matrix]],
    ['a hole filled', [{ ...tree, rest: [3, 4, { flag: true }] }, reduction, matrix]],
    ['a longer list', [{ ...tree, rest: [...tree.rest, 1] }, reduction, matrix]],
    ['a list for an object', [[tree.w, tree.rest], reduction, matrix]],
    ['an object for a list', [{ ...tree, rest: { ...tree.rest } }, reduction, matrix]],
    ['an object of a class', [Object.assign(new Date(), tree), reduction, matrix]],
    ['a branch for a leaf', [{ ...tree, w: [1, 2] }, reduction, matrix]],
    ['nothing for a branch', [null, reduction, matrix]],
    ['one argument fewer', [tree, reduction]],
    ['an ONNX Runtime tensor', [{ ...tree, w: { data: tree.w.data, dims: [2], type: 'float32' } }, reduction, matrix]],
  ])('leaves to the long way %s', (_, args) => {
    expect(layoutOf(example()).read(args)).toBeUndefined();
  });
});

describe('a compiled function called again', () => {
  it('goes back and forth between signatures', async () => {
    const f = compile((x: Tensor, how: string) => (how === 'sum' ? x.sum() : x.mul(2)));
    const [short, long] = [ndarray([1, 2]), ndarray([1, 2, 3])];
    for (let i = 0; i < 3; i++) {
      expect(toNumbers(await f(short, 'sum'))).toEqual([3]);
      expect(toNumbers(await f(short, 'double'))).toEqual([2, 4]);
      expect(toNumbers(await f(long, 'sum'))).toEqual([6]);
    }
    expect(f.stats().map(({ runs }) => runs)).toEqual([3, 3, 3]);
  });

  it('refuses what was donated, and what is laid out in another way', async () => {
    const f = compile((state: { a: Tensor; b: Tensor }) => ({ a: state.a.add(state.b), b: state.b }), { donate: [0] });
    const first: { a: NDArray; b: NDArray } = { a: ndarray([1]), b: ndarray([2]) };
    const second = await f(first);
    const third = await f(second);
    expect(toNumbers(third.a)).toEqual([5]);
    await expect(f(second)).rejects.toThrow('compile(program): 0.a was donated to an earlier call');
    await expect(f({ a: third.a } as typeof third)).rejects.toThrow('compile(program): 0.b is missing');
    expect(toNumbers((await f(third)).a)).toEqual([7]);
  });
});
