import { initialBank, proximalTerm, updateBank } from '../../algorithms/index.js';
import { classCosines, crossEntropy } from '../../losses/index.js';
import { type Key, normal } from '../../runtime/random/index.js';
import { ndarray, type Tensor, zerosArray } from '../../tensor/index.js';
import { type CountOptions, counted } from '../classification/counts.js';
import type { Arrays, Tensors } from '../step.js';

/** Of what sizes a loss makes its parameters and state. */
export interface EmbeddingSize {
  readonly classes: number;
  /** Of the training set. */
  readonly examples: number;
  /** Length of the embeddings. */
  readonly dimension: number;
}

export interface EmbeddingInput {
  /** Embeddings of each view [n, dimension], in the order of the images. */
  readonly views: readonly Tensor[];
  readonly labels: Tensor;
  /** Places of the images in the training set, [n]. */
  readonly indices: Tensor;
  readonly params: Tensors;
  readonly state: Tensors;
  /** Randomness of this step. */
  readonly key: Tensor;
}

/** A loss of embeddings with what belongs to it. */
export interface EmbeddingObjective {
  /** Views of each image that it compares: one, told apart by labels, or two that the augmentations make. */
  readonly views: 1 | 2;
  /** Whether it knows the training images alone, each by its place. Default false. */
  readonly ofExamples?: boolean;
  /** Parameters of its own, which are trained along. Default none. */
  params?(key: Key, size: EmbeddingSize): Arrays;
  /** What it carries from step to step, before the first. Default nothing. */
  state?(size: EmbeddingSize, key: Key): Arrays;
  loss(input: EmbeddingInput): { readonly loss: Tensor; readonly state?: Tensors };
}

type Labelled = (embeddings: Tensor, labels: Tensor) => Tensor;

export const ofLabels = (fn: Labelled): EmbeddingObjective => ({
  views: 1,
  loss: ({ views: [x], labels }) => ({ loss: fn(x, labels) }),
});

export const ofViews = (fn: (x: Tensor, y: Tensor) => Tensor): EmbeddingObjective => ({
  views: 2,
  loss: ({ views: [x, y] }) => ({ loss: fn(x, y) }),
});

/** A vector of each class, [classes, dimension], or several, [classes, subCenters, dimension]; 0.1 times normal numbers at first. */
export function classWeights(key: Key, { classes, dimension }: EmbeddingSize, subCenters = 1): Arrays {
  const shape = subCenters === 1 ? [classes, dimension] : [classes, subCenters, dimension];
  const { data } = normal(key, shape);
  return {
    weight: ndarray(
      data.map((v) => 0.1 * v),
      { shape },
    ),
  };
}

/** The vectors of {@link classWeights}. */
export const weightOf = ({ params }: EmbeddingInput): Tensor => params.weight as Tensor;

export const ofClasses = (
  fn: (embeddings: Tensor, weights: Tensor, labels: Tensor) => Tensor,
  subCenters = 1,
): EmbeddingObjective => ({
  views: 1,
  params: (key, size) => classWeights(key, size, subCenters),
  loss: (input) => ({ loss: fn(input.views[0], weightOf(input), input.labels) }),
});

/** Cross-entropy of logits that are made of cosines with a vector of each class. */
export const ofCosines = <O extends CountOptions>(
  name: string,
  { weight, ignoreIndex, ...options }: O,
  logits: (cosine: Tensor, labels: Tensor, options: Omit<O, keyof CountOptions>) => Tensor,
): EmbeddingObjective =>
  ofClasses((x, w, y) =>
    crossEntropy(logits(classCosines(x, w, name), y, options), y, counted({ weight, ignoreIndex }, x)),
  );

/** Instance discrimination: a loss of embeddings of length 1 and a bank of those that the training images had last. */
export function ofBank(
  { momentum, proximalWeight = 0 }: { readonly momentum?: number; readonly proximalWeight?: number },
  fn: (
    features: Tensor,
    indices: Tensor,
    bank: Tensor,
    input: EmbeddingInput,
  ) => { readonly loss: Tensor; readonly normalizer?: Tensor },
): EmbeddingObjective {
  return {
    views: 1,
    ofExamples: true,
    // The normaliser is 0 until the first batch has set it.
    state: ({ examples, dimension }, key) => ({
      bank: initialBank(key, examples, dimension),
      normalizer: zerosArray([]),
    }),
    loss: (input) => {
      const { views, indices, state } = input;
      const features = views[0].normalize(-1);
      const bank = state.bank as Tensor;
      const { loss, normalizer = state.normalizer as Tensor } = fn(features, indices, bank, input);
      return {
        loss: proximalWeight === 0 ? loss : loss.add(proximalTerm(features, indices, bank).mul(proximalWeight)),
        state: { bank: updateBank(bank, indices, features, { momentum }), normalizer },
      };
    },
  };
}
