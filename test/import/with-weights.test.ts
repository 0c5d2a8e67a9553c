import { create } from '@bufbuild/protobuf';
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { importOnnx, withWeights } from '../../src/import/index.js';
import { storedBytes } from '../../src/import/tensor-data.js';
import { compile, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { TensorProto_DataType as Code, TensorProtoSchema } from '../../src/onnx/generated/onnx_pb.js';
import { numbers } from '../support/numbers.js';
import { modelFile, node, tensor, value } from '../support/onnx-model.js';

const weight = ndarray(Float32Array.from(numbers(1, 6)), { shape: [2, 3] });
const shape = ndarray(BigInt64Array.of(3n));
const filling = ndarray(Float32Array.of(0.5));

/** y = x W + b + c, W an initializer, b a Constant, c what a ConstantOfShape makes. */
const bytes = modelFile({
  inputs: [value('x', 'float32', ['n', 2])],
  outputs: [value('y')],
  nodes: [
    node('MatMul', ['x', 'onnx::MatMul_7'], ['product'], {}, { name: '/block/dense/MatMul' }),
    node('Constant', [], ['b'], { value: ndarray(Float32Array.from(numbers(2, 3))) }),
    node('Add', ['product', 'b'], ['sum'], {}, { name: '/block/dense/Add' }),
    node('ConstantOfShape', ['size'], ['c'], { value: filling }),
    node('Add', ['sum', 'c'], ['y']),
  ],
  initializers: [tensor('onnx::MatMul_7', weight), tensor('size', shape)],
});

const x = ndarray([
  [1, -2],
  [0.5, 3],
]);

async function run(model: Uint8Array): Promise<number[]> {
  const session = await ort.InferenceSession.create(model);
  const result = await session.run({ x: new ort.Tensor('float32', x.data, x.shape) });
  return Array.from(result['y'].data as Float32Array);
}

describe('withWeights', () => {
  it('names weights by the modules that use them', () => {
    const model = importOnnx(bytes);
    expect(model.parameters).toEqual(['block.dense.weight', 'block.dense.bias', 'c']);
    expect(model.fileNames.get('block.dense.weight')).toBe('onnx::MatMul_7');
  });

  it('gives a model that ONNX Runtime runs to what the variables make of it here', async () => {
    const model = importOnnx(bytes);
    const fresh = Object.fromEntries(
      Object.entries(model.init()).map(([name, { shape }], i): [string, NDArray] => [
        name,
        ndarray(
          Float32Array.from(
            numbers(
              10 + i,
              shape.reduce((a, b) => a * b),
            ),
          ),
          { shape },
        ),
      ]),
    );
    const here = await compile((variables: Record<string, Tensor>, input: Tensor) => model.apply(variables, input))(
      fresh,
      x,
    );
    const changed = withWeights(bytes, fresh);
    const there = await run(changed);
    expect(there).not.toEqual(await run(bytes));
    there.forEach((y, i) => expect(y).toBeCloseTo(toNumbers(here)[i], 5));
    // What was exported is imported again with the weights it was given.
    const again = importOnnx(changed);
    expect(again.inputs).toEqual(model.inputs);
    expect(again.outputs).toEqual(model.outputs);
    expect(again.init()).toEqual(fresh);
  });

  it('leaves what it is not given as it was', async () => {
    expect(await run(withWeights(bytes, {}))).toEqual(await run(bytes));
  });

  it('refuses variables that the model does not have, or of another shape', () => {
    expect(() => withWeights(bytes, { head: weight })).toThrow("test has no variable 'head'");
    expect(() => withWeights(bytes, { c: weight })).toThrow("the variable 'c' float32[2, 3] must be float32[3]");
  });

  it('takes external data into the file', async () => {
    const outside = create(TensorProtoSchema, {
      name: 'w',
      dims: [2n, 3n],
      dataType: Code.FLOAT,
      dataLocation: 1,
      externalData: [
        { key: 'location', value: 'weights.bin' },
        { key: 'offset', value: '8' },
        { key: 'length', value: '24' },
      ],
    });
    const model = modelFile({
      inputs: [value('x', 'float32', ['n', 2])],
      outputs: [value('y')],
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      initializers: [outside],
    });
    const data = new Uint8Array(40);
    data.set(storedBytes(weight, Code.FLOAT), 8);
    expect(() => importOnnx(model)).toThrow("tensor 'w' has its numbers in the file 'weights.bin'");
    expect(() => importOnnx(model, { externalData: () => data.subarray(0, 20) })).toThrow(
      "tensor 'w' lies at bytes 8 to 32 of 'weights.bin', which has 20",
    );
    const externalData = (location: string) => (location === 'weights.bin' ? data : new Uint8Array());
    expect(importOnnx(model, { externalData }).init()).toEqual({ w: weight });
    const whole = withWeights(model, {}, { externalData });
    expect(importOnnx(whole).init()).toEqual({ w: weight });
    expect((await run(whole)).length).toBe(6);
  });

  it('keeps float16 weights float16, rounded to the nearest', () => {
    // Subnormal, tie to even, largest, beyond it, smallest, infinity.
    const values = Float32Array.of(2 ** -24, 1.00048828125, 65504, 65520, 2.9e-8, -0, 0.333251953125, 1e-3);
    const expected = [2 ** -24, 1, 65504, Infinity, 0, -0, 0.333251953125, 0.0010004043579101562];
    const half = create(TensorProtoSchema, {
      name: 'w',
      dims: [8n],
      dataType: Code.FLOAT16,
      rawData: storedBytes(ndarray(new Float32Array(8)), Code.FLOAT16),
    });
    const model = modelFile({
      inputs: [value('x', Code.FLOAT16, [8])],
      outputs: [value('y', Code.FLOAT16)],
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      initializers: [half],
    });
    expect(() => importOnnx(model)).toThrow(
      "tensor 'w' has the element type float16, which is not supported; { float16: 'float32' } reads it as float32",
    );
    const options = { float16: 'float32' } as const;
    const changed = withWeights(model, { w: ndarray(values) }, options);
    expect(toNumbers(importOnnx(changed, options).init()['w'])).toEqual(expected);
  });
});
