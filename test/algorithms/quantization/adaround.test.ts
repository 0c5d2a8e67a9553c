import { describe, expect, it } from 'vitest';
import {
  adaRound,
  adaRoundLayers,
  fakeQuantize,
  hardRound,
  initialRounding,
  type LayerToRound,
  type QuantizationGrid,
  quantizationGrid,
  reconstructionError,
  rectifiedSigmoid,
  rectifiedSigmoidInverse,
  roundExhaustively,
  roundingBeta,
  roundingRegularizer,
  roundNearest,
  softRound,
} from '../../../src/algorithms/index.js';
import {
  castArray,
  compile,
  constant,
  conv,
  grad,
  linear,
  type NDArray,
  ndarray,
  stack,
  type Tensor,
  toNumbers,
  zeros,
} from '../../../src/index.js';
import { adam, scheduleValues } from '../../../src/optim/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';
import { c64, expectValue } from '../../support/losses.js';

interface Trajectory {
  readonly name: string;
  readonly steps: number;
  readonly learningRate: number;
  readonly regularization: number;
  readonly weights: GoldenArray;
  readonly x: GoldenArray;
  readonly target: GoldenArray;
  readonly losses: readonly number[];
  readonly gradient: GoldenArray;
  readonly rounding: GoldenArray;
}
const reference = golden<{ bias: GoldenArray; adaRound: Trajectory[] }>('quantization');

const gridOf = (scale: number, low: number, high: number): QuantizationGrid => ({
  scale: c64(scale),
  zeroPoint: c64(0),
  low: c64(low),
  high: c64(high),
});

describe('rectifiedSigmoid', () => {
  it('has the values of the card, and its inverse', async () => {
    await expectValue(
      () => rectifiedSigmoid(c64([-1, 0, 0.5, 1, 3, -3])),
      [0.2227297056, 0.5, 0.6469511974, 0.7772702944, 1, 0],
      10,
    );
    const shares = [0.25, 0.5, 0.8, 0.9, 0];
    await expectValue(
      () => rectifiedSigmoidInverse(c64(shares)),
      [-0.887303195, 0, 1.0986122887, 1.6094379124, -2.3978952728],
      10,
    );
    await expectValue(() => rectifiedSigmoid(rectifiedSigmoidInverse(c64(shares))), shares, 12);
    await expectValue(
      () => {
        const v = c64([-2.3, -0.4, 1.7]);
        return rectifiedSigmoid(v.neg()).add(rectifiedSigmoid(v));
      },
      [1, 1, 1],
      12,
    );
    await checkDerivatives((v) => rectifiedSigmoid(v), [random64([5], { low: -2, high: 2 })]);
  });
});

describe('roundingRegularizer', () => {
  it('has the values of the card and sums over weights', async () => {
    await expectValue(
      () => stack([20, 8, 2].map((beta) => roundingRegularizer(c64([1]), beta))),
      [0.9999924375, 0.9910573401, 0.6924847355],
      10,
    );
    await expectValue(() => roundingRegularizer(c64([-3, 3, 0, 0]), 2), [2]);
    await checkDerivatives((v) => roundingRegularizer(v, 8), [random64([5])]);
    await expectValue(() => grad((v: Tensor) => roundingRegularizer(v, 2))(c64([0])), [0]);
  });
});

describe('roundingBeta', () => {
  it('stays at the start, then falls along a cosine or a line', async () => {
    const beta = await scheduleValues(roundingBeta({ steps: 10 }), 12);
    [20, 20, 20].forEach((b, i) => expect(beta[i]).toBeCloseTo(b, 5));
    expect(beta[6]).toBeCloseTo(11, 4);
    expect(beta[3]).toBeCloseTo(2 + 9 * (1 + Math.cos(Math.PI / 8)), 4);
    expect(beta[11]).toBeCloseTo(2, 5);
    const line = await scheduleValues(roundingBeta({ steps: 4, start: 8, end: 4, warmup: 0, shape: 'linear' }), 5);
    [8, 7, 6, 5, 4].forEach((b, i) => expect(line[i]).toBeCloseTo(b, 5));
    expect(() => roundingBeta({ steps: 4, warmup: 1 })).toThrow(/warmup 1 must lie in \[0, 1\)/);
  });
});

describe('the loss of a layer', () => {
  const weights = () =>
    c64([
      [0.4, -0.3],
      [1.2, 0.7],
    ]);
  const x = () =>
    c64([
      [1, 2],
      [0.5, -1],
      [2, 0],
    ]);
  const v = () =>
    c64([
      [0.5, -1],
      [2, 3],
    ]);
  const grid = () => gridOf(0.5, -4, 3);
  const output = (w: Tensor, relu: boolean) => {
    const y = linear(x(), w, c64([0.1, -0.2]));
    return relu ? y.relu() : y;
  };
  const error = (w: Tensor, relu = false) => reconstructionError(output(w, relu), output(weights(), relu));

  it('has the values of the card', async () => {
    await expectValue(() => softRound(weights(), v(), grid()), [0.3234755987, -0.3886351472, 1.4784782468, 1], 9);
    await expectValue(() => roundingRegularizer(v(), 8), [2.5043269457], 9);
    await expectValue(() => error(softRound(weights(), v(), grid())), [0.3993805808], 9);
    await expectValue(() => error(softRound(weights(), v(), grid()), true), [0.3692953118], 9);
    await expectValue(() => hardRound(weights(), v(), grid()), [0.5, -0.5, 1.5, 1]);
    await expectValue(() => error(hardRound(weights(), v(), grid())), [0.4616666667], 9);
    await expectValue(() => fakeQuantize(weights(), grid()), [0.5, -0.5, 1, 0.5]);
    await expectValue(() => error(fakeQuantize(weights(), grid())), [0.2408333333], 9);
  });

  it('has the gradients of the card', async () => {
    const gradient = (relu: boolean) =>
      grad((r: Tensor) => error(softRound(weights(), r, grid()), relu).add(roundingRegularizer(r, 8).mul(0.01)))(v());
    await expectValue(() => gradient(false), [-0.0502716884, -0.0432720639, 0.0695646491, 0], 9);
    await expectValue(() => gradient(true), [-0.0264146102, -0.0033528112, 0.0729404213, 0], 9);
    await checkDerivatives((r) => error(softRound(weights(), r, grid())), [random64([2, 2], { low: -2, high: 2 })]);
  });

  it('is 0 where it begins, and hard weights are within a step', async () => {
    const w = () => constant(random64([4, 6]));
    const of = () => quantizationGrid(w(), { bits: 4 });
    await expectValue(() => softRound(w(), initialRounding(w(), of()), of()).sub(w()).abs().max(), [0], 12);
    const got = await compile(() =>
      hardRound(w(), constant(random64([4, 6], { stream: 9 })), of())
        .sub(w())
        .abs()
        .max()
        .div(of().scale),
    )();
    expect(toNumbers(got)[0]).toBeLessThan(1);
  });

  it('refuses what does not fit', () => {
    expect(() => softRound(zeros([2, 3]), zeros([3, 2]), gridOf(1, 0, 1))).toThrow(
      /softRound: weights \[2, 3\] and rounding \[3, 2\] must have one shape/,
    );
    expect(() => reconstructionError(zeros([2, 3]), zeros([2, 1]))).toThrow(/output \[2, 3\] and target \[2, 1\]/);
  });
});

describe('adaRound', () => {
  it.each(reference.adaRound.map((c) => [c.name, c] as const))('takes the steps of PyTorch: %s', async (name, c) => {
    const bias = () => constant(fromGolden(reference.bias));
    const apply = (w: Tensor, x: Tensor) =>
      name === 'linear' ? linear(x, w, bias()) : conv(x, w, bias(), { padding: 1 }).relu();
    const { steps, learningRate, regularization } = c;
    const procedure = adaRound({ apply, steps, regularization, optimizer: adam({ learningRate }) });
    const begin = compile((w: Tensor) => procedure.init(w, quantizationGrid(w, { bits: 3 })));
    const step = compile(procedure.step, { donate: [0] });
    const [x, target] = [fromGolden(c.x), fromGolden(c.target)];
    let state = (await begin(fromGolden(c.weights))) as never;
    for (let i = 0; i < steps; i++) {
      const made = await step(state, x, target);
      // The schedule is in float32.
      allClose(made.loss as NDArray, [c.losses[i]], 2e-6, `loss ${i}`);
      state = made.state as never;
    }
    const { rounding, count } = state as { rounding: NDArray; count: NDArray };
    allClose(rounding, c.rounding.data, 2e-5, 'rounding');
    expect(toNumbers(count)).toEqual([steps]);
  });

  it('has the weight, the warm-up and the annealing of the published code by default', async () => {
    const [w, x] = [random64([3, 4], { stream: 24 }), random64([6, 4], { stream: 25 })];
    const apply = (weights: Tensor, inputs: Tensor) => linear(inputs, weights);
    const target = (await compile(apply)(w, x)) as NDArray;
    const losses = async (options: object) => {
      const procedure = adaRound({ apply, steps: 5, ...options });
      let state = (await compile((v: Tensor) => procedure.init(v, quantizationGrid(v, { bits: 2 })))(w)) as never;
      const step = compile(procedure.step);
      const seen: number[] = [];
      for (let i = 0; i < 5; i++) {
        const made = await step(state, x, target);
        state = made.state as never;
        seen.push(toNumbers(made.loss as NDArray)[0]);
      }
      return seen;
    };
    const [own, named] = [
      await losses({}),
      await losses({
        optimizer: adam({ learningRate: 0.01 }),
        regularization: 0.01,
        ...{ warmup: 0.2, start: 20, end: 2, shape: 'cosine' },
      }),
    ];
    expect(own).toEqual(named);
    for (const other of [{ regularization: 0.02 }, { warmup: 0 }, { start: 10 }, { end: 3 }, { shape: 'linear' }])
      expect(await losses(other)).not.toEqual(own);
  });

  it('ends with rounding that is decided, and an output nearer than by the nearest levels', async () => {
    const w = random64([6, 8], { stream: 20 });
    // Inputs that are all alike: errors of one sign add up.
    const x = ndarray(
      Float64Array.from(toNumbers(random64([40, 8], { stream: 21 })), (e) => 1 + 0.3 * e),
      { shape: [40, 8] },
    );
    const apply = (weights: Tensor, inputs: Tensor) => linear(inputs, weights);
    const procedure = adaRound({ apply, steps: 400, regularization: 0.05, optimizer: adam({ learningRate: 0.03 }) });
    const begin = compile((weights: Tensor) => procedure.init(weights, quantizationGrid(weights, { bits: 3 })));
    const step = compile(procedure.step, { donate: [0] });
    let state = (await begin(w)) as never;
    const target = (await compile(apply)(w, x)) as NDArray;
    for (let i = 0; i < 400; i++) state = (await step(state, x, target)).state as never;
    const { weights, open } = await compile(procedure.result)(state);
    expect(toNumbers(open as NDArray)[0]).toBeLessThan(0.05);
    const [adapted, near] = await compile((a: Tensor, b: Tensor, inputs: Tensor, goal: Tensor) => [
      reconstructionError(apply(a, inputs), goal),
      reconstructionError(apply(fakeQuantize(b, quantizationGrid(b, { bits: 3 })), inputs), goal),
    ])(weights as NDArray, w, x, target);
    expect(toNumbers(adapted)[0]).toBeLessThan(0.7 * toNumbers(near)[0]);
  });
});

describe('adaRoundLayers', () => {
  it('rounds a chain so that its end stays nearer than by the nearest levels', async () => {
    const cast = (a: NDArray) =>
      ({ ...a, data: Float32Array.from(a.data as Float64Array), dtype: 'float32' }) as NDArray;
    const x = cast(random64([64, 6], { stream: 30, low: 0, high: 1 }));
    const layers: LayerToRound[] = [
      { weights: cast(random64([12, 6], { stream: 31 })), apply: (w, inputs) => linear(inputs, w).relu() },
      { weights: cast(random64([8, 12], { stream: 32 })), apply: (w, inputs) => linear(inputs, w).relu() },
      { weights: cast(random64([4, 8], { stream: 33 })), apply: (w, inputs) => linear(inputs, w) },
    ];
    const options = { steps: 150, batchSize: 64, optimizer: adam({ learningRate: 0.05 }), grid: { bits: 3 } };
    const chain = compile((weights: Tensor[], inputs: Tensor) =>
      layers.reduce((y, { apply }, i) => apply(weights[i], y), inputs),
    );
    const exact = toNumbers(
      await chain(
        layers.map(({ weights }) => weights),
        x,
      ),
    );
    const distance = async (weights: NDArray[]) =>
      toNumbers(await chain(weights, x)).reduce((s, y, i) => s + (y - exact[i]) ** 2, 0);
    const rounded = await adaRoundLayers(layers, x, key(0), options);
    const again = await adaRoundLayers(layers, x, key(0), options);
    expect(again.map(({ weights }) => toNumbers(weights))).toEqual(rounded.map(({ weights }) => toNumbers(weights)));
    const nearest = compile((w: Tensor) => fakeQuantize(w, quantizationGrid(w, { bits: 3 })));
    const near = await Promise.all(layers.map(({ weights }) => nearest(weights)));
    expect(await distance(rounded.map(({ weights }) => weights))).toBeLessThan(0.6 * (await distance(near)));
    for (const { open } of rounded) expect(open).toBeLessThan(0.5);
    // On the levels of the grid: at most 8 different values a layer.
    for (const { weights } of rounded) expect(new Set(toNumbers(weights)).size).toBeLessThanOrEqual(8);
  });
});

describe('the inputs of a layer', () => {
  it('are what the rounded layers before it make of the examples, or the exact ones', async () => {
    const single = (a: NDArray) => castArray(a, 'float32');
    const x = single(random64([40, 5], { stream: 34, low: 0, high: 1 }));
    const layers: LayerToRound[] = [
      { weights: single(random64([9, 5], { stream: 35 })), apply: (w, inputs) => linear(inputs, w).relu() },
      { weights: single(random64([6, 9], { stream: 36 })), apply: (w, inputs) => linear(inputs, w) },
    ];
    // All examples in every step, so that the key does not matter.
    const options = { steps: 120, batchSize: 40, optimizer: adam({ learningRate: 0.05 }), grid: { bits: 2 } };
    const last = async (asymmetric: boolean) =>
      toNumbers((await adaRoundLayers(layers, x, key(0), { ...options, asymmetric }))[1].weights);
    const exact = (await compile(layers[0].apply)(layers[0].weights, x)) as NDArray;
    const [alone] = await adaRoundLayers([layers[1]], exact, key(0), options);
    expect(await last(false)).toEqual(toNumbers(alone.weights));
    expect(await last(true)).not.toEqual(toNumbers(alone.weights));
  });

  it('must be some', async () => {
    const layer: LayerToRound = { weights: random64([2, 3]), apply: (w, inputs) => linear(inputs, w) };
    await expect(adaRoundLayers([layer], random64([0, 3]), key(0), { steps: 2 })).rejects.toThrow(
      /adaRoundLayers: x \[0, 3\] and batchSize 32 must be examples, and some/,
    );
  });
});

describe('rounding as a quadratic problem', () => {
  it('has the solutions of the card', () => {
    const x = [
      [1, 1, 1, 0.2],
      [0.9, 1.1, 1, -0.1],
      [1.2, 0.8, 0.9, 0.3],
    ];
    const gram = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => x.reduce((s, row) => s + row[i] * row[j], 0) / 3));
    const problem = { weights: [0.4, 0.4, 0.4, -0.3], gram };
    expect(roundNearest(problem)).toEqual({ up: [0, 0, 0, 1], cost: expect.closeTo(1.3191333333, 9) });
    expect(roundExhaustively(problem)).toEqual({ up: [0, 0, 1, 1], cost: expect.closeTo(0.0338, 9) });
    const rows = [
      [1, 2],
      [0.5, -1],
      [2, 0],
    ];
    const two = [0, 1].map((i) => [0, 1].map((j) => rows.reduce((s, row) => s + row[i] * row[j], 0) / 3));
    const best = [
      [0.4, -0.3],
      [1.2, 0.7],
    ].map((weights) => roundExhaustively({ weights, gram: two, scale: 0.5 }));
    expect(best.map(({ up }) => up)).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(best[0].cost + best[1].cost).toBeCloseTo(0.2241666667, 9);
  });

  it('is nearest rounding where inputs are uncorrelated, and refuses too many weights', () => {
    const weights = toNumbers(random64([7], { stream: 40, low: -3, high: 3 }));
    const gram = weights.map((_, i) => weights.map((_, j) => (i === j ? 1 + i : 0)));
    expect(roundExhaustively({ weights, gram, scale: 0.3 }).up).toEqual(roundNearest({ weights, gram, scale: 0.3 }).up);
    const many = new Array<number>(25).fill(0.3);
    expect(() => roundExhaustively({ weights: many, gram: many.map(() => many) })).toThrow(/25 weights; 2\^25 choices/);
    expect(() => roundNearest({ weights, gram: [[1]] })).toThrow(/gram of 1 numbers must be \[7, 7\]/);
  });
});
