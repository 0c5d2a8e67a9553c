import { describe, expect, it } from 'vitest';
import { importOnnx, OnnxImportError } from '../../src/import/index.js';
import { compile, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { batchNorm, Context, type Symbolic } from '../../src/nn/index.js';
import { key } from '../../src/runtime/random/index.js';
import { numbers } from '../support/numbers.js';
import { graph, modelFile, node, tensor, value } from '../support/onnx-model.js';

type Weights = Record<string, Tensor>;

const float32 = (stream: number, shape: number[], low = -1, high = 1): NDArray<'float32'> =>
  ndarray(
    Float32Array.from(
      numbers(
        stream,
        shape.reduce((a, b) => a * b, 1),
        low,
        high,
      ),
    ),
    { shape },
  );
const int64 = (...values: number[]): NDArray => ndarray(BigInt64Array.from(values, BigInt));

/** relu(x W + b), [batch, steps, 3] to [batch, steps * 2] by what it computes of the shape. */
const dynamic = modelFile({
  inputs: [value('x', 'float32', ['batch', 'steps', 3])],
  outputs: [value('flat', 'float32', ['batch', 'width'])],
  nodes: [
    node('MatMul', ['x', 'w'], ['product'], {}, { name: '/dense/MatMul' }),
    node('Add', ['product', 'b'], ['sum'], {}, { name: '/dense/Add' }),
    node('Relu', ['sum'], ['active'], {}, { name: '/act/Relu' }),
    node('Shape', ['active'], ['shape']),
    node('Gather', ['shape', 'zero'], ['n'], { axis: 0 }),
    node('Unsqueeze', ['n', 'axes'], ['n1']),
    node('Concat', ['n1', 'rest'], ['target'], { axis: 0 }),
    node('Reshape', ['active', 'target'], ['flat']),
  ],
  initializers: [
    tensor('w', float32(1, [3, 2])),
    tensor('b', float32(2, [2])),
    tensor('zero', ndarray(BigInt64Array.of(0n), { shape: [] })),
    tensor('axes', int64(0)),
    tensor('rest', int64(-1)),
  ],
});

async function applied(bytes: Uint8Array, x: NDArray | Record<string, NDArray>): Promise<NDArray> {
  const model = importOnnx(bytes);
  const program = compile((w: Weights, input: Tensor | Weights) => model.apply(w, input));
  const y = await program(model.init(), x as never);
  await program.release();
  return y;
}

describe('importOnnx', () => {
  it('says what a model takes, makes and carries', () => {
    const model = importOnnx(dynamic);
    expect(model.name).toBe('test');
    expect(model.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['batch', 'steps', 3] }]);
    expect(model.outputs).toEqual([{ name: 'flat', dtype: 'float32', shape: ['batch', 'width'] }]);
    expect(model.parameters).toEqual(['w', 'b']);
    expect(model.buffers).toEqual([]);
    expect(model.nodes[2]).toEqual({ name: '/act/Relu', type: 'Relu', inputs: ['sum'], outputs: ['active'] });
    expect(new Set(model.nodes.map((n) => n.name)).size).toBe(8);
  });

  it('binds dynamic dimensions when it is applied', async () => {
    expect((await applied(dynamic, float32(3, [2, 4, 3]))).shape).toEqual([2, 8]);
    expect((await applied(dynamic, float32(3, [5, 1, 3]))).shape).toEqual([5, 2]);
  });

  it('gives fresh arrays of the weights', () => {
    const model = importOnnx(dynamic);
    const first = model.init();
    expect(first).toEqual({ w: float32(1, [3, 2]), b: float32(2, [2]) });
    (first['w'].data as Float32Array).fill(0);
    expect(model.init()['w']).toEqual(float32(1, [3, 2]));
  });

  it('gives intermediate values by their name or that of their node', async () => {
    const model = importOnnx(dynamic);
    const program = compile((w: Weights, x: Tensor) => model.outputsOf(w, x, undefined, ['/act/Relu', 'sum', 'w']));
    const made = await program(model.init(), float32(3, [2, 4, 3]));
    expect(Object.keys(made)).toEqual(['/act/Relu', 'sum', 'w']);
    expect(toNumbers(made['/act/Relu'])).toEqual(toNumbers(made['sum']).map((v) => Math.max(v, 0)));
    expect(made['w'].shape).toEqual([3, 2]);
    expect(() =>
      compile((w: Weights, x: Tensor) => model.outputsOf(w, x, undefined, ['none'])).toOnnx(
        model.init(),
        float32(3, [2, 4, 3]),
      ),
    ).toThrow("test has no value and no node 'none'");
  });

  it.each<[string, NDArray | Record<string, NDArray>, string]>([
    ['another rank', float32(1, [2, 3]), "test: the input 'x' float32[2, 3] must have the shape [batch, steps, 3]"],
    [
      'another length',
      float32(1, [2, 4, 5]),
      "test: the input 'x' float32[2, 4, 5] must have the shape [batch, steps, 3]",
    ],
    [
      'another dtype',
      ndarray(new Int32Array(24), { shape: [2, 4, 3] }),
      "test: the input 'x' int32[2, 4, 3] must be float32",
    ],
    ['another name', { x: float32(1, [2, 4, 3]), y: float32(1, [1]) }, "test has no input 'y', but 'x'"],
    ['nothing', {}, "test: the input 'x' is missing"],
  ])('refuses inputs of %s', async (_, x, message) => {
    await expect(applied(dynamic, x)).rejects.toThrow(message);
  });

  it('refuses two lengths for one name', async () => {
    const bytes = modelFile({
      inputs: [value('a', 'float32', ['n']), value('b', 'float32', ['n'])],
      outputs: [value('y')],
      nodes: [node('Add', ['a', 'b'], ['y'])],
    });
    await expect(applied(bytes, { a: float32(1, [3]), b: float32(1, [1]) })).rejects.toThrow(
      "the input 'b' float32[1] has 1 for n, which another axis of [n] or of another input makes 3",
    );
    await expect(applied(bytes, float32(1, [3]))).rejects.toThrow("test has 2 inputs; give them by name: 'a', 'b'");
  });

  it('refuses variables that are missing or do not fit', () => {
    const model = importOnnx(dynamic);
    const program = compile((w: Weights, x: Tensor) => model.apply(w, x));
    expect(() => program.toOnnx({}, float32(1, [2, 4, 3]))).toThrow("the variable 'w' is missing");
    expect(() => program.toOnnx({ w: float32(1, [2, 3]), b: float32(1, [2]) }, float32(1, [2, 4, 3]))).toThrow(
      "the variable 'w' float32[2, 3] must be float32[3, 2]",
    );
  });

  it('names every operator that is not supported, with its nodes, before anything runs', () => {
    const bytes = modelFile({
      inputs: [value('x', 'float32', [2])],
      outputs: [value('y')],
      nodes: [
        node('BitCast', ['x'], ['a'], {}, { name: 'first' }),
        node('Fused', ['a'], ['b'], {}, { name: 'second', domain: 'my.domain' }),
        node('BitCast', ['b'], ['y']),
      ],
    });
    expect(() => importOnnx(bytes)).toThrow(OnnxImportError);
    expect(() => importOnnx(bytes)).toThrow(
      "importOnnx: operators that are not supported: BitCast at 'first', 'BitCast_0'; my.domain.Fused at 'second'",
    );
  });

  it('names the node whose inputs do not fit', async () => {
    const bytes = modelFile({
      inputs: [value('x', 'float32')],
      outputs: [value('y')],
      nodes: [node('MatMul', ['x', 'x'], ['y'], {}, { name: '/dense/MatMul' })],
    });
    await expect(applied(bytes, float32(1, [2, 3]))).rejects.toThrow(
      "node '/dense/MatMul' (MatMul): matmul: x [2, 3] and y [2, 3] differ in the inner dimension",
    );
  });

  it('names the input that must be known where a shape depends on values', async () => {
    const bytes = modelFile({
      inputs: [value('x', 'float32', [4]), value('shape', 'int64', [2])],
      outputs: [value('y')],
      nodes: [node('Reshape', ['x', 'shape'], ['y'])],
    });
    await expect(applied(bytes, { x: float32(1, [4]), shape: int64(2, 2) })).rejects.toThrow(
      "node 'Reshape_0' (Reshape): input 1 ('shape') must be known when the graph is traced",
    );
  });

  it('takes as weights what a gradient reaches, and as constants what steers or masks', () => {
    const mask = ndarray([
      [0, -1e9],
      [0, 0],
    ]);
    const bytes = modelFile({
      inputs: [value('x', 'float32', [2, 2]), value('t', 'float32', [2, 1])],
      outputs: [value('y'), value('largest', 'int64')],
      nodes: [
        node('MatMul', ['x', 'weight'], ['scores']),
        node('Div', ['scores', 'onnx::Div_4'], ['scaled']),
        node('Mul', ['scaled', 'logit_scale'], ['sharp']),
        node('Add', ['sharp', 'mask'], ['masked']),
        node('Softmax', ['masked'], ['p']),
        node('Clip', ['p', 'low', 'high'], ['clipped']),
        node('Pow', ['clipped', 'exponent'], ['powered']),
        node('MatMul', ['t', 'frequencies'], ['angles']),
        node('Sin', ['angles'], ['position']),
        node('Add', ['powered', 'position'], ['y']),
        node('MatMul', ['x', 'unreached'], ['other']),
        node('ArgMax', ['other'], ['largest']),
      ],
      initializers: [
        tensor('weight', float32(1, [2, 2])),
        tensor('onnx::Div_4', ndarray(Float32Array.of(8), { shape: [] })),
        tensor('logit_scale', ndarray(Float32Array.of(2), { shape: [] })),
        tensor('mask', mask),
        tensor('low', ndarray(Float32Array.of(0.1), { shape: [] })),
        tensor('high', ndarray(Float32Array.of(0.9), { shape: [] })),
        tensor('exponent', ndarray(Float32Array.of(3), { shape: [] })),
        tensor('frequencies', float32(2, [1, 2])),
        tensor('unreached', float32(3, [2, 2])),
      ],
    });
    expect(importOnnx(bytes).parameters).toEqual(['weight', 'logit_scale']);
  });

  it('takes a shared weight once', async () => {
    const bytes = modelFile({
      inputs: [value('x', 'float32', [2])],
      outputs: [value('y')],
      nodes: [node('Mul', ['x', 'w'], ['a']), node('Mul', ['a', 'w'], ['y'])],
      initializers: [tensor('w', ndarray([2, 3]))],
    });
    const model = importOnnx(bytes);
    expect(model.parameters).toEqual(['w']);
    const program = compile((w: Weights, x: Tensor) => grad((v: Weights) => model.apply(v, x).sum())(w));
    expect(toNumbers((await program(model.init(), ndarray([1, 1])))['w'])).toEqual([4, 6]);
  });

  it('calls functions of the model in place, and branches and loops by what is known', async () => {
    const counted = graph({
      inputs: [value('i', 'int64', []), value('go', 'bool', []), value('state')],
      outputs: [value('go_on', 'bool'), value('next'), value('kept')],
      nodes: [
        node('Identity', ['go'], ['go_on']),
        node('Mul', ['state', 'factor'], ['next']),
        node('Identity', ['next'], ['kept']),
      ],
    });
    const branch = (name: string, type: string) =>
      graph({ outputs: [value(name)], nodes: [node(type, ['x'], [name])] });
    const bytes = modelFile({
      inputs: [value('x', 'float32', ['n'])],
      outputs: [value('last'), value('all'), value('chosen')],
      nodes: [
        node('Size', ['x'], ['size']),
        node('Less', ['size', 'three'], ['short']),
        node('If', ['short'], ['chosen'], {
          then_branch: branch('negative', 'Neg'),
          else_branch: branch('root', 'Abs'),
        }),
        node('Loop', ['size', '', 'x'], ['last', 'all'], { body: counted }),
      ],
      initializers: [
        tensor('three', ndarray(BigInt64Array.of(3n), { shape: [] })),
        tensor('factor', ndarray(Float32Array.of(2), { shape: [] })),
      ],
    });
    const model = importOnnx(bytes);
    const program = compile((w: Weights, x: Tensor) => model.outputsOf(w, x));
    const two = await program(model.init(), ndarray([1, -1]));
    expect(toNumbers(two['last'])).toEqual([4, -4]);
    expect(two['all'].shape).toEqual([2, 2]);
    expect(toNumbers(two['chosen'])).toEqual([-1, 1]);
    const three = await program(model.init(), ndarray([1, -1, 2]));
    expect(toNumbers(three['last'])).toEqual([8, -8, 16]);
    expect(toNumbers(three['chosen'])).toEqual([1, 1, 2]);
  });
});

describe('an imported model in training', () => {
  const x = float32(7, [4, 3, 2]);
  const statistics = ['weight', 'bias', 'running_mean', 'running_var'] as const;
  const arrays = {
    weight: float32(1, [3]),
    bias: float32(2, [3]),
    running_mean: float32(3, [3]),
    running_var: float32(4, [3], 0.5, 1.5),
  };
  const bytes = modelFile({
    inputs: [value('x', 'float32', ['n', 3, 2])],
    outputs: [value('y')],
    nodes: [node('BatchNormalization', ['x', ...statistics.map((name) => `bn.${name}`)], ['y'], { momentum: 0.75 })],
    initializers: statistics.map((name) => tensor(`bn.${name}`, arrays[name])),
  });

  it('normalises by the batch and moves the running statistics as the layer of that kind here', async () => {
    const model = importOnnx(bytes);
    expect(model.parameters).toEqual(['bn.weight', 'bn.bias']);
    expect(model.buffers).toEqual(['bn.running_mean', 'bn.running_var']);
    // ONNX's momentum is what stays, PyTorch's what comes in.
    const layer = batchNorm(3, { momentum: 0.25 });
    const program = compile((w: Weights, own: Symbolic<ReturnType<typeof layer.init>>, input: Tensor) => {
      const [imported, native] = [new Context({ training: true }), new Context({ training: true })];
      const y = model.apply(w, input, imported);
      const expected = layer.apply(own, input, native);
      return { y, expected, moved: imported.updated(w), reference: native.updated(own) };
    });
    const own = { ...layer.init(key(0)), ...arrays };
    const { y, expected, moved, reference } = await program(model.init(), own, x);
    expect(toNumbers(y)).toEqual(toNumbers(expected));
    for (const name of statistics) expect(toNumbers(moved[`bn.${name}`])).toEqual(toNumbers(reference[name]));
    expect(toNumbers(moved['bn.running_mean'])).not.toEqual(toNumbers(arrays.running_mean));
  });

  it('drops by the key of the context, and not otherwise', async () => {
    const model = importOnnx(
      modelFile({
        inputs: [value('x', 'float32', ['n'])],
        outputs: [value('y')],
        nodes: [node('Dropout', ['x', 'ratio'], ['y'])],
        initializers: [tensor('ratio', ndarray(Float32Array.of(0.25), { shape: [] }))],
      }),
    );
    expect(model.parameters).toEqual([]);
    const program = compile((input: Tensor, seed: Tensor) => {
      const context = () => new Context({ training: true, key: seed });
      return [model.apply({}, input), model.apply({}, input, context()), model.apply({}, input, context())];
    });
    const ones = ndarray(new Float32Array(1000).fill(1));
    const [still, dropped, again] = await program(ones, key(3));
    expect(toNumbers(still)).toEqual(toNumbers(ones));
    expect(toNumbers(again)).toEqual(toNumbers(dropped));
    const kept = toNumbers(dropped).filter((v) => v !== 0);
    expect(kept.every((v) => Math.abs(v - 4 / 3) < 1e-6)).toBe(true);
    expect(kept.length).toBeGreaterThan(700);
    expect(kept.length).toBeLessThan(800);
  });
});

describe('the size of what a model asks for', () => {
  const loop = (steps: number, nodes: number) =>
    modelFile({
      inputs: [value('x', 'float32', [1])],
      outputs: [value('y')],
      nodes: [
        node('Loop', ['steps', '', 'x'], ['y'], {
          body: graph({
            inputs: [value('i', 'int64', []), value('go', 'bool', []), value('s0')],
            outputs: [value('on', 'bool'), value(`s${nodes}`)],
            nodes: [
              node('Identity', ['go'], ['on']),
              ...Array.from({ length: nodes }, (_, k) => node('Neg', [`s${k}`], [`s${k + 1}`])),
            ],
          }),
        }),
      ],
      initializers: [tensor('steps', ndarray(BigInt64Array.of(BigInt(steps)), { shape: [] }))],
    });

  it('has limits: steps of loops, nodes once they are unrolled, pieces, depths', async () => {
    const x = ndarray([1]);
    expect(toNumbers(await applied(loop(3, 1), x))).toEqual([-1]);
    await expect(applied(loop(20_000, 1), x)).rejects.toThrow('loops of more than 10000 steps in all are not unrolled');
    await expect(applied(loop(9_000, 100), x)).rejects.toThrow('more than 500000 nodes once loops are unrolled');
    const split = modelFile({
      inputs: [value('x', 'float32', [1])],
      outputs: [value('y')],
      nodes: [node('Split', ['x'], ['y'], { num_outputs: 2 ** 40 })],
    });
    await expect(applied(split, x)).rejects.toThrow('the number of pieces 1099511627776 is not between 0 and 67108864');
  });
});
