import { Context, type ContextOptions, isBuffer } from '../nn/index.js';
import type { Minimizer } from '../optim/index.js';
import { type Compiled, compile, type SessionOptions } from '../runtime/index.js';
import { foldIn, type Key } from '../runtime/random/index.js';
import { item, type MapTree, mapTree, merge, type NDArray, ndarray, partition, type Tensor } from '../tensor/index.js';
import type { Measures } from './measures.js';

/** A tree of arrays; its structure is the model's. */
export type Arrays = { readonly [name: string]: NDArray | Arrays };
/** The same structure of tensors, inside a compiled function. */
export type Symbolic<T> = MapTree<T, NDArray, Tensor>;
export type Tensors = Symbolic<Arrays>;

/** Everything a training run carries from step to step, and a checkpoint holds. */
export interface TrainState {
  /** What the optimizer moves. */
  readonly params: Arrays;
  /** Running statistics of the model. */
  readonly buffers: Arrays;
  readonly optimizer: Arrays;
  /** What the objective keeps, by whose it is: records of examples, banks, centres. Empty for most. */
  readonly carried: Arrays;
}

/** Examples: a tree of arrays that have them along their first axes. `indices` are their places in the training set, int32 [n]. */
export type Examples = { readonly indices: NDArray };

/** What an objective is given. */
export interface ObjectiveInput<B> {
  readonly params: Tensors;
  readonly buffers: Tensors;
  /** Weights that stay as they are. */
  readonly frozen: Tensors;
  readonly carried: Tensors;
  /** The examples, prepared. */
  readonly batch: B;
  /** Counted from 0, an int32 scalar. */
  readonly epoch: Tensor;
  /** Randomness of this step. */
  readonly key: Tensor;
  /** Of how many domains the batch is made, equal parts one after the other; undefined where there are none. */
  readonly domains: number | undefined;
  /** For the model, in training; the running statistics that it is handed are kept. */
  readonly context: Context;
}

/** What an objective gives. */
export interface ObjectiveValue {
  readonly loss: Tensor;
  /** Default: as it was. */
  readonly carried?: Tensors;
  /** Means over the batch, by the names of measures. Default none. */
  readonly measures?: Readonly<Record<string, Tensor>>;
}

export type TrainObjective<B> = (input: ObjectiveInput<B>) => ObjectiveValue;

export interface StepOptions<E extends Examples, B> extends SessionOptions {
  readonly optimizer: Minimizer;
  /** What examples go through before the loss sees them: once a step, however often the optimizer looks at the loss. */
  readonly prepare: (examples: Symbolic<E>, key: Tensor) => B;
  readonly objective: TrainObjective<B>;
  /** Default none. They are lent to each step, no part of the state. */
  readonly frozen?: Arrays;
  /** Of how many domains each batch is made, equal parts one after the other, in an order drawn anew for each. Default: of none. */
  readonly domains?: number;
  /** With what batch normalisation normalises. Default: the statistics of batches, which move its running ones. */
  readonly statistics?: ContextOptions['statistics'];
}

/** What tells one step from another. */
export interface StepDraw {
  readonly key: Key;
  readonly epoch: number;
}

export interface Stepped {
  readonly state: TrainState;
  /** How many examples the loss and the measures are means over. */
  readonly samples: number;
  readonly loss: number;
  readonly measures: Measures;
}

/** A compiled step; the state that it is given is used up. */
export interface TrainStep<E extends Examples> extends Pick<Compiled<never, never>, 'stats' | 'release'> {
  (state: TrainState, examples: E, draw: StepDraw): Promise<Stepped>;
}

/** The variables of the model, of a state whose `params` are those of the model, `model`, and of its loss. */
export const weightsOf = ({ params, buffers }: Pick<TrainState, 'params' | 'buffers'>): Arrays =>
  merge(params.model as Arrays, buffers);

/** The state before the first step. */
export function initialState(optimizer: Minimizer, parts: Omit<TrainState, 'optimizer'>): TrainState {
  return { ...parts, optimizer: optimizer.init(parts.params) as Arrays };
}

/** The same for a model's variables, its running statistics apart, with nothing carried. */
export function modelState(optimizer: Minimizer, variables: Arrays): TrainState {
  const [buffers, params] = partition(variables, (path) => isBuffer(path));
  return initialState(optimizer, { params, buffers, carried: {} });
}

/** One step of an optimizer on the objective of any task. */
export function trainStep<E extends Examples, B>(options: StepOptions<E, B>): TrainStep<E> {
  const { optimizer, prepare, objective, frozen = {}, domains, statistics, ...session } = options;
  const run = compile(
    (state: Symbolic<TrainState>, examples: Symbolic<E>, given: { key: Tensor; epoch: Tensor; frozen: Tensors }) => {
      const { key } = given;
      const minimised = (batch: B, made: number | undefined) => (params: Tensors) => {
        // The model draws with the key folded with 0, 1, ...
        const context = new Context({ training: true, key, statistics });
        const { buffers, carried } = state;
        const value = objective({ params, buffers, carried, batch, context, domains: made, ...given });
        const kept = { buffers: context.updated(buffers), carried: value.carried ?? carried };
        return [value.loss, kept, value.measures ?? {}] as const;
      };
      const drawn = foldIn(key, -1);
      const whole = minimised(prepare(examples, drawn), domains);
      const next = optimizer.step(whole, state.params, state.optimizer, {
        key: foldIn(key, -3),
        ...(domains !== undefined && {
          domains: () => parts(examples, domains).map((part, i) => minimised(prepare(part, foldIn(drawn, i)), 1)),
        }),
      });
      const [loss, kept, measures] = next.value;
      return { state: { params: next.params, optimizer: next.state as Tensors, ...kept }, loss, measures };
    },
    { ...session, name: 'trainStep', donate: [0], argumentNames: ['state', 'examples', 'given'] },
  ) as unknown as Compiled<[unknown, unknown, unknown], { state: unknown; loss: Tensor; measures: Tensors }>;
  const step = async (state: TrainState, examples: E, { key, epoch }: StepDraw): Promise<Stepped> => {
    const result = await run(state, examples, { key, epoch: ndarray(epoch, { dtype: 'int32' }), frozen });
    const measures = Object.entries(result.measures as Readonly<Record<string, NDArray>>);
    return {
      state: result.state as TrainState,
      samples: examples.indices.shape[0],
      loss: item(result.loss),
      measures: Object.fromEntries(measures.map(([name, value]) => [name, item(value)])),
    };
  };
  return Object.assign(step, { stats: run.stats, release: run.release });
}

/** Trees of tensors with equal parts of the rows of each, one after the other. */
export function parts<T>(tree: T, count: number): T[] {
  return Array.from(
    { length: count },
    (_, i) =>
      mapTree(tree, (leaf: Tensor) => {
        const rows = leaf.shape[0] / count;
        return leaf.slice([[i * rows, (i + 1) * rows]]);
      }) as T,
  );
}
