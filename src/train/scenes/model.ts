import { Context, isBuffer, type Layer } from '../../nn/index.js';
import type { Minimizer } from '../../optim/index.js';
import type { SessionOptions } from '../../runtime/index.js';
import { foldIn, type Key } from '../../runtime/random/index.js';
import { merge, type NDArray, partition, type Tensor } from '../../tensor/index.js';
import type { Normalization } from '../classification/classifier.js';
import {
  type Arrays,
  type Examples,
  initialState,
  type ObjectiveValue,
  type Symbolic,
  type Tensors,
  type TrainState,
  type TrainStep,
  trainStep,
} from '../step.js';

/** Pictures with what belongs to them. */
export interface PictureExamples extends Examples {
  /** [n, channels, height, width], 0 to 255. */
  readonly images: NDArray<'uint8'>;
}

/** Training examples on their way to the model: pictures in [0, 1], and what belongs to them. */
export interface Changed<E extends PictureExamples> {
  readonly images: Tensor;
  readonly examples: Symbolic<E>;
}

/** Changes pictures and leaves everything in them in its place. */
export type PictureAugmentation = <E extends PictureExamples>(changed: Changed<E>, key: Tensor) => Changed<E>;

/** What an objective may look at beside what the model says and the examples. */
export interface ObjectiveRest {
  /** Of the loss. */
  readonly params: Tensors;
  /** The pictures in [0, 1], after all augmentations. */
  readonly images: Tensor;
  /** What the model says of other pictures, in training; updates of running statistics are not kept. */
  readonly model: (images: Tensor) => Tensor;
  readonly key: Tensor;
  readonly epoch: Tensor;
}

export interface PictureModelOptions<E extends PictureExamples> extends SessionOptions {
  readonly optimizer: Minimizer;
  readonly normalization: Normalization;
  /** What training examples go through, in order, each with randomness of its own. */
  readonly augmentations: readonly ((changed: Changed<E>, key: Tensor) => Changed<E>)[];
  /** Parameters of the loss, which are trained along. Default none. */
  readonly params?: () => Arrays;
  /** From what the model says of the pictures. */
  readonly objective: (outputs: Tensor, examples: Symbolic<E>, rest: ObjectiveRest) => ObjectiveValue;
}

/** Compiled steps of a model of pictures whose loss needs more than a label. Normalisation of the pictures is part of the model. */
export interface PictureModel<E extends PictureExamples> {
  /** Its `params` are those of the model, `model`, and of the loss, `loss`. */
  init(key: Key): TrainState;
  step: TrainStep<E>;
  /** What the model says of pictures [n, channels, height, width] in [0, 1]. */
  infer(variables: Tensors, images: Tensor): Tensor;
}

/** The variables of the model, of the parameters and statistics of a state, inside a compiled function. */
export const modelVariables = (params: Tensors, buffers: Tensors): Tensors =>
  merge((params as { readonly model: Tensors }).model, buffers);

/** Bytes as numbers in [0, 1]. */
export const inUnitRange = (images: Tensor): Tensor => images.cast('float32').div(255);

/** A model, a loss of what it says, and an optimizer as compiled steps. */
export function pictureModel<E extends PictureExamples>(
  model: Layer<Arrays>,
  options: PictureModelOptions<E>,
): PictureModel<E> {
  const { optimizer, normalization, augmentations, params: lossParams, objective, ...session } = options;
  const apply = (variables: Tensors, images: Tensor, context: Context) =>
    model.apply(variables, images.sub(normalization.mean).div(normalization.deviation), context);
  return {
    init: (key) => {
      const [buffers, weights] = partition(model.init(key), (path) => isBuffer(path));
      return initialState(optimizer, {
        params: { model: weights, loss: lossParams?.() ?? {} },
        buffers,
        carried: {},
      });
    },
    step: trainStep<E, Changed<E>>({
      ...session,
      optimizer,
      prepare: (examples, key) => {
        const { images } = examples as Symbolic<PictureExamples>;
        const given: Changed<E> = { images: inUnitRange(images), examples };
        return augmentations.reduce((changed, change, i) => change(changed, foldIn(key, i)), given);
      },
      objective: ({ params, buffers, batch: { images, examples }, key, epoch, context }) => {
        const { model: weights, loss } = params as { readonly model: Tensors; readonly loss: Tensors };
        const variables = merge(weights, buffers);
        const outputs = apply(variables, images, context);
        const again = (x: Tensor) => apply(variables, x, new Context({ training: true, key }));
        return objective(outputs, examples, { params: loss, images, model: again, key: foldIn(key, -3), epoch });
      },
    }),
    infer: (variables, images) => apply(variables, images, new Context({ training: false })),
  };
}
