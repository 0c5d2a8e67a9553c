import { foldIn } from '../runtime/random/index.js';
import { isTensor, mapTree, type Tensor } from '../tensor/index.js';

/** Which mean and variance batch normalisation takes: a mixture of its running statistics, those of the source, and the batch's own. */
export interface BatchNormStatistics {
  /** Weight alpha of the running statistics, from 0 to 1; the batch's have the rest. A tensor is one number. */
  readonly sourceWeight: number | Tensor;
  /** Take n - 1 in the denominator of the batch's variance, as AlphaBatchNorm of other code does. Default false: n, with which training normalises. */
  readonly unbiased?: boolean;
}

export interface ContextOptions {
  /** Whether layers behave as in training: batch statistics, dropout. Default false. */
  readonly training?: boolean;
  /**
   * What every batch normalisation normalises with, whether the rest trains or not; running statistics then stay as they are. With a source
   * weight of 0 this is test-time normalisation, with 1 evaluation. Default: the batch's own statistics in training, else the running ones.
   */
  readonly statistics?: BatchNormStatistics | undefined;
  /** Key of all random draws; only layers that draw need it. */
  readonly key?: Tensor;
}

/**
 * What one application of a model knows besides its variables: whether it trains, where random draws come from, and the new values of
 * buffers that layers hand back. Make a new one for every application.
 */
export class Context {
  readonly training: boolean;
  readonly statistics: BatchNormStatistics | undefined;
  readonly #key: Tensor | undefined;
  readonly #updates = new Map<Tensor, Tensor>();
  #drawn = 0;

  constructor({ training = false, statistics, key }: ContextOptions = {}) {
    this.training = training;
    this.statistics = statistics;
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
