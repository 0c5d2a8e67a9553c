import { allocate, type NDArray, type Spec, sizeOf } from '../tensor/index.js';

/**
 * Arrays given up by the caller, to be written into by a later call. With state handed in and returned at each step, two sets of
 * buffers take turns and nothing is allocated.
 */
export class Buffers {
  readonly #free = new Map<string, NDArray['data'][]>();
  readonly #donated = new WeakSet<object>();

  /** Whether the caller gave this array up in an earlier call. */
  isDonated(given: unknown): boolean {
    return typeof given === 'object' && given !== null && this.#donated.has(given);
  }

  /** An array to write a result into: a donated one where one fits. */
  take(spec: Spec): NDArray {
    const data = this.#free.get(keyOf(spec))?.pop() ?? allocate(spec.dtype, sizeOf(spec.shape));
    return { data, shape: spec.shape, dtype: spec.dtype };
  }

  /** Keeps the buffer of an array for later; `most` of its kind can be of use. */
  give(given: unknown, array: NDArray, most: number): void {
    if (typeof given === 'object' && given !== null) this.#donated.add(given);
    const key = keyOf(array);
    const free = this.#free.get(key) ?? [];
    if (free.length < most) free.push(array.data);
    this.#free.set(key, free);
  }
}

export function keyOf({ dtype, shape }: Spec): string {
  return `${dtype}[${shape.join()}]`;
}
