import { foldIn } from '../runtime/random/index.js';
import { isTensor, mapTree, type Tensor } from '../tensor/index.js';

export interface ContextOptions {
  /** Whether layers behave as in training: batch statistics, dropout. Default false. */
  readonly training?: boolean;
  /** Key of all random draws; only layers that draw need it. */
  readonly key?: Tensor;
}

/**
 * What one application of a model knows besides its variables: whether it trains, where random draws come from, and the new values of
 * buffers that layers hand back. Make a new one for every application.
 */
export class Context {
  readonly training: boolean;
  readonly #key: Tensor | undefined;
  readonly #updates = new Map<Tensor, Tensor>();
  #drawn = 0;

  constructor({ training = false, key }: ContextOptions = {}) {
    this.training = training;
    this.#key = key;
  }

  /** A fresh key for the layer that asks, in the order of asking. @throws TypeError when the context was made without a key. */
  nextKey(): Tensor {
    if (!this.#key) throw new TypeError('Context: a layer draws random numbers; make the context with a key');
    return foldIn(this.#key, this.#drawn++);
  }

  /**
   * The value of a buffer at this moment: the last one recorded, or the buffer itself. A layer that is applied several times in one
   * step, as to two views of the same images, updates its buffers once for each.
   */
  current(buffer: Tensor): Tensor {
    return this.#updates.get(buffer) ?? buffer;
  }

  /** Records the new value of a buffer, such as a running mean. Nothing flows back through it. */
  update(buffer: Tensor, value: Tensor): void {
    if (value.dtype !== buffer.dtype || value.shape.join() !== buffer.shape.join())
      throw new RangeError(`Context: the new value ${value} of the buffer ${buffer} must have its shape and dtype`);
    this.#updates.set(buffer, value.stopGradient());
  }

  /** The tree with every buffer replaced by its recorded value. */
  updated<V>(variables: V): V {
    return mapTree(variables, (leaf: unknown) => (isTensor(leaf) ? this.current(leaf) : leaf)) as V;
  }
}

/**
 * Whether the variable at `path` is a buffer, state that no gradient trains: its name begins with `running_` or is
 * `num_batches_tracked`, as in PyTorch.
 */
export function isBuffer(path: string): boolean {
  const name = path.slice(path.lastIndexOf('.') + 1);
  return name.startsWith('running_') || name === 'num_batches_tracked';
}
