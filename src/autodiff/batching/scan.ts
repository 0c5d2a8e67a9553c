import type { Tensor } from '../../tensor/index.js';
import { isReversed, makeScan, partsOf, type ScanNode, standIn } from '../scan.js';
import { type Batched, spread } from './rule.js';

/**
 * A loop over a batch: every state gains the batch, sequences where they have it, behind the axis that the loop walks along.
 *
 * @param batchBody the batched forms of tensors, given those of the body's parameters.
 */
export function batchScan(
  node: ScanNode,
  inputs: readonly Batched[],
  n: number,
  batchBody: (results: readonly Tensor[], given: ReadonlyMap<Tensor, Batched>) => readonly Batched[],
): readonly Tensor[] {
  const { body, num_scan_inputs } = node.attributes;
  const carries = inputs.length - body.captured - num_scan_inputs;
  const isSequence = (i: number) => i >= carries && i < carries + num_scan_inputs;
  const batched = inputs.map((x, i) => x.batched || i < carries);
  // What is the same for every example keeps its stand-in: what follows from it alone stays as it is.
  const standIns = body.parameters.map((x, i) => (batched[i] ? standIn([n, ...x.shape], x.dtype) : x));
  const values = inputs.map((x, i) => {
    if (i < carries) return spread(x, n);
    return x.batched && isSequence(i) ? x.value.swapAxes(0, 1) : x.value;
  });
  const given = new Map(body.parameters.map((x, i) => [x, { value: standIns[i], batched: batched[i] }]));
  const results = batchBody(body.results, given).map((y) => spread(y, n));
  const made = makeScan(partsOf(node, standIns), results, partsOf(node, values), isReversed(node));
  return made.map((y, i) => (i < carries ? y : y.swapAxes(0, 1)));
}
