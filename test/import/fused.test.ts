import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { importOnnx } from '../../src/import/index.js';
import { fused } from '../../src/import/operators/fused.js';
import { castArray, compile, concat, type DType, type NDArray, ndarray, type Tensor } from '../../src/index.js';
import { checkDerivatives, random64 } from '../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../support/golden.js';
import { expectClose } from '../support/onnx-data.js';
import { float, modelFile, node, tensor, value } from '../support/onnx-model.js';

interface Case {
  readonly type: string;
  /** Shapes of floats, integers as they are, undefined for an input left out. */
  readonly inputs: readonly (readonly number[] | NDArray | undefined)[];
  readonly attributes?: Parameters<typeof node>[3];
  /** How many results are compared; default 1. */
  readonly results?: readonly number[];
  /** How many results the node must name, compared or not. */
  readonly named?: number;
  /** Default ONNX Runtime's own. */
  readonly domain?: '';
}

const int32 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'int32' });
const int64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'int64' });

const cases: Readonly<Record<string, Case>> = {
  Gelu: { type: 'Gelu', inputs: [[2, 3]] },
  BiasGelu: { type: 'BiasGelu', inputs: [[2, 3], [3]] },
  'FastGelu with a bias': { type: 'FastGelu', inputs: [[2, 3], [3]] },
  FastGelu: { type: 'FastGelu', inputs: [[2, 3]] },
  QuickGelu: { type: 'QuickGelu', inputs: [[2, 3]], attributes: { alpha: 1.5 } },
  FusedMatMul: {
    type: 'FusedMatMul',
    inputs: [
      [2, 3, 2],
      [2, 4, 3],
    ],
    attributes: { alpha: 0.5, transA: 1, transB: 1 },
  },
  FusedGemm: {
    type: 'FusedGemm',
    inputs: [[2, 3], [4, 3], [4]],
    attributes: { transB: 1, activation: 'LeakyRelu', activation_alpha: 0.1 },
  },
  'FusedConv with a sum': {
    type: 'FusedConv',
    inputs: [[1, 2, 4, 4], [3, 2, 3, 3], [3], [1, 3, 2, 2]],
    attributes: { kernel_shape: [3, 3], activation: 'Relu' },
  },
  SimplifiedLayerNormalization: {
    type: 'SimplifiedLayerNormalization',
    domain: '',
    inputs: [[2, 3, 4], [4]],
    attributes: { epsilon: 1e-3, axis: -1 },
  },
  SkipLayerNormalization: {
    type: 'SkipLayerNormalization',
    inputs: [[2, 3, 4], [2, 3, 4], [4], [4], [4]],
    attributes: { epsilon: 1e-3 },
    results: [0, 3],
  },
  SkipSimplifiedLayerNormalization: {
    type: 'SkipSimplifiedLayerNormalization',
    inputs: [[2, 3, 4], [2, 3, 4], [4], [4]],
    attributes: { epsilon: 1e-3 },
    results: [0, 3],
  },
  EmbedLayerNormalization: {
    type: 'EmbedLayerNormalization',
    inputs: [
      int32([
        [1, 2, 0],
        [3, 3, 1],
      ]),
      int32([
        [0, 0, 1],
        [1, 0, 0],
      ]),
      [4, 4],
      [5, 4],
      [2, 4],
      [4],
      [4],
      int32([
        [1, 1, 0],
        [1, 1, 1],
      ]),
    ],
    attributes: { epsilon: 1e-3 },
    named: 2,
  },
  Attention: { type: 'Attention', inputs: [[2, 3, 4], [4, 12], [12]], attributes: { num_heads: 2 } },
  'Attention with a mask of lengths': {
    type: 'Attention',
    inputs: [[2, 3, 4], [4, 12], [12], int32([2, 3])],
    attributes: { num_heads: 2 },
  },
  'Attention with a mask of truths, going forward only': {
    type: 'Attention',
    inputs: [
      [2, 3, 4],
      [4, 12],
      [12],
      int32([
        [1, 1, 0],
        [1, 1, 1],
      ]),
    ],
    attributes: { num_heads: 2, unidirectional: 1, scale: 0.3 },
  },
  'Attention with scores added': {
    type: 'Attention',
    inputs: [[2, 3, 4], [4, 12], [12], undefined, undefined, [2, 2, 3, 3]],
    attributes: { num_heads: 2 },
  },
  MultiHeadAttention: {
    type: 'MultiHeadAttention',
    inputs: [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 6],
      [14],
      int32([
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 1],
      ]),
    ],
    attributes: { num_heads: 2 },
  },
  RotaryEmbedding: {
    type: 'RotaryEmbedding',
    inputs: [
      [2, 3, 8],
      int64([
        [0, 1, 2],
        [2, 3, 1],
      ]),
      [5, 2],
      [5, 2],
    ],
  },
  'RotaryEmbedding, interleaved, from one position on': {
    type: 'RotaryEmbedding',
    inputs: [[2, 2, 3, 4], int64([1]), [5, 2], [5, 2]],
    attributes: { interleaved: 1 },
  },
};

/** The node as a model: floats are inputs, integers are in the file. */
function build(
  { type, inputs, attributes, results = [0], named = 0, domain = 'com.microsoft' as never }: Case,
  dtype: DType,
) {
  const names = inputs.map((input, i) => (input === undefined ? '' : `x${i}`));
  const floats = inputs.flatMap((input, i) =>
    Array.isArray(input) ? [{ name: names[i], shape: input as number[] }] : [],
  );
  const outputs = Array.from({ length: Math.max(named, ...results.map((i) => i + 1)) }, (_, i) =>
    i < named || results.includes(i) ? `y${i}` : '',
  );
  const attributesOf = Object.fromEntries(
    Object.entries(attributes ?? {}).map(([key, v]) => [
      key,
      typeof v === 'number' && !Number.isInteger(v) ? float(v) : v,
    ]),
  );
  const bytes = modelFile({
    inputs: floats.map(({ name, shape }) => value(name, dtype, shape)),
    outputs: results.map((i) => value(`y${i}`, dtype)),
    nodes: [node(type, names, outputs, attributesOf, { domain })],
    initializers: inputs.flatMap((input, i) =>
      input !== undefined && !Array.isArray(input) ? [tensor(names[i], input as NDArray)] : [],
    ),
  });
  const arrays = floats.map(({ shape }, i) => random64(shape, { stream: i }));
  return { bytes, names: floats.map((f) => f.name), arrays };
}

describe("ONNX Runtime's fused operators", () => {
  it.each(Object.entries(cases))('%s: what ONNX Runtime computes', async (name, definition) => {
    const { bytes, names, arrays } = build(definition, 'float32');
    const singles = arrays.map((x) => castArray(x, 'float32'));
    const model = importOnnx(bytes);
    const program = compile((x: Record<string, Tensor>) => model.outputsOf({}, x));
    const here = await program(Object.fromEntries(names.map((key, i) => [key, singles[i]])));
    await program.release();
    const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
    const feeds = names.map((key, i) => [key, new ort.Tensor('float32', singles[i].data, singles[i].shape)]);
    const there = await session.run(Object.fromEntries(feeds));
    await session.release();
    for (const [key, y] of Object.entries(here)) {
      const expected = there[key];
      expectClose(y, ndarray(expected.data as Float32Array, { shape: expected.dims }), 2e-6, `${name}: ${key}`);
    }
  });

  it.each(Object.entries(cases))('%s: derivatives', async (_, definition) => {
    const { bytes, names, arrays } = build(definition, 'float64');
    const model = importOnnx(bytes);
    const whole = (...x: Tensor[]) => {
      const outputs = model.outputsOf({}, Object.fromEntries(names.map((key, i) => [key, x[i]])));
      return concat(Object.values(outputs).map((y) => y.flatten()));
    };
    await checkDerivatives(whole, arrays, { second: false });
  });

  it('has every one of them in a case', () => {
    const tested = new Set(Object.values(cases).map((c) => c.type));
    expect(fused.map((o) => o.type).filter((type) => !tested.has(type))).toEqual([]);
  });
});

describe("files that ONNX Runtime's optimizer wrote", () => {
  const folder = mkdtempSync(join(tmpdir(), 'cotangent-optimized-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['bert', 'bert-script-17', 'BiasGelu'],
    ['vit', 'vit-script-14', 'BiasGelu'],
    ['unet', 'unet-script-17', 'QuickGelu'],
    ['resnet', 'resnet-script-13', 'FusedConv'],
  ])('%s: outputs as before, with operators of its own', async (name, file, operator) => {
    const before = readFileSync(new URL(`../golden/onnx/${file}.onnx`, import.meta.url));
    const path = join(folder, `${file}.onnx`);
    const options = { graphOptimizationLevel: 'extended', optimizedModelFilePath: path, logSeverityLevel: 3 } as const;
    await (await ort.InferenceSession.create(before, options)).release();
    const { inputs, outputs } = golden<{
      inputs: Record<string, GoldenArray & { dtype: 'float32' | 'int64' }>;
      outputs: GoldenArray[];
    }>(`onnx/${name}`);
    const model = importOnnx(readFileSync(path));
    expect(model.nodes.map((n) => n.type)).toContain(operator);
    const program = compile((w: Record<string, Tensor>, x: Record<string, Tensor>) => model.apply(w, x));
    const x = Object.fromEntries(Object.entries(inputs).map(([key, array]) => [key, fromGolden(array, array.dtype)]));
    const y = await program(model.init(), x);
    await program.release();
    expectClose(y, fromGolden(outputs[0], 'float32'), 1e-5, name);
  });
});
