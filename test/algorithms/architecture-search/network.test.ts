import { describe, expect, it } from 'vitest';
import {
  type Architecture,
  auxiliaryHead,
  type ByCell,
  dartsOperations,
  dropPath,
  type Genotype,
  genotypeNetwork,
  genotypeOf,
  searchNetwork,
  unrolledGradient,
} from '../../../src/algorithms/index.js';
import {
  castArray,
  compile,
  grad,
  leavesOf,
  mapTree,
  merge,
  type NDArray,
  ndarray,
  partition,
  type Tensor,
  toNumbers,
  zeros,
} from '../../../src/index.js';
import { crossEntropy } from '../../../src/losses/index.js';
import { Context, isBuffer, type Symbolic, type Variables } from '../../../src/nn/index.js';
import { key, uniform } from '../../../src/runtime/random/index.js';
import { allClose, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

interface OperationCase {
  readonly name: string;
  readonly stride: number;
  readonly before: Readonly<Record<string, GoldenArray>>;
  readonly after: Readonly<Record<string, GoldenArray>>;
  readonly x: GoldenArray;
  readonly cotangent: GoldenArray;
  readonly output: GoldenArray;
  readonly gradients: Readonly<Record<string, GoldenArray>>;
}
interface FoundCase {
  readonly genotypes: ByCell<Genotype>;
  readonly parameters: readonly string[];
  readonly logits: GoldenArray;
  readonly auxiliary: GoldenArray;
  readonly gradients: Readonly<Record<string, GoldenArray>>;
}
const { operations, found, searched } = golden<{
  operations: OperationCase[];
  found: FoundCase;
  searched: Pick<FoundCase, 'parameters' | 'logits'>;
}>('architecture');

/** Variables in float64, the parameters drawn by their places in the order of their names, of which there must be these. */
function drawn(start: Variables, names: readonly string[]): Variables {
  const parameters = leavesOf<NDArray>(start)
    .map(({ path }) => path)
    .filter((path) => !isBuffer(path));
  expect(parameters.sort()).toEqual(names);
  return mapTree(start, (leaf: NDArray, path) => {
    if (!isBuffer(path)) return random64(leaf.shape, { stream: 2000 + names.indexOf(path), low: -0.5, high: 0.5 });
    return leaf.dtype === 'float32' ? castArray(leaf, 'float64') : leaf;
  }) as Variables;
}

describe('dartsOperations', () => {
  it.each(operations.map((c) => [`${c.name}, stride ${c.stride}`, c] as const))(
    'are those of PyTorch: %s',
    async (_, c) => {
      const layer = dartsOperations()[c.name](4, c.stride);
      const start = layer.init(key(0));
      expect(
        leavesOf(start)
          .map(({ path }) => path)
          .sort(),
      ).toEqual(Object.keys(c.before).sort());
      const variables = mapTree(start, (leaf: NDArray, path) => fromGolden(c.before[path], leaf.dtype)) as Variables;
      const run = compile((all: Symbolic<Variables>, x: Tensor, u: Tensor) => {
        const [buffers, parameters] = partition(all, isBuffer);
        const output = (p: Symbolic<Variables>, input: Tensor, context = new Context({ training: true })) =>
          layer.apply(merge(p, buffers), input, context);
        const context = new Context({ training: true });
        const [forParameters, forX] = grad(([p, input]: readonly [Symbolic<Variables>, Tensor]) =>
          output(p, input).mul(u).sum(),
        )([parameters, x]);
        return { output: output(parameters, x, context), after: context.updated(buffers), forParameters, forX };
      });
      const got = await run(variables as never, fromGolden(c.x, 'float32'), fromGolden(c.cotangent, 'float32'));
      expect((got.output as NDArray).shape).toEqual(c.output.shape);
      allClose(got.output as NDArray, c.output.data, 2e-5, 'output');
      allClose(got.forX as NDArray, c.gradients.x.data, 2e-4, 'gradient of x');
      for (const { path, value } of leavesOf<NDArray>(got.forParameters))
        allClose(value, c.gradients[path].data, 2e-4, `gradient of ${path}`);
      for (const { path, value } of leavesOf<NDArray>(got.after)) allClose(value, c.after[path].data, 1e-5, path);
    },
  );
});

describe('genotypeNetwork', () => {
  it('is the published network in PyTorch, with its auxiliary head: no normalisation behind pooling', async () => {
    const network = genotypeNetwork(found.genotypes, { classes: 3, channels: 2, layers: 4, auxiliary: true });
    const variables = drawn(network.init(key(0)), found.parameters);
    const run = compile((all: Symbolic<Variables>, x: Tensor, u: Tensor, v: Tensor) => {
      const [buffers, weights] = partition(all, isBuffer);
      const both = (w: Symbolic<Variables>) =>
        network.applyWithAuxiliary(merge(w, buffers), x, new Context({ training: true }));
      const gradient = grad((w: Symbolic<Variables>) => {
        const { logits, auxiliary } = both(w);
        return logits.mul(u).sum().add(auxiliary.mul(v).sum());
      })(weights);
      return { ...both(weights), alone: network.apply(all, x, new Context({ training: true })), gradient };
    });
    const [u, v] = [900, 901].map((stream) => random64([4, 3], { stream, low: 0.5, high: 1.5 }));
    const got = await run(variables as never, random64([4, 3, 32, 32], { stream: 1999 }), u, v);
    allClose(got.logits as NDArray, found.logits.data, 1e-9, 'logits');
    allClose(got.alone as NDArray, found.logits.data, 1e-9, 'logits without the head');
    allClose(got.auxiliary as NDArray, found.auxiliary.data, 1e-9, 'logits of the auxiliary head');
    const gradients = new Map(leavesOf<NDArray>(got.gradient).map(({ path, value }) => [path, value]));
    for (const [path, { data }] of Object.entries(found.gradients))
      allClose(gradients.get(path) as NDArray, data, 1e-7, `gradient of ${path}`);
  });

  it('drops skip connections that halve the resolution, and never the identity', async () => {
    const [identity, none] = [[[{ input: 0, operation: 'skip_connect' }]], [[{ input: 0, operation: 'none' }]]];
    const changed = async (reduction: Genotype, layers: number) => {
      const network = (pathDropout: number) =>
        genotypeNetwork({ normal: identity, reduction }, { classes: 3, inputs: 1, channels: 2, layers, pathDropout });
      const variables = network(0).init(key(0));
      const [whole, dropped] = await compile((all: Symbolic<Variables>, x: Tensor, k: Tensor) =>
        [0, 0.9].map((p) => network(p).apply(all, x, new Context({ training: true, key: k }))),
      )(variables as never, uniform(key(1), [6, 1, 16, 16]), key(2));
      expect(new Set(toNumbers(whole)).size).toBeGreaterThan(3);
      return toNumbers(dropped).some((z, i) => z !== toNumbers(whole)[i]);
    };
    // The cells before the last but one, and so on, keep the resolution; of two cells both halve it.
    expect(await changed(none, 5)).toBe(false);
    expect(await changed(identity, 2)).toBe(true);
  });

  it('refuses maps that its auxiliary head does not fit, and to apply one that it lacks', () => {
    expect(() => auxiliaryHead(4, 3).apply({}, zeros([1, 4, 4, 4]), new Context())).toThrow(
      /auxiliaryHead: x \[1, 4, 4, 4\] must be \[n, 4, 8, 8\], sides from 8 to 10/,
    );
    const network = genotypeNetwork(found.genotypes, { classes: 3, channels: 2, layers: 3 });
    expect(() => network.applyWithAuxiliary({}, zeros([1, 3, 32, 32]), new Context())).toThrow(
      /applyWithAuxiliary needs a network with `auxiliary`/,
    );
  });
});

describe('dropPath', () => {
  it('drops whole examples in training, and keeps the mean', async () => {
    const x = ndarray(new Float32Array(3000).fill(1), { shape: [1000, 3] });
    const [dropped, same] = await compile((x: Tensor, k: Tensor) => [
      dropPath(x, 0.25, new Context({ training: true, key: k })),
      dropPath(x, 0.25, new Context()),
    ])(x, key(0));
    const rows = toNumbers(dropped);
    for (let i = 0; i < 1000; i++) expect(new Set(rows.slice(3 * i, 3 * i + 3)).size).toBe(1);
    expect([...new Set(rows)].sort()[0]).toBe(0);
    const mean = rows.reduce((a, b) => a + b) / 3000;
    // Five deviations of the mean of a thousand.
    expect(Math.abs(mean - 1)).toBeLessThan(5 * Math.sqrt(1 / 3 / 1000));
    expect(toNumbers(same)).toEqual(toNumbers(x));
    expect(() => dropPath(x as never, 1, new Context())).toThrow(/dropPath: probability 1 must be/);
  });
});

describe('networks of cells', () => {
  it('search as the published one in PyTorch', async () => {
    const network = searchNetwork({ classes: 3, channels: 2, layers: 3, nodes: 2 });
    const logits = await compile((all: Symbolic<Variables>, a: Architecture, x: Tensor) =>
      network.apply(all, a, x, new Context({ training: true })),
    )(
      drawn(network.init(key(0)), searched.parameters) as never,
      { normal: random64([5, 8], { stream: 1997 }), reduction: random64([5, 8], { stream: 1998 }) } as never,
      random64([4, 3, 8, 8], { stream: 1999 }),
    );
    allClose(logits, searched.logits.data, 1e-10, 'logits');
  });

  it('have as many parameters as the published ones, at their default sizes', () => {
    const count = (all: Variables) =>
      leavesOf<NDArray>(partition(all, isBuffer)[1]).reduce((n, { value }) => n + value.data.length, 0);
    const search = searchNetwork({ classes: 10 });
    expect(search.initArchitecture(key(0)).reduction.shape).toEqual([14, 8]);
    expect(count(search.init(key(0)))).toBe(1_930_618);
    // The cells that the paper found at second order, DARTS_V2 of its code; two edges into each of four nodes.
    const cell = (...edges: string[]): Genotype =>
      [0, 2, 4, 6].map((i) =>
        edges.slice(i, i + 2).map((edge) => ({ input: Number(edge.slice(-1)), operation: edge.slice(0, -2) })),
      );
    const [sep, skip, pool] = ['sep_conv_3x3', 'skip_connect', 'max_pool_3x3'];
    const normal = cell(
      ...[`${sep} 0`, `${sep} 1`, `${sep} 0`, `${sep} 1`, `${sep} 1`, `${skip} 0`, `${skip} 0`, 'dil_conv_3x3 2'],
    );
    const reduction = cell(
      ...[`${pool} 0`, `${pool} 1`, `${skip} 2`, `${pool} 1`, `${pool} 0`, `${skip} 2`, `${skip} 2`, `${pool} 1`],
    );
    const { auxiliary, ...rest } = genotypeNetwork({ normal, reduction }, { classes: 10, auxiliary: true }).init(
      key(0),
    );
    expect(count(rest)).toBe(3_349_342);
    expect(count(auxiliary as Variables)).toBe(476_426);
  });

  const options = { classes: 3, inputs: 1, channels: 2, layers: 3, nodes: 1 };

  it('search: have an architecture of either kind, and its exact second-order gradient', async () => {
    expect(searchNetwork(options).operations).toEqual(Object.keys(dartsOperations()));
    const { none, skip_connect, dil_conv_3x3 } = dartsOperations();
    const network = searchNetwork({ ...options, candidates: { none, skip_connect, dil_conv_3x3 } });
    const variables = network.init(key(0));
    const architecture = network.initArchitecture(key(1));
    expect(architecture.normal.shape).toEqual([2, 3]);
    const run = compile((all: Symbolic<Variables>, a: Architecture, x: Tensor, y: Tensor) => {
      const [buffers, weights] = partition(all, isBuffer);
      const loss = (w: Symbolic<Variables>, b: Architecture) => {
        const logits = network.apply(merge(w, buffers), b, x, new Context({ training: true }));
        return crossEntropy(logits, y);
      };
      const [value, gradient] = unrolledGradient({ training: loss, validation: loss }, weights, a, { rate: 0.01 });
      return { value, gradient, logits: network.apply(all, a, x, new Context({ training: true })) };
    });
    const x = uniform(key(2), [4, 1, 8, 8]);
    const got = await run(variables as never, architecture as never, x, ndarray(Int32Array.of(0, 1, 2, 1)));
    expect((got.logits as NDArray).shape).toEqual([4, 3]);
    expect(toNumbers(got.value as NDArray)[0]).toBeLessThan(Math.log(3) * 2);
    for (const kind of ['normal', 'reduction'] as const) {
      const rows = toNumbers(got.gradient[kind] as NDArray);
      for (let edge = 0; edge < 2; edge++) {
        const row = rows.slice(3 * edge, 3 * edge + 3);
        // Shares of an edge sum to 1, whatever moves them.
        expect(Math.abs(row.reduce((a, b) => a + b))).toBeLessThan(1e-5);
        expect(Math.max(...row.map(Math.abs))).toBeGreaterThan(1e-6);
      }
    }
  });

  it('found: are made of the strongest operations, and train', async () => {
    const network = searchNetwork(options);
    const { normal, reduction } = network.initArchitecture(key(3));
    const genotypes = {
      normal: genotypeOf(normal, { operations: network.operations }),
      reduction: genotypeOf(reduction, { operations: network.operations }),
    };
    const model = genotypeNetwork(genotypes, { classes: 3, inputs: 1, channels: 2, layers: 3, pathDropout: 0.2 });
    const variables = model.init(key(4));
    const { cells } = variables as { cells: Record<string, { edges?: Record<string, object> }> };
    for (const [i, { edges = {} }] of Object.entries(cells)) {
      const genotype = i === '1' || i === '2' ? genotypes.reduction : genotypes.normal;
      for (const [name, operation] of Object.entries(edges)) {
        const [node, k] = name.split('_').map(Number);
        expect(Object.keys(operation)).toEqual([genotype[node][k].operation]);
      }
    }
    const [trained, evaluated] = await compile((v: Symbolic<Variables>, x: Tensor, k: Tensor) => [
      model.apply(v, x, new Context({ training: true, key: k })),
      model.apply(v, x, new Context()),
    ])(variables as never, uniform(key(2), [4, 1, 8, 8]), key(5));
    for (const logits of [trained, evaluated]) {
      expect(logits.shape).toEqual([4, 3]);
      expect(toNumbers(logits).every(Number.isFinite)).toBe(true);
    }
  });
});
