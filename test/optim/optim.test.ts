import { describe, expect, it } from 'vitest';
import { compile, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import * as optim from '../../src/optim/index.js';
import { allClose, random64 } from '../support/derivatives.js';
import { type GoldenArray, golden } from '../support/golden.js';

interface Run {
  name: string;
  options: { learningRate: number; limit?: number };
  states: { step: number; w: GoldenArray; b: GoldenArray }[];
}
interface ScheduleCase {
  name: string;
  value: number;
  options: never;
  values: number[];
}
const { runs, schedules } = golden<{ runs: Run[]; schedules: ScheduleCase[] }>('optimizers');

type Params = { w: Tensor; b: Tensor };
const makers = optim as unknown as Record<string, (options: object) => optim.GradientTransformation>;

function optimizerOf({ name, options }: Run): optim.GradientTransformation {
  if (name === 'clipByGlobalNorm')
    return optim.chain(optim.clipByGlobalNorm(options.limit as number), optim.sgd(options));
  if (name === 'clipByValue') return optim.chain(optim.clipByValue(options.limit as number), optim.sgd(options));
  return makers[name](options);
}

/** One step as a compiled function, and the state it begins with. */
function stepper<P extends Record<string, Tensor>>(
  optimizer: optim.GradientTransformation,
  loss: (p: P, ...rest: Tensor[]) => Tensor,
  params: Record<string, NDArray>,
) {
  const step = compile((p: P, state: unknown, ...rest: Tensor[]) => {
    const { updates, state: next } = optimizer.update(grad(loss)(p, ...rest), state, p);
    return { params: optim.applyUpdates(p, updates), state: next };
  });
  return {
    step: step as unknown as (
      p: unknown,
      s: unknown,
      ...rest: unknown[]
    ) => Promise<{ params: Record<string, NDArray>; state: unknown }>,
    state: optimizer.init(params),
  };
}

describe('optimizers agree with PyTorch', () => {
  const x = random64([8, 3], { stream: 3 });
  const loss = (p: Params, input: Tensor) =>
    input
      .matmul(p.w)
      .add(p.b)
      .mul(3)
      .exp()
      .add(1)
      .log()
      .sum()
      .div(8)
      .add(p.w.square().square().sum().div(4))
      .add(p.b.square().sum());

  it.each(runs.map((run) => [`${run.name} ${JSON.stringify(run.options)}`, run] as const))('%s', async (_, run) => {
    let params: Record<string, NDArray> = { w: random64([3, 4], { stream: 1 }), b: random64([4], { stream: 2 }) };
    const made = stepper<Params>(optimizerOf(run), loss as never, params);
    let { state } = made;
    for (let step = 1; step <= 25; step++) {
      ({ params, state } = await made.step(params, state, x));
      const expected = run.states.find((s) => s.step === step);
      if (!expected) continue;
      allClose(params.w, expected.w.data, 1e-11, `w after ${step}`);
      allClose(params.b, expected.b.data, 1e-11, `b after ${step}`);
    }
  });
});

describe('schedules agree with PyTorch', () => {
  it.each(schedules.map((s) => [`${s.name} ${JSON.stringify(s.options)}`, s] as const))(
    '%s',
    async (_, { name, value, options, values }) => {
      const make = (optim as unknown as Record<string, (value: number, options: never) => optim.Schedule>)[name];
      const got = await optim.scheduleValues(make(value, options), values.length);
      got.forEach((lr, i) =>
        expect(Math.abs(lr - values[i]), `step ${i}: ${lr}, PyTorch ${values[i]}`).toBeLessThan(2e-6 * value),
      );
    },
  );

  it('join, warm up and stay at their end', async () => {
    const joined = optim.join([optim.constant(1), optim.constant(2), optim.exponential(4, { factor: 0.5 })], [2, 4]);
    expect(await optim.scheduleValues(joined, 7)).toEqual([1, 1, 2, 2, 4, 2, 1]);
    const warm = await optim.scheduleValues(optim.warmupCosine(1, { steps: 10, warmup: 4 }), 14);
    [0, 0.25, 0.5, 0.75, 1].forEach((v, i) => expect(warm[i]).toBeCloseTo(v, 6));
    warm.slice(10).forEach((v) => expect(v).toBeCloseTo(0, 6));
    expect(() => optim.join([optim.constant(1)], [3])).toThrow(/1 schedules need 0 boundaries/);
    expect(() => optim.cosine(1, { steps: 0 })).toThrow(/steps 0 must be a positive integer/);
  });
});

describe('transformations', () => {
  it('a chain with the identity is the transformation itself', async () => {
    const update = async (t: optim.GradientTransformation) => {
      const params = { a: ndarray([1, 2]) };
      return compile((p: { a: Tensor }) => t.update({ a: p.a.mul(3) }, t.init(p), p).updates)(params);
    };
    const plain = await update(optim.sgd({ learningRate: 0.1 }));
    const chained = await update(optim.chain(optim.identity, optim.sgd({ learningRate: 0.1 }), optim.identity));
    expect(toNumbers(chained.a)).toEqual(toNumbers(plain.a));
  });

  it('weight decay spares what the mask leaves out', async () => {
    const t = optim.addDecayedWeights(0.5, (path) => path !== 'bias');
    const got = await compile(
      (p: { weight: Tensor; bias: Tensor }) =>
        t.update({ weight: p.weight.mul(0), bias: p.bias.mul(0) }, {}, p).updates,
    )({ weight: ndarray([2]), bias: ndarray([2]) });
    expect([toNumbers(got.weight), toNumbers(got.bias)]).toEqual([[1], [0]]);
  });

  it('refuse what makes no sense', () => {
    expect(() => optim.sgd({ learningRate: 0.1, nesterov: true })).toThrow(/nesterov needs a momentum/);
    expect(() => optim.adam({ learningRate: 0.1, beta1: 1 })).toThrow(/beta1 1 must lie in \[0, 1\)/);
    expect(() => optim.clipByGlobalNorm(0)).toThrow(/limit 0/);
  });
});
