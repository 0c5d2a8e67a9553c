import { topological } from '../tensor/graph.js';
import { isTensor, mapTree, stack, type Tensor, zeros } from '../tensor/index.js';
import { alias, withPullback } from '../tensor/ops/barrier.js';
import { applyAll, type Node } from '../tensor/tensor.js';
import { leavesOf, unflatten } from '../tensor/tree.js';
import { type Batched, spread } from './batching/rule.js';
import { batchRules } from './batching/rules.js';
import { batchScan } from './batching/scan.js';
import { isScan } from './scan.js';

/** Where the batch stands in an argument, the same for all its leaves; `null`: the argument is the same for every example. */
export type BatchAxis = number | null;

/**
 * `fn` for a batch: a function of one example becomes a function of many, run as one program, not as a loop.
 *
 * The function is traced once on one example; then every operator of that graph is replaced by one that treats the whole batch. Works on
 * functions that contain `grad` (per-example gradients are `vmap(grad(loss), [null, 0, 0])`), inside `grad`, and in itself. Host
 * operators run once an example, unless they take stacks.
 *
 * @param axes an axis for each argument, or one for all; default 0.
 * @returns the results with the batch as their first axis; what does not depend on a batched argument is repeated.
 * @throws RangeError when batched leaves differ in length along their axis, or there is none.
 */
export function vmap<A extends unknown[], R>(
  fn: (...args: A) => R,
  axes: BatchAxis | readonly BatchAxis[] = 0,
): (...args: A) => R {
  return (...args) => {
    const known = new Map<Tensor, Batched>();
    let n: number | undefined;
    const examples = args.map((arg, i) => {
      const axis = Array.isArray(axes) ? axes[i] : (axes as BatchAxis);
      if (axis === null || axis === undefined) return arg;
      return mapTree(arg, (leaf: unknown, path) => {
        if (!isTensor(leaf)) return leaf;
        const front = leaf.rank > 0 ? leaf.moveAxis(axis, 0) : undefined;
        if (!front || (n !== undefined && front.shape[0] !== n)) {
          throw new RangeError(
            `vmap: ${path ? `${i}.${path}` : `argument ${i}`} [${leaf.shape.join(', ')}] has no axis ${axis} of length ${n ?? 'the batch'}`,
          );
        }
        n = front.shape[0];
        // Stands for every example; only its shape and name count.
        const example = alias(zeros(front.shape.slice(1), front.dtype));
        known.set(example, { value: front, batched: true });
        return example;
      });
    }) as A;
    if (n === undefined) throw new RangeError('vmap: no argument has a batch axis');
    const count = n;
    const result = fn(...examples);
    const tensors = leavesOf(result).map(({ path, value }) => {
      if (!isTensor(value))
        throw new TypeError(`vmap: the result${path && ` at ${path}`} is ${typeof value}, not a tensor`);
      return value;
    });
    return unflatten(
      result,
      batchAll(tensors, known, count).map((x) => spread(x, count)),
    ) as R;
  };
}

/** The batched forms of tensors, given those of the examples they were computed from. */
function batchAll(tensors: readonly Tensor[], known: Map<Tensor, Batched>, n: number): Batched[] {
  const given = new Set([...known.keys()].map((t) => t.node));
  for (const node of topological(tensors, given)) {
    if (node.outputs.every((y) => known.has(y))) continue;
    const inputs = node.inputs.map((x) => x && (known.get(x) ?? { value: x, batched: false }));
    const batched = inputs.some((x) => x?.batched);
    const outputs = batched ? batchNode(node, inputs, known, n) : node.outputs;
    node.outputs.forEach((y, i) => {
      if (!known.has(y)) known.set(y, { value: outputs[i], batched });
    });
  }
  return tensors.map((t) => known.get(t) ?? { value: t, batched: false });
}

function batchNode(
  node: Node,
  inputs: readonly Batched[],
  known: ReadonlyMap<Tensor, Batched>,
  n: number,
): readonly Tensor[] {
  const { operator } = node;
  if (operator.type === 'CustomGradient') return batchCustomGradient(node, inputs, known, n);
  if (isScan(node))
    return batchScan(node, inputs, n, (body, given) => batchAll(body, new Map([...known, ...given]), n));
  if (operator.stacked)
    return applyAll(
      operator,
      inputs.map((x) => spread(x, n)),
      node.attributes,
    );
  if (operator.run) return eachExample(node, inputs, n);
  const rule = batchRules[operator.type];
  if (!rule) throw new Error(`vmap: ${operator.type} has no batch rule`);
  return rule(node, inputs, n);
}

/** The same values, with the rule of the node's own, batched, as their derivative. */
function batchCustomGradient(
  node: Node,
  inputs: readonly Batched[],
  known: ReadonlyMap<Tensor, Batched>,
  n: number,
): readonly Tensor[] {
  const count = node.outputs.length;
  const all = inputs.map((x) => spread(x, n));
  return withPullback(all.slice(0, count), all.slice(count), (cotangents, results) => {
    const examples = node.outputs.map((y) => alias(y.zerosLike()));
    const parts = (node.operator.vjp?.(examples, node) ?? []).slice(count);
    const env = new Map(known);
    examples.forEach((example, i) => env.set(example, { value: cotangents[i], batched: true }));
    node.outputs.forEach((y, i) => env.set(y, { value: results[i], batched: true }));
    const present = parts.filter((part) => part !== undefined) as Tensor[];
    const batched = batchAll(present, env, n);
    let next = 0;
    return parts.map((part) => part && spread(batched[next++], n));
  });
}

/** A host operator applied to every example in turn. */
function eachExample(node: Node, inputs: readonly Batched[], n: number): readonly Tensor[] {
  const rows = Array.from({ length: n }, (_, i) =>
    applyAll(
      node.operator,
      inputs.map((x) => x && (x.batched ? x.value.at(i) : x.value)) as readonly Tensor[],
      node.attributes,
    ),
  );
  return node.outputs.map((_, k) => stack(rows.map((row) => row[k])));
}
