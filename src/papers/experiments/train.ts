import { crossEntropy } from '../../losses/index.js';
import { Context, isBuffer, type Layer, mlp, type Symbolic, type Variables } from '../../nn/index.js';
import { cosine, firstOrder, type Minimizer, sgd } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, permutation } from '../../runtime/random/index.js';
import { isTensor, type MapTree, merge, type NDArray, ndarray, partition, type Tensor } from '../../tensor/index.js';

/** What an objective may look at besides the logits. */
export interface Batch<S> {
  readonly x: Tensor;
  /** Labels or other targets. */
  readonly labels: Tensor;
  /** Where the examples stand in the training set, [batch]. */
  readonly indices: Tensor;
  readonly epoch: Tensor;
  /** All variables: the parameters that the gradient is taken of, and buffers. */
  readonly params: Symbolic<Variables>;
  /** The objective's own state, such as a table of past outputs. */
  readonly state: S;
}

export interface TrainingOptions<S> {
  /** Examples along the first axes: inputs, and labels or other targets. */
  readonly train: { readonly x: NDArray; readonly y: NDArray };
  readonly model: Layer<Variables>;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Given the number of steps. Default: SGD with momentum 0.9, its rate 0.1 falling to 0 along a cosine. */
  readonly optimizer?: (steps: number) => Minimizer;
  /** Default: cross-entropy. A loss, or a loss and the next state. */
  readonly objective?: ((logits: Tensor, batch: Batch<S>) => Tensor | readonly [loss: Tensor, state: S]) | undefined;
  /** State of the objective before the first step. */
  readonly state?: MapTree<S, Tensor, NDArray>;
}

export interface Trained<S = unknown> {
  readonly variables: Variables;
  /** The objective's state after the last step. */
  readonly state: MapTree<S, Tensor, NDArray>;
  /** Logits for x, in evaluation mode. */
  logits(x: NDArray): Promise<NDArray>;
  /** Mean loss of the last epoch. */
  readonly loss: number;
}

/** ReLU perceptron of the given sizes. */
export const perceptron = (...sizes: number[]): Layer<Variables> => mlp({ sizes });

/** Trains a model on a small set held in memory, every epoch in an order of its own; the last smaller batch is left out. */
export async function trained<S = Record<string, never>>(options: TrainingOptions<S>): Promise<Trained<S>> {
  const { train, model, epochs, batchSize, seed } = options;
  const { objective = (logits: Tensor, { labels }: Batch<S>) => crossEntropy(logits, labels) } = options;
  const n = train.y.shape[0];
  const stepsPerEpoch = Math.floor(n / batchSize);
  const { optimizer = (steps) => firstOrder(sgd({ learningRate: cosine(0.1, { steps }), momentum: 0.9 })) } = options;
  const minimizer = optimizer(stepsPerEpoch * epochs);
  const root = key(seed);
  let [buffers, variables] = partition<Variables>(model.init(foldIn(root, 0)), isBuffer);

  const step = compile(
    (
      params: Symbolic<Variables>,
      moments: unknown,
      state: S,
      rest: Symbolic<Variables>,
      indices: Tensor,
      epoch: Tensor,
      xs: Tensor,
      ys: Tensor,
    ) => {
      const [x, labels] = [xs.gather(indices), ys.gather(indices)];
      const loss = (p: Symbolic<Variables>) => {
        const context = new Context({ training: true });
        const all = merge(p, rest);
        const logits = model.apply(all, x, context);
        const result = objective(logits, { x, labels, indices, epoch, params: all, state });
        const [value, next] = isTensor(result) ? [result, state] : result;
        return [value, next, context.updated(rest)] as const;
      };
      const { params: next, state: nextMoments, value } = minimizer.step(loss, params, moments);
      return { params: next, moments: nextMoments, state: value[1], rest: value[2], loss: value[0] };
    },
    { name: 'experiment', donate: [0, 1, 2, 3] },
  );
  let moments = minimizer.init(variables) as never;
  let state = (options.state ?? {}) as never;
  let last = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(foldIn(foldIn(root, 1), epoch), n).data;
    last = 0;
    for (let i = 0; i < stepsPerEpoch; i++) {
      const indices = ndarray(order.slice(i * batchSize, (i + 1) * batchSize), { dtype: 'int32' });
      const made = await step(
        variables as never,
        moments,
        state,
        buffers as never,
        indices,
        ndarray(epoch, { dtype: 'int32' }),
        train.x,
        train.y,
      );
      variables = made.params as Variables;
      moments = made.moments as never;
      state = made.state as never;
      buffers = made.rest as Variables;
      last += Number(made.loss.data[0]) / stepsPerEpoch;
    }
  }
  await step.release();
  variables = merge(variables, buffers);
  const infer = compile((p: Symbolic<Variables>, x: Tensor) => model.apply(p, x, new Context({ training: false })));
  return { variables, state, loss: last, logits: (x) => infer(variables as never, x) as Promise<NDArray> };
}
