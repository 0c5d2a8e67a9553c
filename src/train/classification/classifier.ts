import { crossEntropy } from '../../losses/index.js';
import { Context, isBuffer, type Layer } from '../../nn/index.js';
import type { Minimizer } from '../../optim/index.js';
import { type Compiled, compile, type SessionOptions } from '../../runtime/index.js';
import { foldIn, type Key } from '../../runtime/random/index.js';
import { merge, partition, type Tensor } from '../../tensor/index.js';
import type { ImageExamples } from '../batches.js';
import { type AugmentedBatch, augmented, type BatchAugmentation, overTargets } from '../options/augmentations.js';
import { type Arrays, initialState, type Tensors, type TrainState, type TrainStep, trainStep } from '../step.js';
import type { ClassifierLoss } from './losses.js';
import type { ClassifierRegularizer, TrainingSize } from './regularizer.js';

export interface Normalization {
  readonly mean: number;
  readonly deviation: number;
}

export interface ClassifierOptions extends SessionOptions {
  readonly normalization: Normalization;
  readonly loss: ClassifierLoss;
  /** The label that the loss does not count. Default: none. */
  readonly ignoreIndex?: number;
  /** What training images go through, in order. Default none. */
  readonly augmentations?: readonly BatchAugmentation[];
  /** What is added to the loss. Default none. */
  readonly regularizers?: readonly ClassifierRegularizer[];
  /** Of how many domains each batch is made, equal parts one after the other. Default: of none. */
  readonly domains?: number;
  /** Of the training set, for regularisers that keep something of it. */
  readonly size?: TrainingSize;
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
  const {
    normalization,
    loss,
    ignoreIndex,
    augmentations = [],
    regularizers = [],
    domains,
    size,
    ...session
  } = options;
  const logitsOf = (variables: Tensors, images: Tensor, context: Context) =>
    model.apply(variables, images.sub(normalization.mean).div(normalization.deviation), context);
  const infer = (variables: Tensors, images: Tensor) => logitsOf(variables, images, new Context({ training: false }));

  const step = trainStep<ImageExamples, AugmentedBatch & { readonly indices: Tensor }>({
    ...session,
    ...(domains !== undefined && { domains }),
    optimizer,
    prepare: ({ images, labels, indices }, key) => ({ ...augmented(augmentations, images, labels, key), indices }),
    objective: ({ params, buffers, batch, carried, key, epoch, context, domains: made }) => {
      const variables = merge(params, buffers);
      const logits = logitsOf(variables, batch.images, context);
      const model = (x: Tensor) => logitsOf(variables, x, new Context({ training: true, key }));
      const epochs = size?.epochs ?? Infinity;
      const seen = { batch, indices: batch.indices, logits, model, loss, epoch, epochs, domains: made, ignoreIndex };
      const added = regularizers.map(({ penalty }, i) =>
        penalty({ ...seen, key: foldIn(foldIn(key, -2), i), carried: (carried[i] ?? {}) as Tensors }),
      );
      const predicted = logits.argmax(1);
      return {
        loss: [overTargets(batch, (y) => loss(logits, y)), ...added.map(({ value }) => value)].reduce((a, b) =>
          a.add(b),
        ),
        carried: Object.fromEntries(Object.entries(carried).map(([i, own]) => [i, added[Number(i)].carried ?? own])),
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
      const kept = regularizers.flatMap(({ state }, i) => {
        if (!state) return [];
        if (!size)
          throw new TypeError('classifier: a regulariser that keeps something needs the size of the training set');
        return [[i, state(size)] as const];
      });
      return initialState(optimizer, { params, buffers, carried: Object.fromEntries(kept) });
    },
    step,
    evaluate,
    infer,
  };
}
