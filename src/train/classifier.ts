import { crossEntropy } from '../losses/index.js';
import { Context, isBuffer, type Layer } from '../nn/index.js';
import type { Minimizer } from '../optim/index.js';
import { type Compiled, compile, type SessionOptions } from '../runtime/index.js';
import { foldIn, type Key } from '../runtime/random/index.js';
import { merge, partition, type Tensor } from '../tensor/index.js';
import { type AugmentedBatch, augmented, type BatchAugmentation, overTargets } from './augmentations.js';
import type { ImageExamples } from './batches.js';
import type { ClassifierLoss } from './losses.js';
import type { ClassifierRegularizer } from './regularizers.js';
import { type Arrays, initialState, type Tensors, type TrainState, type TrainStep, trainStep } from './step.js';

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
  /** It measures `accuracy`. */
  step: TrainStep<ImageExamples>;
  /** Of each image: cross-entropy, the class that is predicted, and its probability. */
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

  const step = trainStep<ImageExamples, AugmentedBatch>({
    ...session,
    optimizer,
    prepare: ({ images, labels }, key) => augmented(augmentations, images, labels, key),
    objective: ({ params, buffers, batch, key, context }) => {
      const variables = merge(params, buffers);
      const logits = logitsOf(variables, batch.images, context);
      const model = (x: Tensor) => logitsOf(variables, x, new Context({ training: true, key }));
      const penalties = regularizers.map((regularizer, i) =>
        regularizer({ batch, logits, model, loss, key: foldIn(foldIn(key, -2), i) }),
      );
      const predicted = logits.argmax(1);
      return {
        loss: [overTargets(batch, (y) => loss(logits, y)), ...penalties].reduce((a, b) => a.add(b)),
        measures: { accuracy: overTargets(batch, (y) => predicted.equal(y).cast('float32').mean()) },
      };
    },
  });

  const evaluate = compile(
    function evaluateBatch(variables: Tensors, images: Tensor, labels: Tensor) {
      const logits = infer(variables, images);
      return {
        loss: crossEntropy(logits, labels, { reduction: 'none' }),
        predicted: logits.argmax(1),
        confidence: logits.softmax(1).max(1),
      };
    },
    { ...session, argumentNames: ['variables', 'images', 'labels'] },
  );

  return {
    init: (key) => {
      const [buffers, params] = partition(model.init(key), (path) => isBuffer(path));
      return initialState(optimizer, { params, buffers, carried: {} });
    },
    step,
    evaluate,
    infer,
  };
}
