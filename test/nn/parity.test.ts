import { describe, expect, it } from 'vitest';
import { compile, grad, leavesOf, merge, type NDArray, partition, type Tensor } from '../../src/index.js';
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
