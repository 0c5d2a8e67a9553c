import { Context, isBuffer, type Layer } from '../../nn/index.js';
import type { Minimizer } from '../../optim/index.js';
import { type Compiled, compile, type SessionOptions } from '../../runtime/index.js';
import { foldIn, type Key } from '../../runtime/random/index.js';
import { concat, merge, partition, type Tensor } from '../../tensor/index.js';
import { augmented, type BatchAugmentation } from '../augmentations.js';
import type { ImageExamples } from '../batches.js';
import type { Normalization } from '../classifier.js';
import {
  type Arrays,
  initialState,
  type Symbolic,
  type Tensors,
  type TrainState,
  type TrainStep,
  trainStep,
} from '../step.js';
import type { EmbeddingObjective, EmbeddingSize } from './losses.js';

type TensorState = Symbolic<TrainState>;

export interface EmbedderOptions extends SessionOptions {
  readonly normalization: Normalization;
  readonly objective: EmbeddingObjective;
  readonly size: EmbeddingSize;
  /** What makes a view of an image, in order. */
  readonly augmentations: readonly BatchAugmentation[];
}

/** Compiled steps of a model of embeddings. Images are [n, channels, height, width] in [0, 1]. */
export interface Embedder {
  /** Its `params` are those of the model, `model`, and of the loss, `loss`; `carried` is what the loss carries along. */
  init(key: Key): TrainState;
  step: TrainStep<ImageExamples>;
  /** The loss of a batch in evaluation mode; its views are made as in training. */
  evaluate: Compiled<[state: TensorState, images: Tensor, labels: Tensor, key: Tensor], Tensor>;
  /** Embeddings [n, dimension] of images as they are, as the model is exported. */
  embed: Compiled<[variables: Tensors, images: Tensor], Tensor>;
  infer(variables: Tensors, images: Tensor): Tensor;
  /** The loss of the parameters on a batch, for whoever looks at it from outside. */
  lossOf(
    params: Tensors,
    rest: Pick<TensorState, 'buffers' | 'carried'>,
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
    Array.from({ length: objective.views }, (_, i) => augmented(augmentations, images, labels, foldIn(key, i)).images);
  // All views pass as one batch, so that batch normalisation sees them together.
  const measured = (
    { model: weights, loss: params }: { readonly model: Tensors; readonly loss: Tensors },
    { buffers, carried: state }: Pick<TensorState, 'buffers' | 'carried'>,
    views: readonly Tensor[],
    labels: Tensor,
    context: Context,
  ) => {
    const embeddings = apply(merge(weights, buffers), concat([...views]), context);
    const parts = embeddings.split(views.length, 0);
    return objective.loss({ views: parts, labels, params, state });
  };
  type Params = { readonly model: Tensors; readonly loss: Tensors };
  type Views = { readonly views: readonly Tensor[]; readonly labels: Tensor };

  const step = trainStep<ImageExamples, Views>({
    ...session,
    optimizer,
    prepare: ({ images, labels }, key) => ({ views: viewsOf(images, labels, key), labels }),
    objective: ({ params, batch: { views, labels }, context, ...rest }) => {
      const { loss, state } = measured(params as unknown as Params, rest, views, labels, context);
      return { loss, carried: state };
    },
  });
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
      return initialState(optimizer, { params, buffers, carried: objective.state?.(size) ?? {} });
    },
    step,
    evaluate,
    embed: compile(infer, { ...session, name: 'embed', argumentNames: ['variables', 'images'] }),
    infer,
    lossOf,
  };
}
