import { type DynamicLength, generalize } from '../onnx/dynamic.js';
import { encodeModel, modelBytes } from '../onnx/encode.js';
import type { ModelProto } from '../onnx/generated/onnx_pb.js';
import { topological } from '../tensor/graph.js';
import { allocate, type MapTree, type NDArray, sizeOf, type Tensor } from '../tensor/index.js';
import { leavesOf, mapTree } from '../tensor/tree.js';
import { argumentsOf } from './arrays.js';
import { trace } from './trace.js';

export interface ExportOptions {
  /** Name of the graph. Default `model`. */
  readonly name?: string;
  /** Axis of every input (and so of the results) whose length may change from call to call, by the name it gets. */
  readonly dynamic?: { readonly name: string; readonly axis: number };
}

/** Lengths the program is traced at; primes that no layer is likely to have, so that equal numbers mean equal things. */
const probes = [1009, 1013, 1019] as const;

/**
 * A function of weights and inputs as an ONNX model that carries the weights.
 *
 * Weights that the results need are stored under their paths; inputs and outputs are named by their paths in `inputs` and in the result (`result` where the
 * result is one tensor). Nothing is run.
 *
 * @param fn the inference function.
 * @param weights tree of arrays.
 * @param inputs tree of arrays that shows names, shapes and dtypes; their numbers are not used.
 * @returns the bytes of the .onnx file.
 * @throws Error when the program uses host operators, which no model can hold, or depends on the dynamic length in more than shapes.
 */
export function exportOnnx<W, X>(
  fn: (weights: MapTree<W, NDArray, Tensor>, inputs: MapTree<X, NDArray, Tensor>) => unknown,
  weights: W,
  inputs: X,
  options: ExportOptions = {},
): Uint8Array {
  const { name = 'model', dynamic } = options;
  const model = (example: unknown): ModelProto => {
    // Without names of their own the leaves of the two arguments stand under '0.' and '1.'.
    const args = [weights, example];
    const traced = trace(fn as (...args: never[]) => unknown, args, [], argumentsOf('exportOnnx', args, []));
    const plain = (path: string) => path.slice(2) || 'input';
    const named = traced.inputs.map(({ name: path, tensor }) => ({ name: plain(path), tensor }));
    const values = new Map(leavesOf<NDArray>(weights).map(({ path, value }) => [path, value]));
    // What counts the steps of training, and the like: runtimes complain of weights that nothing uses.
    const used = new Set(topological(traced.outputs.map(({ tensor }) => tensor)));
    const isIdle = ({ name: given, tensor }: (typeof named)[number]) => values.has(given) && !used.has(tensor.node);
    const idle = new Set(named.filter(isIdle).map(({ name: given }) => given));
    return encodeModel({
      name,
      inputs: named.filter(({ name: given }) => !idle.has(given)),
      outputs: traced.outputs,
      weights: new Map([...values].filter(([path]) => !idle.has(path))),
    });
  };
  if (!dynamic) return modelBytes(model(inputs));
  const first = leavesOf(inputs)[0];
  const length: DynamicLength = { name: dynamic.name, axis: dynamic.axis, input: first.path || 'input' };
  const models = probes.map((n) => model(mapTree(inputs, (x: NDArray) => resized(x, dynamic.axis, n))));
  return modelBytes(generalize(models as [ModelProto, ModelProto, ModelProto], probes, length));
}

function resized(x: NDArray, axis: number, n: number): NDArray {
  const shape = x.shape.map((length, i) => (i === axis ? n : length));
  return { data: allocate(x.dtype, sizeOf(shape)), shape, dtype: x.dtype };
}
