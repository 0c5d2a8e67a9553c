import type { Named } from '../onnx/encode.js';
import { isTensor, type Tensor } from '../tensor/index.js';
import { input } from '../tensor/ops/constant.js';
import { leavesOf, mapTree } from '../tensor/tree.js';
import { type Argument, nameOfArgument } from './arrays.js';
import type { Device } from './engine.js';
import { lower } from './lower.js';

/** A function run once on symbols. */
export interface Traced {
  readonly inputs: readonly Named[];
  /** The tensors of the result, with the paths at which they stand. */
  readonly outputs: readonly Named[];
  /** The result; its tensors are those of `outputs`, in order. */
  readonly result: unknown;
}

/** Runs `fn` on symbols in place of the arrays of its arguments. The outputs are lowered for the device, or for any model without one. */
export function trace(
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
  names: readonly string[],
  leaves: readonly Argument[],
  device?: Device,
): Traced {
  const inputs: Named[] = [];
  const byPath = new Map(leaves.map((leaf) => [leaf.path, leaf]));
  const symbolic = args.map((arg, i) =>
    mapTree(
      arg,
      (_, path) => {
        const leaf = byPath.get(path) as Argument;
        if (!('array' in leaf)) return leaf.fixed;
        const tensor = input(path, leaf.array.shape, leaf.array.dtype);
        inputs.push({ name: path, tensor });
        return tensor;
      },
      nameOfArgument(names, i),
    ),
  );
  const result = fn(...(symbolic as never[]));
  if (result instanceof Promise)
    throw new TypeError('the function is async; a traced function must return tensors, not a promise');
  const found = leavesOf(result).filter((leaf): leaf is { path: string; value: Tensor } => isTensor(leaf.value));
  const lowered = lower(
    found.map((leaf) => leaf.value),
    device,
  );
  return { inputs, outputs: found.map(({ path }, i) => ({ name: path || 'result', tensor: lowered[i] })), result };
}
