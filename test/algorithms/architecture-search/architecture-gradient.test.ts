import { describe, expect, it } from 'vitest';
import {
  type ArchitectureGradient,
  approximateUnrolledGradient,
  type DartsState,
  darts,
  firstOrderGradient,
  mixedOperation,
  unrolledGradient,
} from '../../../src/algorithms/index.js';
import { compile, constant, leavesOf, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { adam, sgd } from '../../../src/optim/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';
import { c64 } from '../../support/losses.js';

const scalar = (value: number) => ndarray(value, { dtype: 'float64' });

/** The paper's example: the validation loss is a w - 2 a + 1, the training loss (w - a)^2. */
const example = {
  training: (w: Tensor, a: Tensor) => w.sub(a).square(),
  validation: (w: Tensor, a: Tensor) => a.mul(w).sub(a.mul(2)).add(1),
};

/** The training loss half the squared distance of softmax(a) w from a target; the validation loss the sum of softmax(a) w. */
const product = {
  training: (w: Tensor, a: Tensor) =>
    a
      .softmax()
      .mul(w)
      .sub(c64([1, -1, 0.5]))
      .square()
      .sum()
      .mul(0.5),
  validation: (w: Tensor, a: Tensor) => a.softmax().mul(w).sum(),
};
const [w3, a3] = [ndarray([0.5, 0.2, -0.3], { dtype: 'float64' }), ndarray([0.1, -0.2, 0.3], { dtype: 'float64' })];

const gradientOf = async (
  rule: ArchitectureGradient,
  objectives: typeof example,
  w: NDArray,
  a: NDArray,
  rate: number,
): Promise<number[]> => toNumbers(await compile((w: Tensor, a: Tensor) => rule(objectives, w, a, { rate })[1])(w, a));

const rules: [string, ArchitectureGradient][] = [
  ['exactly', unrolledGradient],
  ['by differences', approximateUnrolledGradient()],
];

describe('the gradient of an architecture', () => {
  it('at first order has the value of the card, whatever the rate', async () => {
    for (const rate of [0, 0.5])
      expect(await gradientOf(firstOrderGradient, example, scalar(-2), scalar(2), rate)).toEqual([-4]);
    const got = await gradientOf(firstOrderGradient, product, w3, a3, 0.1);
    [0.1366839221, 0.026231307, -0.162915229].forEach((g, i) => expect(got[i]).toBeCloseTo(g, 9));
  });

  it.each(rules)('unrolled %s has the values of the card', async (_, rule) => {
    for (const [rate, expected] of [
      [0, -4],
      [0.1, -2.8],
      [0.5, 2],
    ])
      expect((await gradientOf(rule, example, scalar(-2), scalar(2), rate))[0]).toBeCloseTo(expected, 9);
    const got = await gradientOf(rule, product, w3, a3, 0.1);
    const digits = rule === unrolledGradient ? 9 : 6;
    [0.1446298319, 0.0060603247, -0.1506901566].forEach((g, i) => expect(got[i]).toBeCloseTo(g, digits));
    // A constant on all operations changes nothing.
    expect(got.reduce((a, b) => a + b)).toBeCloseTo(0, digits);
  });

  it.each(rules)('%s, its mixed product is that of the card', async (_, rule) => {
    // The validation loss v . w is linear, and its own gradient in a is 0: what is left is minus the rate times the product.
    const objectives = {
      ...product,
      validation: (w: Tensor, a: Tensor) =>
        w
          .mul(c64([1, 2, -1]))
          .sum()
          .add(a.sum().mul(0)),
    };
    const got = await gradientOf(rule, objectives, w3, a3, 0.1);
    [-0.4379074499, 0.3914659249, 0.046441525].forEach((g, i) =>
      expect(got[i] / -0.1).toBeCloseTo(g, rule === unrolledGradient ? 9 : 5),
    );
  });

  it.each([
    [0, 2],
    [0.01, 1.9607843137],
    [0.1, 1.6666666667],
    [0.5, 1],
  ])('at a rate of %f, alternating descent ends at %f', async (rate, end) => {
    const descend = compile((w: Tensor, a: Tensor) => {
      for (let i = 0; i < 25; i++) {
        const [, gradient] = unrolledGradient(example, w, a, { rate });
        a = a.sub(gradient.mul(0.01));
        w = w.sub(w.sub(a).mul(0.02));
      }
      return [w, a];
    });
    let [w, a] = [scalar(-2), scalar(2)] as NDArray[];
    for (let i = 0; i < 160; i++) [w, a] = await descend(w, a);
    expect([...toNumbers(w), ...toNumbers(a)]).toEqual([expect.closeTo(end, 4), expect.closeTo(end, 4)]);
  });

  it('is that of the validation loss after the step', async () => {
    const velocity = random64([3], { stream: 5 });
    const lookahead = { rate: 0.2, momentum: 0.9, velocity: constant(velocity), weightDecay: 0.01 };
    const lookedAhead = (rule: ArchitectureGradient) => (a: Tensor) => {
      const [value, gradient] = rule(product, constant(w3), a, lookahead);
      return [value, gradient] as const;
    };
    await checkDerivatives((a) => lookedAhead(unrolledGradient)(a)[0], [a3]);
    const both = await compile((a: Tensor) => [
      lookedAhead(unrolledGradient)(a)[1],
      lookedAhead(approximateUnrolledGradient())(a)[1],
    ])(a3);
    allClose(both[1], toNumbers(both[0]), 1e-5, 'by differences');
  });

  it('is that of first order where other weights gain nothing', async () => {
    const objectives = { ...product, validation: (_: Tensor, a: Tensor) => a.square().sum() };
    const got = await gradientOf(approximateUnrolledGradient(), objectives, w3, a3, 0.5);
    got.forEach((g, i) => expect(g).toBeCloseTo(2 * toNumbers(a3)[i], 12));
    expect(() => approximateUnrolledGradient({ radius: 0 })).toThrow(/radius 0 must be a number above 0/);
  });
});

describe('darts', () => {
  interface Search {
    readonly losses: readonly (readonly [number, number])[];
    readonly architecture: GoldenArray;
    readonly w1: GoldenArray;
    readonly w2: GoldenArray;
  }
  const reference = golden<{
    start: { w1: GoldenArray; w2: GoldenArray; architecture: GoldenArray };
    training: GoldenArray[];
    validation: GoldenArray[];
    searches: Record<string, Search>;
  }>('architecture');
  type Weights = { readonly w1: Tensor; readonly w2: Tensor };
  const mixed = (x: Tensor, a: Tensor) => mixedOperation([x.tanh(), x.relu(), x], a);

  it.each([
    ['first order', firstOrderGradient],
    ['unrolled', unrolledGradient],
    ['approximate', approximateUnrolledGradient()],
  ] as const)('takes the steps of PyTorch: %s', async (name, architectureGradient) => {
    const expected = reference.searches[name];
    const search = darts({
      loss: ({ w1, w2 }: Weights, a: Tensor, [x, y]: readonly [Tensor, Tensor]) =>
        mixed(mixed(x.matmul(w1), a.at(0)).matmul(w2), a.at(1))
          .sub(y)
          .square()
          .mean(),
      architectureGradient,
      architectureOptimizer: adam({ learningRate: 0.05, beta1: 0.5, weightDecay: 0.01 }),
      learningRate: 0.1,
      weightDecay: 3e-3,
      clip: 0.5,
    });
    const step = compile(
      (state: DartsState<Weights, Tensor, Tensor>, x: Tensor, y: Tensor, u: Tensor, v: Tensor) =>
        search.step(state, [x, y], [u, v]),
      { donate: [0] },
    );
    const { w1, w2, architecture } = reference.start;
    let state = search.init({ w1: fromGolden(w1), w2: fromGolden(w2) }, fromGolden(architecture)) as never;
    const [x, y, u, v] = [...reference.training, ...reference.validation].map((a) => fromGolden(a));
    for (const [training, validation] of expected.losses) {
      const made = await step(state, x, y, u, v);
      allClose(made.trainingLoss as NDArray, [training], 1e-10, 'training loss');
      allClose(made.validationLoss as NDArray, [validation], 1e-10, 'validation loss');
      state = made.state as never;
    }
    const end = state as unknown as { variables: { w1: NDArray; w2: NDArray }; architecture: NDArray; count: NDArray };
    allClose(end.architecture, expected.architecture.data, 1e-10, 'architecture');
    allClose(end.variables.w1, expected.w1.data, 1e-10, 'w1');
    allClose(end.variables.w2, expected.w2.data, 1e-10, 'w2');
    expect(toNumbers(end.count)).toEqual([6]);
  });

  it("has the paper's rates, momentum, decays and clipping by default", async () => {
    type Weights = { readonly w: Tensor };
    const loss = ({ w }: Weights, a: Tensor, x: Tensor) => x.mul(w).sub(a).square().mean();
    const endOf = async (options: Partial<Parameters<typeof darts<Weights, Tensor, Tensor>>[0]>) => {
      const search = darts({ loss, ...options });
      const step = compile((state: DartsState<Weights, Tensor, Tensor>, x: Tensor, y: Tensor) =>
        search.step(state, x, y),
      );
      let state = search.init({ w: random64([4], { stream: 8 }) }, random64([4], { stream: 9 })) as never;
      // Large inputs, so that the gradient is clipped.
      const batch = random64([6, 4], { stream: 10, low: -9, high: 9 });
      for (let i = 0; i < 3; i++) state = (await step(state, batch, batch)).state as never;
      const { variables, architecture } = state as unknown as { variables: { w: NDArray }; architecture: NDArray };
      return [...toNumbers(variables.w), ...toNumbers(architecture)];
    };
    const expected = await endOf({
      architectureGradient: unrolledGradient,
      architectureOptimizer: adam({ learningRate: 3e-4, beta1: 0.5, beta2: 0.999, weightDecay: 1e-3 }),
      learningRate: 0.025,
      momentum: 0.9,
      weightDecay: 3e-4,
      clip: 5,
    });
    expect(await endOf({})).toEqual(expected);
    for (const other of [
      { clip: 6 },
      { weightDecay: 0 },
      { momentum: 0.8 },
      { architectureGradient: firstOrderGradient },
    ])
      expect(await endOf(other)).not.toEqual(expected);
  });

  it('keeps buffers of the training batches, not of those it judges by', async () => {
    const search = darts({
      loss: (v: { readonly w: Tensor; readonly running_mean: Tensor }, a: Tensor, x: Tensor, context) => {
        context.update(v.running_mean, x.mean());
        return v.w.mul(a).sub(x.mean()).square();
      },
      architectureOptimizer: sgd({ learningRate: 0.1 }),
    });
    const step = compile(
      (state: DartsState<{ w: Tensor; running_mean: Tensor }, Tensor, Tensor>, x: Tensor, y: Tensor) =>
        search.step(state, x, y),
    );
    const variables = { w: ndarray(1), running_mean: ndarray(0) };
    const { state } = await step(search.init(variables, ndarray(0.5)) as never, ndarray([1, 3]), ndarray([7, 9]));
    const next = state as unknown as { variables: { running_mean: NDArray; w: NDArray }; velocity: object };
    expect(toNumbers(next.variables.running_mean)).toEqual([2]);
    expect(toNumbers(next.variables.w)[0]).not.toBe(1);
    expect(leavesOf(next.velocity).map(({ path }) => path)).toEqual(['w']);
  });
});
