import type { Tensor } from '../../tensor/index.js';
import type { Node } from '../../tensor/tensor.js';

/** An input of a node that is being batched: with the batch as its first axis, or the same for the whole batch. */
export interface Batched {
  readonly value: Tensor;
  readonly batched: boolean;
}

/**
 * What becomes of a node when some of its inputs gain a batch of `n` as their first axis: its outputs, all with that axis. Only called
 * when at least one input is batched.
 */
export type BatchRule = (node: Node, inputs: readonly Batched[], n: number) => readonly Tensor[];

/** The input with the batch axis, repeated for every example when it had none. */
export function spread({ value, batched }: Batched, n: number): Tensor {
  return batched ? value : value.expandDims(0).broadcastTo([n, ...value.shape]);
}

/** The input so that it broadcasts against others of `rank` axes beside the batch: ones go between the batch and its own axes. */
export function aligned({ value, batched }: Batched, rank: number): Tensor {
  if (!batched) return value;
  const [n, ...own] = value.shape;
  return value.reshape([n, ...new Array<number>(Math.max(0, rank - own.length)).fill(1), ...own]);
}
