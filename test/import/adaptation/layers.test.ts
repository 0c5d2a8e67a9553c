import { describe, expect, it } from 'vitest';
import { importOnnx, linearWeights, modelLayers, normalizationWeights } from '../../../src/import/index.js';
import { exportOnnx, ndarray, type Tensor, zerosArray } from '../../../src/index.js';
import { Context, resnet9 } from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { modelFile, node, tensor, value } from '../../support/onnx-model.js';

const square = ndarray([
  [1, 2],
  [3, 4],
]);
const vector = ndarray([1, 2]);
const bytes = modelFile({
  inputs: [value('x', 'float32', ['n', 2])],
  outputs: [value('y'), value('z')],
  nodes: [
    node('MatMul', ['x', 'a'], ['1']),
    node('LayerNormalization', ['1', 'ln_scale', 'ln_shift'], ['2']),
    node('Transpose', ['b'], ['turned'], { perm: [1, 0] }),
    node('MatMul', ['2', 'turned'], ['3']),
    node('Gemm', ['3', 'c'], ['4']),
    node('Gemm', ['4', 'd', 'offset'], ['y'], { transB: 1 }),
    node('MatMul', ['x', 'e'], ['z']),
  ],
  initializers: [
    // In the order in which exporters leave them: not that of use.
    tensor('e', square),
    tensor('d', square),
    tensor('offset', vector),
    tensor('ln_scale', vector),
    tensor('ln_shift', vector),
    ...['a', 'b', 'c'].map((name) => tensor(name, square)),
  ],
});

describe('layers of an imported model', () => {
  const model = importOnnx(bytes);

  it('linear weights, and how they lie', () => {
    expect(Object.fromEntries(linearWeights(bytes, model))).toEqual({
      a: 'inputs-first',
      b: 'outputs-first',
      c: 'inputs-first',
      d: 'outputs-first',
      e: 'inputs-first',
    });
  });

  it('in the order of use, as far as the first output goes', () => {
    expect(modelLayers(model)).toEqual([['a', 'ln_scale', 'ln_shift'], ['b'], ['c'], ['d', 'offset']]);
  });

  it('normalisations by node and by name', () => {
    expect(normalizationWeights(model)).toEqual(['ln_scale', 'ln_shift']);
    const network = resnet9({ classes: 3, inputChannels: 1, width: 2 });
    const file = exportOnnx(
      (v: never, x: Tensor) => network.apply(v, x, new Context()),
      network.init(key(0)) as never,
      zerosArray([1, 1, 8, 8]) as never,
    );
    const imported = importOnnx(file);
    expect(normalizationWeights(imported)).toEqual(
      imported.parameters.filter((name) => /^(conv\d\.1|res\d\.\d\.1)\./.test(name)),
    );
    expect(
      modelLayers(imported)
        .map((group) => group[0])
        .at(0),
    ).toBe('conv1.0.weight');
    expect(modelLayers(imported).flat().sort()).toEqual([...imported.parameters].sort());
    expect(imported.buffers).toHaveLength(2 * 8);
  });
});
