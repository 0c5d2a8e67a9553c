import { describe, expect, it } from 'vitest';
import {
  compile,
  constant,
  grad,
  type NDArray,
  showShape,
  stack,
  type Tensor,
  toNumbers,
  vmap,
  zeros,
} from '../../src/index.js';
import type { LabelledOptions } from '../../src/losses/index.js';
import { allClose, checkDerivatives } from '../support/derivatives.js';
import { type Arrays, drawn, dtypeOf, type Edge, edges, type Given, type Length, reordered, shapeOf } from './given.js';
import { countsLabels, owesLabelOptions } from './labelled.js';

export type Named = Readonly<Record<string, Tensor>>;

/** What a function of tensors does not owe, with the reason. Whatever is left out, it owes. */
export interface Exceptions {
  /** Why its derivative is not that of its value: parts of it count as constants. */
  readonly detached?: string;
  /** Why it has no second derivative. */
  readonly firstOnly?: string;
  /** Why the place of a sample in the batch makes a difference. */
  readonly ordered?: string;
  /** What it draws at random: sample by sample, and other numbers in each dtype. */
  readonly draws?: string;
  /** Edges where it is not finite, as its documentation says. */
  readonly infinite?: Readonly<Partial<Record<Edge, string>>>;
  /** Batches that it refuses: what it says to them. */
  readonly refuses?: { readonly none?: RegExp; readonly one?: RegExp };
  /** Why further axes are welcome. */
  readonly anyRank?: string;
  /** Arguments that it does not look at itself, and why. */
  readonly free?: Readonly<Record<string, string>>;
  /** The least that it can be; 0 for losses, nothing for others. */
  readonly least?: number;
  /** What the mean divides the sum by, where that is not the number of losses. */
  readonly counted?: number | ((x: Arrays) => number);
  /** Of losses of integer labels: why none can be ignored, or classes not be weighed. */
  readonly uncounted?: string;
}

/** A function of tensors in a program of named arguments. */
export interface Example extends Exceptions {
  readonly given: Readonly<Record<string, Given>>;
  /** The axes of its result, for losses with reduction `none`. */
  readonly result: readonly Length[];
  readonly of: (x: Named, options: LabelledOptions) => Tensor;
  /** `loss`: takes a reduction. `quantity`: does not. `choice`: has no derivative, as it says which or how many. */
  readonly kind: 'loss' | 'quantity' | 'choice';
  /** Of the result, where not that of the arguments. */
  readonly dtype?: 'bool' | 'int32' | 'float32';
}

type Entry = Example['given'];

/** A loss with a reduction: `result` are the axes of what it gives with `none`. */
export const loss = (given: Entry, result: readonly Length[], of: Example['of'], rest: Exceptions = {}): Example => ({
  least: 0,
  ...rest,
  given,
  result,
  of,
  kind: 'loss',
});

/** Whatever else is differentiable. */
export const quantity = (
  given: Entry,
  result: readonly Length[],
  of: (x: Named) => Tensor,
  rest: Exceptions = {},
): Example => ({ ...rest, given, result, of, kind: 'quantity' });

/** What says which or how many, without a derivative. */
export const choice = (
  given: Entry,
  result: readonly Length[],
  dtype: Example['dtype'],
  of: (x: Named) => Tensor,
  rest: Exceptions = {},
): Example => ({ ...rest, given, result, of, kind: 'choice', dtype });

/** Length of the batch. */
const n = 4;
const order = [2, 0, 3, 1];

interface Observed<T> {
  readonly single: T;
  readonly reduced?: { readonly sum: T; readonly mean: T; readonly unsaid: T };
  readonly gradients?: Readonly<Record<string, T>>;
}

/** All that an example gives at one point. */
function observe({ of, kind, given }: Example): (x: Named) => Observed<Tensor> {
  return (x) => {
    const single = of(x, { reduction: 'none' });
    if (kind === 'choice') return { single };
    const form = (p: Named) => (kind === 'loss' ? of({ ...x, ...p }, {}) : of({ ...x, ...p }, {}).sum());
    const differentiated = Object.fromEntries(Object.entries(x).filter(([name]) => given[name].differentiated));
    const gradients = grad(form)(differentiated);
    if (kind === 'quantity') return { single, gradients };
    const [sum, mean] = (['sum', 'mean'] as const).map((reduction) => of(x, { reduction }));
    return { single, reduced: { sum, mean, unsaid: of(x, {}) }, gradients };
  };
}

const everyNumber = (observed: Observed<NDArray>): number[] =>
  [observed.single, ...Object.values(observed.reduced ?? {}), ...Object.values(observed.gradients ?? {})].flatMap(
    toNumbers,
  );

const total = (x: NDArray) => toNumbers(x).reduce((a, b) => a + b, 0);

/** The tests that a function of tensors owes. */
export function owes(name: string, example: Example): void {
  const { given, result, kind, least = -Infinity, infinite = {} } = example;
  const [who] = name.split(':');
  const differentiated = Object.keys(given).filter((argument) => given[argument].differentiated);
  const compiled = () => compile(observe(example) as (x: Named) => never) as unknown as Run;

  describe(name, () => {
    const run = compiled();

    it('has the shape, dtype and reductions that it says, for any order of the batch, alone and in vmap', async () => {
      const points = [0, 10].map((stream) => drawn(given, { n, float: 'float64', stream }));
      const got = [await run(points[0]), await run(points[1])];
      for (const [i, { single, reduced }] of got.entries()) {
        expect(single.shape).toEqual(shapeOf(result, n));
        expect(single.dtype).toBe(example.dtype ?? 'float64');
        expect(Math.min(...toNumbers(single))).toBeGreaterThanOrEqual(least);
        if (!reduced) continue;
        const { sum, mean, unsaid } = reduced;
        expect([sum.shape, mean.shape, unsaid.shape]).toEqual([[], [], []]);
        allClose(sum, [total(single)], 1e-12, 'sum');
        const { counted = single.data.length } = example;
        const count = typeof counted === 'number' ? counted : counted(points[i]);
        allClose(mean, [total(single) / count], 1e-12, 'mean');
        expect(unsaid.data, 'the mean is the default').toEqual(mean.data);
      }

      const [x, expected] = [points[0], got[0]];
      const moved = Object.fromEntries(
        Object.entries(x).map(([argument, a]) => [argument, reordered(a, given[argument].dims, order)]),
      );
      if (!example.ordered && !example.draws) {
        const other = await run(moved);
        allClose(other.single, toNumbers(reordered(expected.single, result, order)), 1e-9, 'in another order');
        for (const argument of kind === 'choice' ? [] : differentiated)
          allClose(
            other.gradients?.[argument] as NDArray,
            toNumbers(reordered(expected.gradients?.[argument] as NDArray, given[argument].dims, order)),
            1e-9,
            `gradient by ${argument} in another order`,
          );
      }

      const batched = compile((a: Named, b: Named) =>
        vmap(observe(example) as (x: Named) => never)(
          Object.fromEntries(Object.keys(a).map((argument) => [argument, stack([a[argument], b[argument]])])),
        ),
      ) as unknown as (a: Arrays, b: Arrays) => Promise<Observed<NDArray>>;
      const many = everyNumber(await batched(points[0], points[1]));
      const single = got.map(everyNumber);
      expect(many.length).toBe(single[0].length + single[1].length);
      // Results stand one after the other, each with the two examples one after the other.
      const sizes = [
        got[0].single,
        ...Object.values(got[0].reduced ?? {}),
        ...Object.values(got[0].gradients ?? {}),
      ].map((a) => a.data.length);
      let at = 0;
      const loop = sizes.flatMap((size) => {
        at += size;
        return single.flatMap((values) => values.slice(at - size, at));
      });
      many.forEach((value, i) => {
        expect(Math.abs(value - loop[i]) / Math.max(1, Math.abs(loop[i])), `vmap, number ${i}`).toBeLessThan(1e-9);
      });
    });

    it('is the same in float32, bit for bit each time it is compiled, and finite at its edges', async () => {
      const x = drawn(given, { n, float: 'float32' });
      const [got, twin] = [await run(x), await compiled()(x)];
      expect(got.single.dtype).toBe(example.dtype ?? 'float32');
      expect(everyNumber(twin)).toEqual(everyNumber(got));
      const precise = await run(drawn(given, { n, float: 'float64' }));
      if (!example.draws) allClose(got.single, toNumbers(precise.single), 2e-4, 'in float32');
      for (const edge of edges) {
        const at = await run(drawn(given, { n, float: 'float32', edge }));
        expect(Math.min(...toNumbers(at.single)), `${edge}: least`).toBeGreaterThanOrEqual(least - 1e-6);
        const finite = everyNumber(at).every(Number.isFinite);
        expect(finite, `${edge}: finite? ${everyNumber(at)}`).toBe(infinite[edge] === undefined);
      }
      const { refuses = {} } = example;
      if (refuses.one) await expect(run(drawn(given, { n: 1, float: 'float32' }))).rejects.toThrow(refuses.one);
      else {
        const one = await run(drawn(given, { n: 1, float: 'float32' }));
        expect(one.single.shape).toEqual(shapeOf(result, 1));
        expect(everyNumber(one).every(Number.isFinite), `a batch of one: ${everyNumber(one)}`).toBe(true);
      }
      if (refuses.none) await expect(run(drawn(given, { n: 0, float: 'float32' }))).rejects.toThrow(refuses.none);
      else {
        const none = await run(drawn(given, { n: 0, float: 'float32' }));
        expect(none.single.shape).toEqual(shapeOf(result, 0));
        // The negative of an empty sum is -0; adding 0 leaves zeros of one sign.
        if (none.reduced)
          expect(
            Object.values(none.reduced)
              .flatMap(toNumbers)
              .map((value) => value + 0),
            'of no samples',
          ).toEqual([0, 0, 0]);
        expect(everyNumber(none).every(Number.isFinite), `an empty batch: ${everyNumber(none)}`).toBe(true);
      }
    });

    if (kind !== 'choice')
      it('has the derivatives of its values, once and twice, and they are not all 0', async () => {
        const x = drawn(given, { n, float: 'float64', stream: 20 });
        const whole = { ...x };
        const fn = (...inputs: Tensor[]) =>
          example.of(
            Object.fromEntries(
              Object.entries(whole).map(([argument, value]) => {
                const i = differentiated.indexOf(argument);
                return [argument, i < 0 ? constant(value) : inputs[i]];
              }),
            ),
            { reduction: 'none' },
          );
        const inputs = differentiated.map((argument) => x[argument]);
        const gradients = example.detached
          ? await compile((...p: Tensor[]) => grad((q: Tensor[]) => fn(...q).sum())(p))(...inputs)
          : await checkDerivatives(fn, inputs, { second: !example.firstOnly });
        gradients.forEach((gradient, i) => {
          expect(
            toNumbers(gradient).some((g) => Math.abs(g) > 1e-9),
            `gradient by ${differentiated[i]}`,
          ).toBe(true);
        });
      });

    if (countsLabels(example)) owesLabelOptions(who, example);

    it('refuses arguments that do not fit, with its name and their shapes', () => {
      const symbolic = (change: Readonly<Record<string, Tensor>>) =>
        Object.fromEntries(
          Object.entries(given).map(([argument, g]) => [
            argument,
            change[argument] ?? zeros(shapeOf(g.dims, n), dtypeOf(g, 'float64')),
          ]),
        );
      const refused = (what: string, argument: string, wrong: Tensor, shown: string) => {
        let error: unknown = 'none';
        try {
          example.of(symbolic({ [argument]: wrong }), {});
        } catch (e) {
          error = e;
        }
        const message = error instanceof Error ? error.message : String(error);
        expect(message, `${argument} ${what}`).toMatch(new RegExp(`^${who}\\b`));
        expect(message, `${argument} ${what}`).toContain(shown);
        expect(error instanceof RangeError || error instanceof TypeError, `${argument} ${what}: kind of error`).toBe(
          true,
        );
      };
      for (const [argument, { dims, differentiated, ...g }] of Object.entries(given)) {
        if (example.free?.[argument] !== undefined) continue;
        if (differentiated) refused('of integers', argument, zeros(shapeOf(dims, n), 'int32'), 'int32');
        if (example.anyRank) continue;
        const dtype = dtypeOf({ dims, differentiated, ...g }, 'float64');
        const deeper = [...shapeOf(dims, n), 1];
        refused('with an axis more', argument, zeros(deeper, dtype), showShape(deeper));
        const longer = shapeOf(dims, n).map(
          (length, axis) => length + (dims[axis] === 'n' || dims[axis] === '2n' ? 1 : 0),
        );
        const batched = Object.values(given).filter((other) => other.dims.some((length) => typeof length === 'string'));
        if (batched.length > 1 && longer.join() !== shapeOf(dims, n).join())
          refused('with a sample more', argument, zeros(longer, dtype), `[${longer[0]}`);
      }
    });
  });
}

type Run = (x: Arrays) => Promise<Observed<NDArray>>;
