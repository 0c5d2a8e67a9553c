import { viewOf } from '../tensor/dtype.js';
import { type NDArray, type Spec, sizeOf } from '../tensor/index.js';
import type { Engine } from './engine.js';

/**
 * Arrays given up by the caller, to be written into by a later call. With state handed in and returned at each step, two sets of
 * buffers take turns and nothing is allocated.
 */
export class Buffers {
  readonly #free = new Map<string, NDArray['data'][]>();
  readonly #donated = new WeakSet<object>();
  /** The memory of results, with the one that has it now. */
  readonly #lent = new WeakMap<NDArray['data'], NDArray>();

  constructor(readonly unwritten: Engine['unwritten']) {}

  /** Whether the caller gave this array up. */
  isDonated(given: unknown): boolean {
    return typeof given === 'object' && given !== null && this.#donated.has(given);
  }

  /** An array to write a result into: a donated one where one fits. `key` is that of the result. */
  take({ dtype, shape }: Spec, key: string): NDArray {
    const data = this.#free.get(key)?.pop() ?? this.unwritten(dtype, sizeOf(shape));
    const array = { data, shape, dtype };
    this.#lent.set(data, array);
    return array;
  }

  /** Whether an array is a result that has not been given back, so that its memory is no one else's. */
  isLent(array: NDArray): boolean {
    return this.#lent.get(array.data) === array;
  }

  /** Keeps the buffer of an array of the kind `key` for later; `most` of its kind can be of use. */
  give(given: unknown, array: NDArray, key: string, most: number): void {
    if (typeof given === 'object' && given !== null) this.#donated.add(given);
    this.#lent.delete(array.data);
    this.#keep(array.data, key, most);
  }

  /** Takes a result back: its data are empty from then on, so that no one reads what later calls write there. */
  takeBack(array: NDArray, key: string, most: number): void {
    this.#lent.delete(array.data);
    const buffer = array.data.buffer as ArrayBuffer;
    const data = viewOf(array.dtype, array.data.length, () => structuredClone(buffer, { transfer: [buffer] }));
    this.#keep(data, key, most);
  }

  #keep(data: NDArray['data'], key: string, most: number): void {
    const free = this.#free.get(key) ?? [];
    if (free.length < most) free.push(data);
    this.#free.set(key, free);
  }
}

/** The kind of buffer that holds such an array. */
export function keyOf({ dtype, shape }: Spec): string {
  return `${dtype}[${shape.join()}]`;
}
