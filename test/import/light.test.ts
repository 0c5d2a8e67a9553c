import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type ImportedModel, importOnnx, withWeights } from '../../src/import/index.js';
import { compile, grad, type NDArray, ndarray, type Tensor } from '../../src/index.js';
import { numbers } from '../support/numbers.js';
import { expectClose, onnxData, readArray, withoutOnnxData } from '../support/onnx-data.js';

const folder = join(onnxData ?? '', 'light');
const names = onnxData
  ? readdirSync(folder).flatMap((file) => (file.endsWith('.onnx') ? [file.slice(0, -5)] : []))
  : [];

/** The input that the expected outputs were made with: 0, 1/n, 2/n, ... */
function ramp({ inputs: [{ shape = [] }] }: ImportedModel): NDArray {
  const lengths = shape.map(Number);
  const n = lengths.reduce((a, b) => a * b, 1);
  return ndarray(
    Float32Array.from({ length: n }, (_, i) => i / n),
    { shape: lengths },
  );
}

type Weights = Record<string, Tensor>;

describe.runIf(onnxData)('architectures with constants for weights', () => {
  it('are nine', () => expect(names.length).toBe(9));

  it.each(names)('%s: outputs, and a finite gradient for every weight', { timeout: 120_000 }, async (name) => {
    const model = importOnnx(readFileSync(join(folder, `${name}.onnx`)));
    const x = ramp(model);
    const all = model.init();
    const pick = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, all[key]]));
    const step = compile((weights: Weights, buffers: Weights, input: Tensor) => {
      const output = (w: Weights) => model.apply({ ...w, ...buffers }, input);
      return { y: output(weights), gradient: grad((w: Weights) => output(w).square().sum())(weights) };
    });
    const { y, gradient } = await step(pick(model.parameters), pick(model.buffers), x);
    await step.release();
    expectClose(y, readArray(join(folder, `${name}_output_0.pb`)), 1e-5, name);
    expect(Object.keys(gradient)).toEqual([...model.parameters]);
    for (const [key, { data }] of Object.entries(gradient)) {
      const total = (data as Float32Array).reduce((sum, g) => sum + Math.abs(g), 0);
      expect(total, key).toBeGreaterThan(0);
      expect(total, key).toBeLessThan(Number.POSITIVE_INFINITY);
    }
  });

  it.each(['light_shufflenet', 'light_squeezenet'])(
    '%s: with other weights it computes what ONNX Runtime does with the file that has them',
    { timeout: 60_000 },
    async (name) => {
      const bytes = readFileSync(join(folder, `${name}.onnx`));
      const model = importOnnx(bytes);
      const variables = Object.fromEntries(
        Object.entries(model.init()).map(([key, { shape }], i) => {
          const size = shape.reduce((a, b) => a * b, 1);
          // Variances must be positive, and sums about as large as their terms.
          const scale = 1.5 / Math.sqrt(Math.max(1, size / (shape[0] ?? 1)));
          const data = numbers(i, size, -scale, scale).map((v) => (model.buffers.includes(key) ? 0.5 + v * v : v));
          return [key, ndarray(Float32Array.from(data), { shape })];
        }),
      );
      const x = ramp(model);
      const program = compile((w: Weights, input: Tensor) => model.apply(w, input));
      const here = await program(variables, x);
      await program.release();
      const session = await ort.InferenceSession.create(withWeights(bytes, variables), { logSeverityLevel: 3 });
      const [input] = session.inputNames;
      const results = await session.run({ [input]: new ort.Tensor('float32', x.data as Float32Array, x.shape) });
      const there = results[model.outputs[0].name];
      await session.release();
      const distinct = new Set(here.data as Float32Array).size;
      expect(distinct).toBeGreaterThan(100);
      expectClose(here, ndarray(there.data as Float32Array, { shape: there.dims }), 1e-5, name);
    },
  );
});

it.skipIf(onnxData)(`architectures with constants for weights: ${withoutOnnxData}`, () => {
  expect(onnxData).toBeUndefined();
});
