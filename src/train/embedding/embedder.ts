import { Context, isBuffer, type Layer } from '../../nn/index.js';
import type { Minimizer } from '../../optim/index.js';
import { type Compiled, compile, type SessionOptions } from '../../runtime/index.js';
import { foldIn, type Key } from '../../runtime/random/index.js';
import { concat, merge, partition, type Tensor } from '../../tensor/index.js';
import type { ImageExamples } from '../batches.js';
import type { Normalization } from '../classification/classifier.js';
import { augmented, type BatchAugmentation } from '../options/augmentations.js';
import {
  type Arrays,
  initialState,
  type Symbolic,
  type Tensors,
  type TrainState,
  type TrainStep,
  trainStep,
} from '../step.js';
import type { EmbeddingObjective, EmbeddingSize } from './objective.js';
import type { EmbeddingRegularizer } from './regularizers.js';

type TensorState = Symbolic<TrainState>;

export interface EmbedderOptions extends SessionOptions {
  readonly normalization: Normalization;
  readonly objective: EmbeddingObjective;
  readonly size: EmbeddingSize;
  /** What makes a view of an image, in order. */
  readonly augmentations: readonly BatchAugmentation[];
  /** What is added to the loss. Default nothing. */
  readonly regularizers?: readonly EmbeddingRegularizer[];
}

/** Compiled steps of a model of embeddings. Images are [n, channels, height, width] in [0, 1]. */
export interface Embedder {
  /** Its `params` are those of the model, `model`, and of the loss, `loss`; `carried` is what the loss carries along. */
  init(key: Key): TrainState;
  step: TrainStep<ImageExamples>;
  /** The loss of a batch in evaluation mode; its views are made as in training. */
  evaluate: Compiled<[state: TensorState, examples: Symbolic<ImageExamples>, key: Tensor], Tensor>;
  /** Whether the loss knows the training images alone. */
  readonly ofExamples: boolean;
  /** Embeddings [n, dimension] of images as they are, as the model is exported. */
  embed: Compiled<[variables: Tensors, images: Tensor], Tensor>;
  infer(variables: Tensors, images: Tensor): Tensor;
  /** The loss of the parameters on a batch, for whoever looks at it from outside. */
  lossOf(
    params: Tensors,
    rest: Pick<TensorState, 'buffers' | 'carried'>,
    examples: Symbolic<ImageExamples>,
    key: Tensor,
  ): Tensor;
}

interface Views {
  readonly views: readonly Tensor[];
  readonly labels: Tensor;
  readonly indices: Tensor;
}

/** A model, a loss of its embeddings and an optimizer as compiled steps. Normalisation of the images is part of the model. */
export function embedder(model: Layer<Arrays>, optimizer: Minimizer, options: EmbedderOptions): Embedder {
  const { normalization, objective, size, augmentations, regularizers = [], ...session } = options;
  const apply = (variables: Tensors, images: Tensor, context: Context) =>
    model.apply(variables, images.sub(normalization.mean).div(normalization.deviation), context);
  const infer = (variables: Tensors, images: Tensor) => apply(variables, images, new Context({ training: false }));

  const viewsOf = ({ images, labels, indices }: Symbolic<ImageExamples>, key: Tensor): Views => ({
    views: Array.from(
      { length: objective.views },
      (_, i) => augmented(augmentations, images, labels, foldIn(key, i)).images,
    ),
    labels,
    indices,
  });
  // All views pass as one batch, so that batch normalisation sees them together.
  const measured = (
    { model: weights, loss: params }: { readonly model: Tensors; readonly loss: Tensors },
    { buffers, carried: state }: Pick<TensorState, 'buffers' | 'carried'>,
    { views, ...rest }: Views & { readonly key: Tensor },
    context: Context,
  ) => {
    const embeddings = apply(merge(weights, buffers), concat([...views]), context);
    const parts = embeddings.split(views.length, 0);
    const made = objective.loss({ views: parts, params, state, ...rest });
    const labels = concat(views.map(() => rest.labels));
    return { ...made, loss: regularizers.reduce((sum, penalty) => sum.add(penalty(embeddings, labels)), made.loss) };
  };
  type Params = { readonly model: Tensors; readonly loss: Tensors };

  const step = trainStep<ImageExamples, Views>({
    ...session,
    optimizer,
    prepare: viewsOf,
    objective: ({ params, batch, key, context, ...rest }) => {
      const { loss, state } = measured(params as unknown as Params, rest, { ...batch, key }, context);
      return { loss, carried: state };
    },
  });
  const lossOf: Embedder['lossOf'] = (params, rest, examples, key) =>
    measured(params as unknown as Params, rest, { ...viewsOf(examples, key), key }, new Context({ training: false }))
      .loss;
  const evaluate = compile(
    (state: TensorState, examples: Symbolic<ImageExamples>, key: Tensor) =>
      lossOf(state.params as Tensors, state, examples, key),
    { ...session, name: 'evaluateBatch', argumentNames: ['state', 'examples', 'key'] },
  );
  return {
    init: (key) => {
      const [buffers, weights] = partition(model.init(key), (path) => isBuffer(path));
      const params = { model: weights, loss: objective.params?.(foldIn(key, -1) as Key, size) ?? {} };
      return initialState(optimizer, {
        params,
        buffers,
        carried: objective.state?.(size, foldIn(key, -2) as Key) ?? {},
      });
    },
    step,
    evaluate,
    embed: compile(infer, { ...session, name: 'embed', argumentNames: ['variables', 'images'] }),
    infer,
    lossOf,
    ofExamples: objective.ofExamples ?? false,
  };
}
