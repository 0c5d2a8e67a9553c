import { Context, isBuffer, type Layer } from '../../nn/index.js';
import type { Minimizer } from '../../optim/index.js';
import { type Compiled, compile, type SessionOptions } from '../../runtime/index.js';
import { foldIn, type Key } from '../../runtime/random/index.js';
import { concat, type MapTree, merge, type NDArray, partition, type Tensor } from '../../tensor/index.js';
import { augmented, type BatchAugmentation } from '../augmentations.js';
import type { Arrays, Normalization, Tensors, TrainState } from '../classifier.js';
import type { EmbeddingObjective, EmbeddingSize } from './losses.js';

/** A training state with what the loss carries along; its `params` are those of the model, `model`, and of the loss, `loss`. */
export interface EmbeddingState extends TrainState {
  readonly objective: Arrays;
}

type TensorState = MapTree<EmbeddingState, NDArray, Tensor>;

export interface EmbedderOptions extends SessionOptions {
  readonly normalization: Normalization;
  readonly objective: EmbeddingObjective;
  readonly size: EmbeddingSize;
  /** What makes a view of an image, in order. */
  readonly augmentations: readonly BatchAugmentation[];
}

/** Compiled steps of a model of embeddings. Images are [n, channels, height, width] in [0, 1]. */
export interface Embedder {
  init(key: Key): EmbeddingState;
  step: Compiled<
    [state: TensorState, images: Tensor, labels: Tensor, key: Tensor],
    { state: TensorState; loss: Tensor }
  >;
  /** The loss of a batch in evaluation mode; its views are made as in training. */
  evaluate: Compiled<[state: TensorState, images: Tensor, labels: Tensor, key: Tensor], Tensor>;
  /** Embeddings [n, dimension] of images as they are, as the model is exported. */
  embed: Compiled<[variables: Tensors, images: Tensor], Tensor>;
  infer(variables: Tensors, images: Tensor): Tensor;
  /** The loss of the parameters on a batch, for whoever looks at it from outside. */
  lossOf(
    params: Tensors,
    rest: Pick<TensorState, 'buffers' | 'objective'>,
    images: Tensor,
    labels: Tensor,
    key: Tensor,
  ): Tensor;
}

/** A model, a loss of its embeddings and an optimizer as compiled steps. Normalisation of the images is part of the model. */
export function embedder(model: Layer<Arrays>, optimizer: Minimizer, options: EmbedderOptions): Embedder {
  const { normalization, objective, size, augmentations, ...session } = options;
  const apply = (variables: Tensors, images: Tensor, context: Context) =>
    model.apply(variables, images.sub(normalization.mean).div(normalization.deviation), context);
  const infer = (variables: Tensors, images: Tensor) => apply(variables, images, new Context({ training: false }));

  const viewsOf = (images: Tensor, labels: Tensor, key: Tensor): Tensor[] =>
    Array.from({ length: objective.views }, (_, i) => {
      const view = augmented(augmentations, images, labels, foldIn(key, i));
      if (view.targets.length > 1)
        throw new TypeError('train: a loss of embeddings takes no mixed images; leave out mixup and cutMix');
      return view.images;
    });
  // All views pass as one batch, so that batch normalisation sees them together.
  const measured = (
    { model: weights, loss: params }: { readonly model: Tensors; readonly loss: Tensors },
    { buffers, objective: state }: Pick<TensorState, 'buffers' | 'objective'>,
    views: readonly Tensor[],
    labels: Tensor,
    context: Context,
  ) => {
    const embeddings = apply(merge(weights, buffers), concat([...views]), context);
    const parts = embeddings.split(views.length, 0);
    return objective.loss({ views: parts, labels, params, state });
  };
  type Params = { readonly model: Tensors; readonly loss: Tensors };

  const step = compile(
    function trainStep(given: TensorState, images: Tensor, labels: Tensor, key: Tensor) {
      const views = viewsOf(images, labels, foldIn(key, -1));
      const minimised = (p: Params) => {
        const context = new Context({ training: true, key });
        const { loss, state = given.objective } = measured(p, given, views, labels, context);
        return [loss, state, context.updated(given.buffers)] as const;
      };
      const next = optimizer.step(minimised, given.params as unknown as Params, given.optimizer);
      const [loss, state, buffers] = next.value;
      return {
        state: { params: next.params, buffers, optimizer: next.state, objective: state } as unknown as TensorState,
        loss,
      };
    },
    { ...session, donate: [0], argumentNames: ['state', 'images', 'labels', 'key'] },
  );
  const lossOf: Embedder['lossOf'] = (params, rest, images, labels, key) =>
    measured(params as unknown as Params, rest, viewsOf(images, labels, key), labels, new Context({ training: false }))
      .loss;
  const evaluate = compile(
    (state: TensorState, images: Tensor, labels: Tensor, key: Tensor) =>
      lossOf(state.params as Tensors, state, images, labels, key),
    { ...session, name: 'evaluateBatch', argumentNames: ['state', 'images', 'labels', 'key'] },
  );
  return {
    init: (key) => {
      const [buffers, weights] = partition(model.init(key), (path) => isBuffer(path));
      const params = { model: weights, loss: objective.params?.(foldIn(key, -1) as Key, size) ?? {} };
      return { params, buffers, optimizer: optimizer.init(params) as Arrays, objective: objective.state?.(size) ?? {} };
    },
    step,
    evaluate,
    embed: compile(infer, { ...session, name: 'embed', argumentNames: ['variables', 'images'] }),
    infer,
    lossOf,
  };
}
