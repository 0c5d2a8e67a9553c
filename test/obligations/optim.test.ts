import { describe, expect, it } from 'vitest';
import { compile, isNDArray, leavesOf, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import * as optim from '../../src/optim/index.js';
import { random64 } from '../support/derivatives.js';
import { withoutEntry } from './coverage.js';
import { owes } from './differentiable.js';
import { functions } from './optim/functions.js';
import { minimizers, objective, type Params } from './optim/minimizers.js';
import { schedules } from './optim/schedules.js';

type Float = 'float32' | 'float64';
type State = { readonly params: unknown; readonly state: unknown };

const start = (dtype: Float) => ({
  bowl: { wide: ndarray([1, -0.5], { dtype }), long: ndarray([0, 1], { dtype }) },
  line: [ndarray([[0.5]], { dtype }), ndarray(0.5, { dtype })],
});

/** One step of a minimizer as one program. */
const stepper = (minimizer: optim.Minimizer, of: (p: Params) => Tensor = objective) =>
  compile((params: Params, state: unknown) => {
    const step = minimizer.step(of, params, state);
    return { params: step.params, state: step.state, value: step.value };
  }) as unknown as ((params: unknown, state: unknown) => Promise<State & { readonly value: NDArray }>) & {
    stats: ReturnType<typeof compile>['stats'];
  };

/** Where the leaves of a tree stand, their shapes and dtypes. */
const structure = (tree: unknown) =>
  leavesOf<NDArray>(tree).map(({ path, value: { shape, dtype } }) => `${path} ${dtype}[${shape.join()}]`);
const bits = (tree: unknown) => leavesOf<NDArray>(tree).map(({ value }) => toNumbers(value));

const numbers = ['lbfgs', 'strongWolfe', 'scheduleValues'];

describe('every export of cotangent/optim', () => {
  it('has an entry', () => {
    expect(withoutEntry(optim, [minimizers, schedules, functions], numbers)).toEqual([]);
  });
});

describe.each(Object.entries(minimizers))('%s', (_, { make, restless }) => {
  it.each<Float>(['float32', 'float64'])('minimises what is convex in one program a step, in %s', async (dtype) => {
    const minimizer = make();
    const step = stepper(minimizer);
    let now: State = { params: start(dtype), state: minimizer.init(start(dtype)) };
    const [params, state] = [structure(now.params), structure(now.state)];
    expect(leavesOf(now.state).every(({ value }) => isNDArray(value))).toBe(true);
    let value = Infinity;
    for (let i = 0; i < 400; i++) {
      const next = await step(now.params, now.state);
      value = toNumbers(next.value)[0];
      now = next;
    }
    expect(value).toBeLessThan(1e-3);
    expect(structure(now.params)).toEqual(params);
    expect(structure(now.state)).toEqual(state);
    expect(step.stats().map(({ sessions, runs }) => ({ sessions, runs }))).toEqual([{ sessions: 1, runs: 400 }]);
  });

  it('takes the same steps each time, begins alike with arrays and with tensors, and rests where gradients are 0', async () => {
    const minimizer = make();
    const [a, b] = [stepper(minimizer), stepper(make())];
    let [x, y]: State[] = [0, 1].map(() => ({ params: start('float32'), state: minimizer.init(start('float32')) }));
    for (let i = 0; i < 3; i++) [x, y] = [await a(x.params, x.state), await b(y.params, y.state)];
    expect(bits([y.params, y.state])).toEqual(bits([x.params, x.state]));

    const begun = compile((params: Params) => ({ state: minimizer.init(params) as Params }));
    const inGraph = await begun(start('float32') as never);
    const concrete = { state: minimizer.init(start('float32')) };
    expect(structure(inGraph)).toEqual(structure(concrete));
    expect(bits(inGraph)).toEqual(bits(concrete));

    const flat = stepper(minimizer, (p) => objective(p).mul(0));
    let still: State = { params: start('float32'), state: minimizer.init(start('float32')) };
    for (let i = 0; i < 2; i++) still = await flat(still.params, still.state);
    expect(bits([still.params, still.state]).flat().every(Number.isFinite)).toBe(true);
    if (!restless) expect(bits(still.params)).toEqual(bits(start('float32')));
  });
});

describe.each(Object.entries(schedules))('%s', (_, { schedule, at, end }) => {
  it('is finite, float32, of the shape of the steps, and has the values that it promises', async () => {
    const run = compile((steps: Tensor) => schedule(steps));
    const got = await run(ndarray([at.map(([step]) => step)], { dtype: 'int32' }));
    expect([got.shape, got.dtype]).toEqual([[1, at.length], 'float32']);
    at.forEach(([step, value], i) => {
      expect(Math.abs(toNumbers(got)[i] - value), `step ${step}: ${toNumbers(got)[i]}`).toBeLessThan(2e-6 * 3);
    });
    const values = await optim.scheduleValues(schedule, 40);
    expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
    if (end !== undefined) for (const value of values.slice(end)) expect(value).toBe(values[end]);
  });
});

describe('of whole functions', () => {
  const bowl = (x: Tensor, target: Tensor) => x.sub(target).square().sum().add(x.sum().square());
  const target = random64([3]);

  it('lbfgs finds the minimum, the same each time, also where it begins there', async () => {
    const from = ndarray([3, -2, 1], { dtype: 'float64' });
    const [a, b] = [await optim.lbfgs(bowl, from, [target]), await optim.lbfgs(bowl, from, [target])];
    expect(toNumbers(a.x)).toEqual(toNumbers(b.x));
    // x - t + sum x = 0: sum x = sum t / 4.
    const t = toNumbers(target);
    const quarter = t.reduce((s, v) => s + v, 0) / 4;
    toNumbers(a.x).forEach((x, i) => {
      expect(x).toBeCloseTo(t[i] - quarter, 6);
    });
    expect(a.gradient).toBeLessThan(1e-6);
    const again = await optim.lbfgs(bowl, a.x, [target]);
    expect([again.iterations, again.reason]).toEqual([0, 'gradient']);
  });

  it('strongWolfe finds a step that satisfies both conditions, and none where all are higher', async () => {
    const parabola = async (step: number) => ({ step, value: (step - 1) ** 2, slope: 2 * (step - 1) });
    for (const first of [1e-3, 0.5, 10]) {
      const found = await optim.strongWolfe(parabola, await parabola(0), first, { curvature: 0.1 });
      expect(found).toBeDefined();
      const { step, value, slope } = found as Awaited<ReturnType<typeof parabola>>;
      expect(value).toBeLessThanOrEqual(1 - 1e-4 * step * 2);
      expect(Math.abs(slope)).toBeLessThanOrEqual(0.2);
    }
    const rising = async (step: number) => ({ step, value: 1 + step, slope: 1 });
    expect(await optim.strongWolfe(rising, { step: 0, value: 1, slope: -1 }, 1)).toBeUndefined();
  });
});

for (const [name, example] of Object.entries(functions)) owes(name, example);
