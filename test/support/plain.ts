import ort from 'onnxruntime-node';
import { type Compiled, type NDArray, ndarray } from '../../src/index.js';

/** The results of a compiled function as its portable model computes them, by their paths: none of what is done for a device is in there. */
export async function runPlain<A extends unknown[], R>(
  compiled: Compiled<A, R>,
  inputs: Readonly<Record<string, NDArray>>,
  ...args: Parameters<Compiled<A, R>['toOnnx']>
): Promise<Record<string, NDArray>> {
  const session = await ort.InferenceSession.create(compiled.toOnnx(...args));
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, x]) => [name, new ort.Tensor(x.dtype, x.data as Float32Array, x.shape)]),
  );
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, y]) => [name, ndarray(y.data as Float32Array, { shape: y.dims })]),
  );
}
