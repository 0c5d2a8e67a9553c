import { stack, type Tensor } from '../tensor/index.js';
import { leavesOf, mapTree, unflatten } from '../tensor/tree.js';

/**
 * Applies `step` along the first axis of the leaves of `inputs`: carry, output = step(carry, inputs[i]) for each i. Returns the last carry and
 * the outputs along a new first axis. The loop is unrolled into the graph.
 *
 * @throws RangeError when the leaves of `inputs` differ in length, or there is nothing to go over.
 */
export function scan<C, X, Y>(
  step: (carry: C, input: X) => readonly [carry: C, output: Y],
  carry: C,
  inputs: X,
): [carry: C, outputs: Y] {
  const lengths = leavesOf<Tensor>(inputs).map(({ value }) => value.shape[0]);
  const n = lengths[0];
  if (!n || lengths.some((length) => length !== n))
    throw new RangeError(
      `scan: inputs have the lengths ${lengths.join(', ') || 'of nothing'}; they must agree and not be 0`,
    );
  let state = carry;
  const outputs: Y[] = [];
  for (let i = 0; i < n; i++) {
    const [next, output] = step(state, mapTree(inputs, (leaf: Tensor) => leaf.at(i)) as X);
    state = next;
    outputs.push(output);
  }
  const columns = outputs.map((output) => leavesOf<Tensor>(output).map((leaf) => leaf.value));
  return [
    state,
    unflatten(
      outputs[0],
      columns[0].map((_, k) => stack(columns.map((row) => row[k]))),
    ) as Y,
  ];
}
