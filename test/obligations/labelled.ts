import { expect, it } from 'vitest';
import { compile, constant, grad, type NDArray, ndarray, type Tensor, toNumbers, zeros } from '../../src/index.js';
import type { LabelledOptions } from '../../src/losses/index.js';
import { allClose } from '../support/derivatives.js';
import type { Example, Named } from './differentiable.js';
import { type Arrays, drawn, dtypeOf, type Given, rowsOf, shapeOf } from './given.js';

/** Length of the batch, and how many classes its labels have. */
const [n, classes] = [5, 3];
const weights = [0.5, 2, 3];

interface Counted {
  readonly single: NDArray;
  readonly mean: NDArray;
  readonly sum: NDArray;
  /** Of the mean, by all arguments that are differentiated. */
  readonly gradients: Readonly<Record<string, NDArray>>;
}

/** Losses of integer labels, as they owe them unless they say why not: `labels` are an argument, and the result has their axes. */
export const countsLabels = ({ kind, given, uncounted }: Example): boolean =>
  kind === 'loss' && given.labels?.kind === 'int32' && uncounted === undefined;

/**
 * What every loss of integer labels owes: samples whose label is `ignoreIndex` cost nothing, and everything else is as if they were not there;
 * with a `weight` of each class each sample counts as often as the weight of its label says.
 */
export function owesLabelOptions(who: string, { given, of }: Example): void {
  const differentiated = Object.keys(given).filter((argument) => given[argument].differentiated);
  const run = (x: Arrays, options: LabelledOptions) =>
    compile((p: Named) => {
      const form = (q: Named) => of({ ...p, ...q }, options);
      const gradients = grad(form)(Object.fromEntries(differentiated.map((name) => [name, p[name]])));
      const [single, mean, sum] = (['none', 'mean', 'sum'] as const).map((reduction) =>
        of(p, { ...options, reduction }),
      );
      return { single, mean, sum, gradients };
    })(x) as unknown as Promise<Counted>;
  const batch = (): Arrays => drawn(given, { n, float: 'float64', stream: 30 });
  const labelled = (x: Arrays, values: readonly number[]): Arrays => ({
    ...x,
    labels: ndarray(values, { shape: x.labels.shape, dtype: 'int32' }),
  });
  const weight = () => constant(weights, 'float64');

  it.each([
    ['one of the classes', 1],
    ['none of them', -100],
  ])('leaves out samples whose label is ignored, %s', async (_, ignoreIndex) => {
    const plain = batch();
    const perSample = plain.labels.data.length / n;
    const ignored = [1, 3];
    const values = Array.from(plain.labels.data as Int32Array, (label, i) =>
      ignored.includes(Math.floor(i / perSample)) ? ignoreIndex : label === 1 ? 2 : label,
    );
    const x = labelled(plain, values);
    const kept = [0, 2, 4];
    const without = Object.fromEntries(
      Object.entries(x).map(([argument, a]) => [argument, rowsOf(a, given[argument].dims, kept)]),
    );
    const [got, expected] = [await run(x, { ignoreIndex }), await run(without, {})];
    allClose(rowsOf(got.single, ['n'], kept), toNumbers(expected.single), 1e-12, 'the others');
    expect(
      toNumbers(rowsOf(got.single, ['n'], ignored)).every((loss) => loss === 0),
      'the ignored',
    ).toBe(true);
    allClose(got.mean, toNumbers(expected.mean), 1e-12, 'mean');
    allClose(got.sum, toNumbers(expected.sum), 1e-12, 'sum');
    for (const argument of differentiated) {
      const { dims } = given[argument];
      const gradient = got.gradients[argument];
      allClose(rowsOf(gradient, dims, kept), toNumbers(expected.gradients[argument]), 1e-10, `by ${argument}`);
      if (dims.includes('n'))
        expect(
          toNumbers(rowsOf(gradient, dims, ignored)).every((g) => g === 0),
          `by ${argument}, ignored`,
        ).toBe(true);
    }
    const nothing = labelled(
      plain,
      values.map(() => ignoreIndex),
    );
    const { gradients, ...all } = await run(nothing, { ignoreIndex });
    for (const value of [...Object.values(all), ...Object.values(gradients)].flatMap(toNumbers))
      expect(value + 0, 'where all are ignored').toBe(0);
  });

  it('weighs samples as their labels do', async () => {
    const x = batch();
    const [got, plain] = [await run(x, { weight: weight() }), await run(x, {})];
    const counts = Array.from(x.labels.data as Int32Array, (label) => weights[label]);
    const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const expected = toNumbers(plain.single).map((loss, i) => loss * counts[i]);
    allClose(got.single, expected, 1e-12, 'single');
    allClose(got.sum, [total(expected)], 1e-12, 'sum');
    allClose(got.mean, [total(expected) / total(counts)], 1e-12, 'mean');
    const mean = compile((p: Named) => {
      const c = constant(ndarray(counts, { shape: x.labels.shape, dtype: 'float64' }));
      const form = (q: Named) =>
        of({ ...p, ...q }, { reduction: 'none' })
          .mul(c)
          .sum()
          .div(c.sum());
      return grad(form)(Object.fromEntries(differentiated.map((name) => [name, p[name]])));
    });
    const gradients = (await mean(x)) as unknown as Counted['gradients'];
    for (const argument of differentiated)
      allClose(got.gradients[argument], toNumbers(gradients[argument]), 1e-10, `by ${argument}`);
    // The weight of a class that is ignored is none.
    const both = await run(x, { weight: weight(), ignoreIndex: 2 });
    const counted = counts.map((count, i) => ((x.labels.data as Int32Array)[i] === 2 ? 0 : count));
    // Samples that are ignored may have stood in the losses of others, as negatives.
    const left = await run(x, { ignoreIndex: 2 });
    const sum = total(toNumbers(left.single).map((loss, i) => loss * counted[i]));
    allClose(both.mean, [sum / total(counted)], 1e-12, 'mean of weights, some ignored');
    // Classes without weight that are all there is.
    const { gradients: none, ...all } = await run(x, { weight: weight().mul(0) });
    for (const value of [...Object.values(all), ...Object.values(none)].flatMap(toNumbers))
      expect(value + 0, 'where nothing weighs').toBe(0);
  });

  it('refuses weights that do not fit and labels that are none, with its name', () => {
    const symbolic = Object.fromEntries(
      Object.entries(given).map(([argument, g]: [string, Given]) => [
        argument,
        zeros(shapeOf(g.dims, n), dtypeOf(g, 'float64')) as Tensor,
      ]),
    );
    const refused = (options: LabelledOptions, message: string) =>
      expect(() => of(symbolic, options)).toThrow(new RegExp(`^${who}: .*${message}`));
    refused({ weight: constant([1, 2], 'float64') }, `weight \\[2\\] must be \\[${classes}\\]`);
    refused({ weight: constant([1, 2, 3], 'float32') }, 'weight float32 must have one dtype');
    refused({ ignoreIndex: 0.5 }, 'ignoreIndex 0.5 must be a whole number');
  });
}
