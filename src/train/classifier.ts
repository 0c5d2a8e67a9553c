import { crossEntropy } from '../losses/index.js';
import { Context, isBuffer, type Layer } from '../nn/index.js';
import type { Minimizer } from '../optim/index.js';
import { type Compiled, compile, type SessionOptions } from '../runtime/index.js';
import { foldIn, type Key } from '../runtime/random/index.js';
import { type MapTree, merge, type NDArray, partition, type Tensor } from '../tensor/index.js';
import { augmented, type BatchAugmentation, overTargets } from './augmentations.js';
import type { ClassifierLoss } from './losses.js';
import type { ClassifierRegularizer } from './regularizers.js';

/** A tree of arrays; its structure is the model's. */
export type Arrays = { readonly [name: string]: NDArray | Arrays };
export type Tensors = MapTree<Arrays, NDArray, Tensor>;

/** Everything a training run carries from step to step. */
export interface TrainState {
  readonly params: Arrays;
  readonly buffers: Arrays;
  readonly optimizer: Arrays;
}

type TensorState = MapTree<TrainState, NDArray, Tensor>;

export interface Normalization {
  readonly mean: number;
  readonly deviation: number;
}

export interface ClassifierOptions extends SessionOptions {
  readonly normalization: Normalization;
  readonly loss: ClassifierLoss;
  /** What training images go through, in order. Default none. */
  readonly augmentations?: readonly BatchAugmentation[];
  /** What is added to the loss. Default none. */
  readonly regularizers?: readonly ClassifierRegularizer[];
}

/** Compiled steps of a classifier: one to train, one to evaluate. Images are [n, channels, height, width] in [0, 1]. */
export interface Classifier {
  init(key: Key): TrainState;
  step: Compiled<
    [state: TensorState, images: Tensor, labels: Tensor, key: Tensor],
    { state: TensorState; loss: Tensor; correct: Tensor }
  >;
  evaluate: Compiled<
    [variables: Tensors, images: Tensor, labels: Tensor],
    { loss: Tensor; predicted: Tensor; confidence: Tensor }
  >;
  /** What the model computes from images, as it is exported. */
  infer(variables: Tensors, images: Tensor): Tensor;
}

/** A model, a loss and an optimizer as compiled steps. Normalisation of the images is part of the model. */
export function classifier(model: Layer<Arrays>, optimizer: Minimizer, options: ClassifierOptions): Classifier {
  const { normalization, loss, augmentations = [], regularizers = [], ...session } = options;
  const logitsOf = (variables: Tensors, images: Tensor, context: Context) =>
    model.apply(variables, images.sub(normalization.mean).div(normalization.deviation), context);
  const infer = (variables: Tensors, images: Tensor) => logitsOf(variables, images, new Context({ training: false }));

  const step = compile(
    function trainStep(
      { params, buffers, optimizer: moments }: TensorState,
      images: Tensor,
      labels: Tensor,
      key: Tensor,
    ) {
      // The model draws with the key folded with 0, 1, ...; every evaluation of the objective sees one and the same batch.
      const batch = augmented(augmentations, images, labels, foldIn(key, -1));
      const objective = (p: Tensors) => {
        const context = new Context({ training: true, key });
        const variables = merge(p, buffers);
        const logits = logitsOf(variables, batch.images, context);
        const model = (x: Tensor) => logitsOf(variables, x, new Context({ training: true, key }));
        const penalties = regularizers.map((regularizer, i) =>
          regularizer({ batch, logits, model, loss, key: foldIn(foldIn(key, -2), i) }),
        );
        const value = [overTargets(batch, (y) => loss(logits, y)), ...penalties].reduce((a, b) => a.add(b));
        return [value, logits, context.updated(buffers)] as const;
      };
      const step = optimizer.step(objective, params, moments);
      const [value, logits, updatedBuffers] = step.value;
      const predicted = logits.argmax(1);
      const correct = overTargets(batch, (y) => predicted.equal(y).cast('float32').sum());
      return {
        state: { params: step.params, buffers: updatedBuffers, optimizer: step.state } as TensorState,
        loss: value,
        correct,
      };
    },
    { ...session, donate: [0], argumentNames: ['state', 'images', 'labels', 'key'] },
  );

  const evaluate = compile(
    function evaluateBatch(variables: Tensors, images: Tensor, labels: Tensor) {
      const logits = infer(variables, images);
      const predicted = logits.argmax(1);
      return {
        loss: crossEntropy(logits, labels, { reduction: 'sum' }),
        predicted,
        confidence: logits.softmax(1).max(1),
      };
    },
    { ...session, argumentNames: ['variables', 'images', 'labels'] },
  );

  return {
    init: (key) => {
      const [buffers, params] = partition(model.init(key), (path) => isBuffer(path));
      return { params, buffers, optimizer: optimizer.init(params) as Arrays };
    },
    step,
    evaluate,
    infer,
  };
}
