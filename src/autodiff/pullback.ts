import { isFloat, type Tensor } from '../tensor/index.js';
import type { Node } from '../tensor/tensor.js';

/**
 * Reverse mode: the cotangents of `inputs`, given those of `outputs` (`undefined` is zero).
 *
 * Walks the graph from the outputs back, newest node first, calling each operator's rule once, on the sum of all cotangents that
 * reached its outputs. Nodes that no input leads to are never visited. The result is made of ordinary tensors, so it can be
 * differentiated again. `undefined` in the result: the outputs do not depend on that input.
 */
export function pullback(
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
  inputs: readonly Tensor[],
): (Tensor | undefined)[] {
  const targets = new Set(inputs.map((x) => x.node));
  const order = dependents(outputs, targets);
  const received = new Map<Node, (Tensor | undefined)[]>();
  const receive = (x: Tensor, cotangent: Tensor) => {
    let slots = received.get(x.node);
    if (!slots) {
      slots = new Array(x.node.outputs.length).fill(undefined);
      received.set(x.node, slots);
    }
    const known = slots[x.index];
    slots[x.index] = known ? known.add(cotangent) : cotangent;
  };
  outputs.forEach((y, i) => {
    const ct = cotangents[i];
    if (ct && order.has(y.node)) receive(y, ct);
  });
  for (const node of [...order].sort((a, b) => b.id - a.id)) {
    const slots = received.get(node);
    if (!slots || (targets.has(node) && !node.inputs.some((x) => x && order.has(x.node)))) continue;
    const { vjp, type } = node.operator;
    const wanted = node.inputs.some((x) => x && order.has(x.node) && isFloat(x.dtype));
    if (!wanted || !node.outputs.some((y, i) => slots[i] && isFloat(y.dtype))) continue;
    // A float made without a rule is piecewise constant (floor, sign, round): its derivative is zero.
    if (!vjp) continue;
    const parts = vjp(slots as readonly Tensor[], node);
    node.inputs.forEach((x, i) => {
      const part = parts[i];
      if (!x || !part || !order.has(x.node)) return;
      if (
        part.shape.length !== x.shape.length ||
        part.shape.some((n, k) => n !== x.shape[k]) ||
        part.dtype !== x.dtype
      ) {
        throw new Error(`${type}: derivative rule made ${part} for the input ${x}`);
      }
      receive(x, part);
    });
  }
  return inputs.map((x) => received.get(x.node)?.[x.index]);
}

/** The nodes between `outputs` and `targets`, both included. */
function dependents(outputs: readonly Tensor[], targets: ReadonlySet<Node>): Set<Node> {
  const verdict = new Map<Node, boolean>();
  // An explicit stack: graphs are deeper than the call stack.
  const stack: Node[] = outputs.map((y) => y.node);
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (verdict.has(node)) {
      stack.pop();
      continue;
    }
    const open = node.inputs.filter((x) => x && !verdict.has(x.node));
    if (open.length > 0) {
      for (const x of open) stack.push(x.node);
      continue;
    }
    verdict.set(node, targets.has(node) || node.inputs.some((x) => x && verdict.get(x.node)));
    stack.pop();
  }
  const result = new Set<Node>();
  for (const [node, depends] of verdict) if (depends) result.add(node);
  return result;
}
