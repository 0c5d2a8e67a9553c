import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../src/import/index.js';
import { castArray, compile, ndarray, type Tensor } from '../../src/index.js';
import { random64 } from '../support/derivatives.js';
import { expectClose } from '../support/onnx-data.js';
import { floats, modelFile, node, strings, value } from '../support/onnx-model.js';

const [steps, batch, size, units] = [4, 2, 3, 5];

/** What a recurrent node computes here and in ONNX Runtime, from the same inputs. */
async function expectAgreement(type: 'RNN' | 'GRU' | 'LSTM', activations: string[], alpha: number[], beta: number[]) {
  const each = { RNN: 1, GRU: 2, LSTM: 3 }[type];
  const gates = { RNN: 1, GRU: 3, LSTM: 4 }[type];
  const directions = activations.length / each;
  const shapes = {
    x: [steps, batch, size],
    w: [directions, gates * units, size],
    r: [directions, gates * units, units],
    b: [directions, 2 * gates * units],
  };
  const names = Object.keys(shapes) as (keyof typeof shapes)[];
  const bytes = modelFile({
    inputs: names.map((name) => value(name, 'float32', shapes[name])),
    outputs: [value('y', 'float32')],
    nodes: [
      node(type, names, ['y'], {
        hidden_size: units,
        direction: directions === 2 ? 'bidirectional' : 'forward',
        activations: strings(activations),
        ...(alpha.length > 0 && { activation_alpha: floats(alpha) }),
        ...(beta.length > 0 && { activation_beta: floats(beta) }),
      }),
    ],
  });
  const inputs = Object.fromEntries(
    names.map((name, i) => [name, castArray(random64(shapes[name], { stream: i }), 'float32')]),
  );
  const model = importOnnx(bytes);
  const program = compile((x: Record<string, Tensor>) => model.outputsOf({}, x));
  const { y } = await program(inputs);
  await program.release();
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const feeds = names.map((name) => [name, new ort.Tensor('float32', inputs[name].data, shapes[name])]);
  const { y: expected } = await session.run(Object.fromEntries(feeds));
  await session.release();
  expectClose(y, ndarray(expected.data as Float32Array, { shape: expected.dims }), 2e-6, type);
}

describe("parameters of recurrent networks' functions, as in ONNX Runtime", () => {
  it.each([
    ['Affine', [0.7], [0.3]],
    ['LeakyRelu', [0.3], []],
    ['ThresholdedRelu', [0.4], []],
    ['ScaledTanh', [0.8], [1.3]],
    ['HardSigmoid', [0.3], [0.4]],
    ['Elu', [0.6], []],
    ['Softsign', [], []],
    ['Softplus', [], []],
  ])('%s', (name, alpha, beta) => expectAgreement('RNN', [name], alpha, beta));

  it.each([
    ['the first function takes none', 'GRU', ['Sigmoid', 'LeakyRelu'], [0.3], []],
    ['alphas and betas are counted apart', 'LSTM', ['HardSigmoid', 'Elu', 'ScaledTanh'], [0.3, 0.6, 0.8], [0.4, 1.3]],
    ['both directions share the lists', 'GRU', ['Sigmoid', 'Elu', 'HardSigmoid', 'Tanh'], [0.6, 0.3], [0.4]],
    ['defaults where the lists end', 'LSTM', ['HardSigmoid', 'LeakyRelu', 'HardSigmoid'], [0.3], [0.4]],
  ] as const)('%s', (_, type, names, alpha, beta) => expectAgreement(type, [...names], [...alpha], [...beta]));

  it('refuses a function that there is not, by name', () => {
    const bytes = modelFile({
      inputs: [value('x', 'float32', [4, 2, 3]), value('w', 'float32', [1, 5, 3]), value('r', 'float32', [1, 5, 5])],
      outputs: [value('y', 'float32')],
      nodes: [node('RNN', ['x', 'w', 'r'], ['y'], { hidden_size: 5, activations: strings(['Swish']) })],
    });
    const run = compile((x: Record<string, Tensor>) => importOnnx(bytes).outputsOf({}, x));
    const inputs = { x: random64([4, 2, 3]), w: random64([1, 5, 3]), r: random64([1, 5, 5]) };
    const singles = Object.fromEntries(Object.entries(inputs).map(([name, a]) => [name, castArray(a, 'float32')]));
    return expect(run(singles)).rejects.toThrow(/the activation Swish is not supported/);
  });
});
