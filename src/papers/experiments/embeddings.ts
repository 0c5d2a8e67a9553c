import { classCosines, crossEntropy } from '../../losses/index.js';
import { recallAtK, trueAcceptRate } from '../../metrics/index.js';
import {
  batchNorm,
  Context,
  isBuffer,
  type Layer,
  linear,
  reluLayer,
  type Symbolic,
  sequential,
  type Variables,
} from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, normal, permutation } from '../../runtime/random/index.js';
import {
  type MapTree,
  merge,
  type NDArray,
  ndarray,
  partition,
  type Shape,
  type Tensor,
  zeros,
} from '../../tensor/index.js';
import type { Arm } from '../claim.js';
import type { Labelled } from './gaussians.js';
import { openSet } from './open-set.js';
import { seenNumbers, type TwoDigitOptions, twoDigitNumbers } from './two-digit-numbers.js';

/** Two hidden layers of 128 with batch normalisation, embeddings of 32. */
const encoderOf = (inputs: number): Layer<Variables> =>
  sequential([
    linear(inputs, 128),
    batchNorm(128),
    reluLayer,
    linear(128, 128),
    batchNorm(128),
    reluLayer,
    linear(128, 32),
  ]);

/** What a loss of embeddings may look at besides them. */
export interface EmbeddingBatch<S> {
  /** Weights of the classes, trained along. */
  readonly weights: Tensor;
  /** A scalar that is trained along; 0 where there is none. */
  readonly bias: Tensor;
  readonly labels: Tensor;
  readonly state: S;
}

export interface EmbeddingOptions<S> {
  readonly train: Labelled;
  readonly seed: number;
  /** A loss, or a loss and the next state. */
  readonly loss: (embeddings: Tensor, batch: EmbeddingBatch<S>) => Tensor | readonly [loss: Tensor, state: S];
  /** Shape of the class weights, which begin as 0.1 times normal numbers. Default [100, 32]. */
  readonly weights?: Shape;
  /** Where a scalar begins that is trained along. Default: there is none. */
  readonly bias?: number;
  /** State of the loss before the first step. */
  readonly state?: MapTree<S, Tensor, NDArray> | undefined;
  /** Default 15. */
  readonly epochs?: number;
}

export interface Embedder {
  readonly weights: NDArray;
  /** Embeddings of x, in evaluation mode. */
  embed(x: NDArray): Promise<NDArray>;
}

const batchSize = 128;

/** Trains an encoder, two hidden layers of 128 with batch normalisation and embeddings of 32, with Adam at a rate of 0.002, batches of 128; a last smaller batch is left out. */
export async function embedder<S = Record<string, never>>(options: EmbeddingOptions<S>): Promise<Embedder> {
  const { train, seed, loss, weights: shape = [100, 32], bias, epochs = 15 } = options;
  const encoder = encoderOf(train.x.shape[1]);
  const root = key(seed);
  const [buffers0, body] = partition(encoder.init(foldIn(root, 0)), isBuffer);
  const initial = normal(foldIn(root, 1), shape);
  const minimizer = firstOrder(adam({ learningRate: 0.002 }));
  let params = {
    body,
    weights: ndarray(
      initial.data.map((w) => 0.1 * w),
      { shape },
    ),
    ...(bias !== undefined && { bias: ndarray(bias) }),
  } as never;
  let [buffers, moments, state] = [buffers0, minimizer.init(params), options.state ?? {}] as never[];
  type Params = { readonly body: Symbolic<Variables>; readonly weights: Tensor; readonly bias?: Tensor };

  const step = compile(
    (p: Params, b: Symbolic<Variables>, m: unknown, s: S, indices: Tensor, xs: Tensor, ys: Tensor) => {
      const objective = ({ body: layers, weights, bias = zeros([]) }: Params) => {
        const context = new Context({ training: true });
        const embeddings = encoder.apply(merge(layers, b), xs.gather(indices), context);
        const made = loss(embeddings, { weights, bias, labels: ys.gather(indices), state: s });
        const [value, next] = Array.isArray(made) ? made : [made, s];
        return [value as Tensor, next as S, context.updated(b)] as const;
      };
      const { params: next, state: nextMoments, value } = minimizer.step(objective, p, m);
      return { params: next, moments: nextMoments, state: value[1], buffers: value[2] };
    },
    { name: 'embedding', donate: [0, 1, 2, 3] },
  );
  const n = train.y.shape[0];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(foldIn(foldIn(root, 2), epoch), n).data;
    for (let i = 0; i + batchSize <= n; i += batchSize) {
      const indices = ndarray(order.slice(i, i + batchSize), { dtype: 'int32' });
      ({ params, buffers, moments, state } = (await step(
        params,
        buffers,
        moments,
        state,
        indices,
        train.x,
        train.y,
      )) as never);
    }
  }
  await step.release();
  const { body: trained, weights } = params as { body: Variables; weights: NDArray };
  const infer = compile((variables: Symbolic<Variables>, x: Tensor) =>
    encoder.apply(variables, x, new Context({ training: false })),
  );
  return { weights, embed: (x) => infer(merge(trained, buffers as Variables) as never, x) as Promise<NDArray> };
}

/** How well classes that were not trained on are told apart. */
export async function onUnseen({ embed }: Embedder, test: Labelled): Promise<Arm> {
  const embeddings = await embed(test.x);
  return {
    'recall at 1': recallAtK(embeddings, test.y),
    'true accept rate at 1% false ones': trueAcceptRate(embeddings, test.y),
  };
}

/** {@link onUnseen} of {@link openSet} after training with a loss; each seed has classes of its own. */
export async function onOpenSet<S>(
  seed: number,
  loss: EmbeddingOptions<S>['loss'],
  state?: EmbeddingOptions<S>['state'],
): Promise<Arm> {
  const { train, test } = openSet(key(20_000 + seed));
  return onUnseen(await embedder({ train, seed, loss, state }), test);
}

/** A loss of embeddings, with the scalar that it trains along where it has one. */
export type NumberLoss = Pick<EmbeddingOptions<unknown>, 'loss' | 'bias'>;

/** {@link onUnseen} of {@link twoDigitNumbers} after training with each of some losses, by their names. */
export async function onNumbers(
  seed: number,
  losses: Readonly<Record<string, NumberLoss>>,
  note: (line: string) => void,
  {
    scores = onUnseen,
    ...options
  }: TwoDigitOptions & { readonly scores?: (model: Embedder, test: Labelled) => Promise<Arm> } = {},
): Promise<Record<string, Arm>> {
  const { train, test } = await twoDigitNumbers(seed, options);
  const arms: Record<string, Arm> = {};
  for (const [name, own] of Object.entries(losses)) {
    arms[name] = await scores(await embedder({ train, seed, weights: [seenNumbers, 32], ...own }), test);
    note(`${name} ${arms[name]['recall at 1'].toFixed(3)}`);
  }
  return arms;
}

/** Cross-entropy of the cosines with the class weights, times 16: what margins are compared with. */
export const normalizedSoftmax: EmbeddingOptions<unknown>['loss'] = (x, { weights, labels }) =>
  crossEntropy(classCosines(x, weights).mul(16), labels);
