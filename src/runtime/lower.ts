import { isScan, pruneScans, unroll, withResults } from '../autodiff/scan.js';
import { rebuild, topological } from '../tensor/graph.js';
import { constant, type Tensor, zerosArray } from '../tensor/index.js';
import { isBarrier } from '../tensor/ops/barrier.js';
import { applyAll, type Node, type Operator } from '../tensor/tensor.js';
import type { Device } from './engine.js';
import { kernels64 } from './kernels64.js';
import { fuseLoops } from './passes/loops.js';
import { products } from './passes/products.js';
import type { Pass } from './passes/rewrite.js';
import { rowSums } from './passes/row-sums.js';
import { taps } from './passes/taps.js';
import { unpool } from './passes/unpool.js';
import { winograd } from './passes/winograd.js';

/**
 * The outputs in operators that a model may hold, or the host runs. Without a device they are ONNX's own, for a model that goes anywhere;
 * for a device, what is fast there.
 *
 * First the nodes go that only differentiation needs. Taking those away makes equal what they kept apart, so rebuilding through the ordinary
 * constructors shares and simplifies once more. Float64 operators that ONNX Runtime lacks go to the host. Loops compute what is used of them
 * and no more; those with the host in their body are unrolled.
 */
export function lower(outputs: readonly Tensor[], device?: Device): Tensor[] {
  const onProcessor = device === 'cpu' || device === 'wasm';
  const passes = [withoutEmpty, ...(onProcessor ? [winograd, taps, unpool] : []), inOnnx, onHost];
  const plain = fuseLoops(pruneScans(rewrite(outputs, withoutBarriers)));
  const lowered = pruneScans(passes.reduce(rewrite, plain));
  return onProcessor ? [products, rowSums].reduce(rewrite, lowered) : lowered;
}

/** A pass over a graph and the bodies of its loops. */
function rewrite(outputs: readonly Tensor[], pass: Pass): Tensor[] {
  const rule = pass(outputs);
  return rebuild(outputs, (node, inputs) => {
    if (!isScan(node)) return rule(node, inputs);
    const { body } = node.attributes;
    const rewritten = withResults(node, inputs, rewrite(body.results, pass));
    const usesHost = topological(rewritten.attributes.body.results).some((inner) => inner.operator.run);
    return usesHost ? unroll(rewritten) : rewritten.outputs;
  });
}

const withoutBarriers: Pass = () => (node, inputs) =>
  isBarrier(node.operator) ? inputs.slice(0, node.outputs.length) : undefined;

/** What has no elements is a constant: ONNX Runtime's Expand and Reshape get shapes wrong that have an axis of length 0. */
const withoutEmpty: Pass = () => (node, inputs) =>
  inputs.length > 0 && node.outputs.every(({ size }) => size === 0)
    ? node.outputs.map(({ shape, dtype }) => constant(zerosArray(shape, dtype)))
    : undefined;

const inOnnx: Pass =
  () =>
  ({ operator, attributes }, inputs) =>
    operator.inOnnx && [operator.inOnnx(inputs, attributes)];

const onHost: Pass = () => (node, inputs) =>
  node.output.dtype === 'float64' && node.operator.type in kernels64
    ? applyAll(hostKernel(node), inputs, node.attributes)
    : undefined;

/** The operator of a node, run by its kernel in JavaScript. */
function hostKernel({ operator: { type }, output: { shape, dtype } }: Node): Operator {
  return {
    type: `${type}.float64`,
    domain: 'cotangent',
    infer: () => ({ shape, dtype }),
    run: (inputs, attributes) => [kernels64[type](inputs, attributes, shape)],
  };
}
