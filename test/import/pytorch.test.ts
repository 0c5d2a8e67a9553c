import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../src/import/index.js';
import { compile, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { fromGolden, type GoldenArray, golden } from '../support/golden.js';
import { expectClose } from '../support/onnx-data.js';

/** What tools/golden/onnx_models.py writes of a model. */
interface Recorded {
  readonly inputs: Record<string, GoldenArray & { readonly dtype: 'float32' | 'int64' }>;
  readonly outputs: readonly GoldenArray[];
  /** Of the sum over outputs of linspace(-1, 1) times the output, by PyTorch's name of the parameter. */
  readonly gradients: Record<string, GoldenArray>;
  readonly variants: readonly string[];
}

type Weights = Record<string, Tensor>;

function linearForm(shape: readonly number[]): NDArray {
  const n = shape.reduce((a, b) => a * b, 1);
  return ndarray(
    Float32Array.from({ length: n }, (_, i) => -1 + (2 * i) / (n - 1)),
    { shape },
  );
}

function transposed({ shape: [rows, columns], data }: GoldenArray): GoldenArray {
  return {
    shape: [columns, rows],
    data: Array.from({ length: rows * columns }, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]),
  };
}

const names = [
  'bert',
  'mpnet',
  'gpt2',
  'llama',
  'vit',
  'swin',
  'convnext',
  'resnet',
  'detr',
  'unet',
  'sampler',
  'recurrent',
];
const cases = names.flatMap((name) =>
  golden<Recorded>(`onnx/${name}`).variants.map((variant): [string, string] => [name, variant]),
);

/** Gates of PyTorch's in the order of ONNX's: input, output, forget, cell; update, reset, new. */
const gates: Readonly<Record<string, readonly number[]>> = { lstm: [0, 3, 1, 2], gru: [1, 0, 2], rnn: [0] };

/** Gradients of PyTorch's recurrent layers as those of ONNX's weights: directions stacked, gates in ONNX's order, both biases in one. */
function stacked(gradients: Record<string, GoldenArray>): Record<string, GoldenArray> {
  const result: Record<string, GoldenArray> = { 'embedding.weight': gradients['embedding.weight'] };
  for (const [layer, order] of Object.entries(gates)) {
    for (let k = 0; gradients[`${layer}.weight_ih_l${k}`]; k++) {
      const directions = ['', '_reverse'].filter((d) => gradients[`${layer}.weight_ih_l${k}${d}`]);
      const rows = (name: string, direction: string): number[] => {
        const { data } = gradients[`${layer}.${name}_l${k}${direction}`];
        const each = data.length / order.length;
        return order.flatMap((gate) => data.slice(gate * each, (gate + 1) * each));
      };
      const all = (names: readonly string[]) => directions.flatMap((d) => names.flatMap((name) => rows(name, d)));
      const store = (name: string, data: number[]) => {
        result[`${layer}.${name}${k > 0 ? `_${k}` : ''}`] = { shape: [data.length], data };
      };
      store('weight_ih', all(['weight_ih']));
      store('weight_hh', all(['weight_hh']));
      store('bias', all(['bias_ih', 'bias_hh']));
    }
  }
  return result;
}

/** Names that differ: of packed projections, whose nodes are those of the attention itself. */
const renamed: Readonly<Record<string, string>> = { 'attention.in_proj_weight': 'attention.weight' };

/** Parameters that the exporter computed with, so that the file has what became of them. */
const folded: Readonly<Record<string, readonly string[]>> = {
  swin: [0, 1].map((i) => `model.encoder.layers.0.blocks.${i}.attention.self.relative_position_bias_table`),
  detr: ['model.model.query_position_embeddings.weight'],
};

/** Whether a matrix stands there as PyTorch has it, or turned round: the exporter turns those of linear layers. */
function isTurned(found: NDArray, expected: GoldenArray): boolean {
  if (expected.shape.length !== 2) return false;
  const [rows, columns] = expected.shape;
  if (rows !== columns) return found.shape[0] !== rows;
  return largestDifference(found, transposed(expected)) < largestDifference(found, expected);
}

function largestDifference(found: NDArray, { data }: GoldenArray): number {
  return toNumbers(found).reduce((most, g, i) => Math.max(most, Math.abs(g - data[i])), 0);
}

describe('models that PyTorch exports', () => {
  it.each(cases)('%s, %s: outputs, and the gradient of every parameter', async (name, variant) => {
    const record = golden<Recorded>(`onnx/${name}`);
    const model = importOnnx(readFileSync(new URL(`../golden/onnx/${name}-${variant}.onnx`, import.meta.url)));
    const all = model.init();
    const pick = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, all[key]]));
    const program = compile((weights: Weights, buffers: Weights, x: Weights, forms: Tensor[]) => {
      const run = (w: Weights) => Object.values(model.outputsOf({ ...w, ...buffers }, x));
      const total = (w: Weights) => forms.map((form, i) => run(w)[i].mul(form).sum()).reduce((a, b) => a.add(b));
      return { y: run(weights).slice(0, forms.length), gradient: grad(total)(weights) };
    });
    const given = Object.fromEntries(Object.entries(record.inputs).map(([key, x]) => [key, fromGolden(x, x.dtype)]));
    const forms = record.outputs.map((y) => linearForm(y.shape));
    const { y, gradient } = await program(pick(model.parameters), pick(model.buffers), given, forms);
    await program.release();
    record.outputs.forEach((expected, i) => expectClose(y[i], fromGolden(expected, 'float32'), 1e-5, `output ${i}`));

    const gradients = name === 'recurrent' ? stacked(record.gradients) : record.gradients;
    const scale = Math.max(...Object.values(gradients).map(({ data }) => Math.hypot(...data)));
    const missing: string[] = [];
    for (const [key, expected] of Object.entries(gradients)) {
      const found = gradient[key] ?? gradient[renamed[key]];
      if (!found) {
        missing.push(key);
        continue;
      }
      expect(found.data.length, key).toBe(expected.data.length);
      const worst = largestDifference(found, isTurned(found, expected) ? transposed(expected) : expected);
      const own = Math.max(...expected.data.map(Math.abs));
      expect(worst, key).toBeLessThan(1e-4 * own + 1e-6 * scale);
    }
    expect(missing).toEqual(folded[name] ?? []);
    for (const [key, { data }] of Object.entries(gradient))
      expect((data as Float32Array).every(Number.isFinite), key).toBe(true);
  });
});
