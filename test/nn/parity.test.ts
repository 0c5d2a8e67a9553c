import { describe, expect, it } from 'vitest';
import { compile, grad, leavesOf, merge, type NDArray, partition, type Tensor, toNumbers } from '../../src/index.js';
import * as nn from '../../src/nn/index.js';
import { Context, isBuffer, type Layer, type Symbolic, type Variables } from '../../src/nn/index.js';
import { key } from '../../src/runtime/random/index.js';
import { allClose, numbers } from '../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../support/golden.js';
import { nested } from './variables.js';

interface LayerCase {
  readonly name: string;
  readonly arguments: readonly unknown[];
  readonly integer: boolean;
  readonly variables: Readonly<Record<string, GoldenArray>>;
  readonly steps: readonly {
    readonly mode: 'train' | 'eval';
    readonly x: GoldenArray;
    readonly cotangent: GoldenArray;
    readonly output: GoldenArray;
    readonly gradients: Readonly<Record<string, GoldenArray>>;
    readonly after: Readonly<Record<string, GoldenArray>>;
  }[];
}

type Make = (...options: unknown[]) => Layer<Variables>;
const makers = nn as unknown as Record<string, Make>;

const leaf = (path: string, array: GoldenArray): [string, NDArray] => [
  path,
  fromGolden(array, path.endsWith('num_batches_tracked') ? 'int64' : 'float64'),
];
const tree = (flat: LayerCase['variables']): Variables =>
  nested(Object.fromEntries(Object.entries(flat).map(([path, array]) => leaf(path, array))));

/** Output, gradients of the parameters and of a float input, and variables after one application. */
function program(layer: Layer<Variables>, training: boolean, integer: boolean) {
  return compile((variables: Symbolic<Variables>, x: Tensor, cotangent: Tensor) => {
    const [buffers, parameters] = partition(variables, (path) => isBuffer(path));
    const apply = (p: Symbolic<Variables>, input: Tensor) => {
      const context = new Context({ training });
      return { y: layer.apply(merge(p, buffers), input, context), after: context.updated(merge(p, buffers)) };
    };
    const form = (p: Symbolic<Variables>, input: Tensor) => apply(p, input).y.mul(cotangent).sum();
    return {
      ...apply(parameters, x),
      gradients: grad((p: Symbolic<Variables>) => form(p, x))(parameters),
      input: integer ? cotangent : grad((input: Tensor) => form(parameters, input))(x),
    };
  });
}

function compare(actual: Variables, expected: LayerCase['variables'], what: string): void {
  const leaves = leavesOf<NDArray>(actual);
  expect(leaves.map(({ path }) => path).sort()).toEqual(Object.keys(expected).sort());
  for (const { path, value } of leaves) {
    expect(value.shape, `${what} ${path}`).toEqual(expected[path].shape);
    allClose(value, expected[path].data, 1e-10, `${what} ${path}`);
  }
}

describe('layers agree with PyTorch', () => {
  const { cases } = golden<{ cases: LayerCase[] }>('layers');
  it.each(cases.map((c) => [`${c.name} ${JSON.stringify(c.arguments)}`, c] as const))('%s', async (_, c) => {
    const layer = makers[c.name](...c.arguments);
    expect(
      leavesOf<NDArray>(layer.init(key(0)))
        .map(({ path, value }) => [path, value.shape])
        .sort(),
    ).toEqual(
      Object.entries(c.variables)
        .map(([path, { shape }]) => [path, shape])
        .sort(),
    );
    let variables = tree(c.variables);
    for (const step of c.steps) {
      const run = program(layer, step.mode === 'train', c.integer);
      const x = fromGolden(step.x, c.integer ? 'int32' : 'float64');
      const got = await run(variables, x, fromGolden(step.cotangent));
      const { input, ...parameters } = step.gradients;
      expect(got.y.shape).toEqual(step.output.shape);
      allClose(got.y, step.output.data, 1e-10, `${step.mode} output`);
      compare(got.gradients as Variables, parameters, `${step.mode} gradient of`);
      if (input) allClose(got.input, input.data, 1e-10, `${step.mode} gradient of the input`);
      compare(got.after as Variables, step.after, `after ${step.mode}:`);
      variables = got.after as Variables;
      await run.release();
    }
  });
});

interface NormedCase {
  readonly variables: LayerCase['variables'];
  readonly x: GoldenArray;
  readonly cotangent: GoldenArray;
  readonly output: GoldenArray;
  readonly gradients: LayerCase['variables'];
}

interface CrossCase extends Omit<NormedCase, 'cotangent'> {
  readonly memory: GoldenArray;
  readonly cotangents: readonly [GoldenArray, GoldenArray];
  readonly weights: GoldenArray;
}

describe('layers of another form agree with PyTorch', () => {
  const cases = golden<{ weightNorm: NormedCase; crossAttention: CrossCase }>('layers');

  it('weight normalisation', async () => {
    const { variables, x, cotangent, output, gradients } = cases.weightNorm;
    const layer = nn.weightNorm(nn.conv1d(3, 4, 2));
    const initial = layer.init(key(0));
    expect(
      leavesOf(initial)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(Object.keys(variables).sort());
    const got = await program(layer, true, false)(tree(variables), fromGolden(x), fromGolden(cotangent));
    const { input, ...parameters } = gradients;
    allClose(got.y, output.data, 1e-12, 'output');
    compare(got.gradients as Variables, parameters, 'gradient of');
    allClose(got.input, input.data, 1e-12, 'gradient of the input');
    // It begins as the layer that it wraps.
    const same = compile((a: Symbolic<Variables>, b: Symbolic<Variables>, x: Tensor) => [
      layer.apply(a as never, x, new Context()),
      nn.conv1d(3, 4, 2).apply(b as never, x, new Context()),
    ]);
    const { weight } = initial.parametrizations;
    const single = { ...fromGolden(x, 'float32') };
    const [a, b] = await same(initial, { weight: weight.original1, bias: initial.bias } as Variables, single);
    allClose(a, toNumbers(b), 1e-6, 'wrapped layer');
    expect(() => nn.weightNorm(nn.reluLayer).init(key(0))).toThrow(/no variable called weight/);
  });

  it('attention to another sequence, with its weights', async () => {
    const c = cases.crossAttention;
    const layer = nn.crossAttention(6, 2);
    const run = compile(
      (arguments_: { variables: Symbolic<Variables>; x: Tensor; memory: Tensor }, co: Tensor, cw: Tensor) => {
        const apply = ({ variables, x, memory }: typeof arguments_) => layer.apply(variables as never, x, memory);
        const form = (all: typeof arguments_) => {
          const { output, weights } = apply(all);
          return output.mul(co).sum().add(weights.mul(cw).sum());
        };
        return { ...apply(arguments_), gradients: grad(form)(arguments_) };
      },
    );
    const { variables, x, memory } = { variables: tree(c.variables), x: fromGolden(c.x), memory: fromGolden(c.memory) };
    const got = await run({ variables, x, memory }, fromGolden(c.cotangents[0]), fromGolden(c.cotangents[1]));
    allClose(got.output, c.output.data, 1e-12, 'output');
    expect(got.weights.shape).toEqual([2, 2, 3, 5]);
    allClose(got.weights, c.weights.data, 1e-12, 'weights');
    const { x: gx, memory: gm, ...parameters } = c.gradients;
    compare(got.gradients.variables as Variables, parameters, 'gradient of');
    allClose(got.gradients.x, gx.data, 1e-12, 'gradient of x');
    allClose(got.gradients.memory, gm.data, 1e-12, 'gradient of the memory');
  });
});

interface ModelCase {
  readonly name: string;
  readonly options: object;
  readonly size: number;
  readonly channels: number;
  readonly output: GoldenArray;
  readonly parameters: number;
  readonly variables: Readonly<Record<string, readonly number[]>>;
}

/** The weights that tools/golden/models.py fills models with: parameter `j` of the state_dict. */
function filled(path: string, shape: readonly number[], j: number): NDArray {
  const size = shape.reduce((product, n) => product * n, 1);
  const bound = Math.sqrt(6 / (size / shape[0]));
  const [low, high] =
    path.endsWith('running_mean') || path.endsWith('bias')
      ? [-0.1, 0.1]
      : path.endsWith('running_var') || shape.length === 1
        ? [0.5, 1.5]
        : [-bound, bound];
  return { data: Float32Array.from(numbers(j, size, low, high)), shape, dtype: 'float32' };
}

describe('models agree with PyTorch', () => {
  const { cases } = golden<{ cases: ModelCase[] }>('models');
  it.each(cases.map((c) => [`${c.name} ${JSON.stringify(c.options)}`, c] as const))('%s', async (_, c) => {
    const model = makers[c.name](c.options);
    const initial = leavesOf<NDArray>(model.init(key(0)));
    const counters = initial.filter(({ path }) => path.endsWith('num_batches_tracked'));
    const others = initial.filter(({ path }) => !path.endsWith('num_batches_tracked'));
    expect(Object.fromEntries(others.map(({ path, value }) => [path, value.shape]))).toEqual(c.variables);
    const parameters = initial.filter(({ path }) => !isBuffer(path));
    expect(parameters.reduce((total, { value }) => total + value.data.length, 0)).toBe(c.parameters);

    const leaves = Object.entries(c.variables).map(([path, shape], j) => [path, filled(path, shape, j)] as const);
    const variables = nested({
      ...Object.fromEntries(leaves),
      ...Object.fromEntries(counters.map(({ path, value }) => [path, value])),
    });
    const run = compile((p: Symbolic<Variables>, x: Tensor) => model.apply(p, x, new Context()));
    const shape = [2, c.channels, c.size, c.size];
    const pixels = Float32Array.from(
      numbers(
        1000,
        shape.reduce((product, n) => product * n),
      ),
    );
    const logits = await run(variables, { data: pixels, shape, dtype: 'float32' });
    const scale = Math.max(...c.output.data.map(Math.abs));
    expect(logits.shape).toEqual(c.output.shape);
    const relative = Float64Array.from(logits.data as Float32Array, (value) => value / scale);
    allClose(
      { data: relative, shape: logits.shape, dtype: 'float64' },
      c.output.data.map((value) => value / scale),
      1e-5,
      'logits over the largest',
    );
    await run.release();
  });
});
