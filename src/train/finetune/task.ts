import { crossEntropy } from '../../losses/index.js';
import { Context } from '../../nn/index.js';
import type { Minimizer } from '../../optim/index.js';
import { compile, type SessionOptions } from '../../runtime/index.js';
import { key as makeKey } from '../../runtime/random/index.js';
import { type NDArray, type Shape, showShape, type Tensor } from '../../tensor/index.js';
import { meanOf, overBatches } from '../batches.js';
import { shareEqual } from '../classification/evaluate.js';
import type { Measured, Task } from '../loop.js';
import type { Measures } from '../measures.js';
import { initialState, type TrainState, trainStep } from '../step.js';
import type { Adapted, Flat } from './adapted.js';
import type { FinetuneData, Samples } from './data.js';

/**
 * Answers on the whole test set, in its order. The loss is cross-entropy, or for numbers the run's own; it measures `accuracy`, or for numbers
 * `error`, the root mean squared one.
 */
export interface FinetuneEvaluation extends Measured {
  /** The class predicted, or the number. */
  readonly predicted: Float32Array;
  /** Largest softmax probability of each sample, of classifications. */
  readonly confidence: Float32Array;
  readonly targets: Float32Array;
}

export interface FinetuneTaskOptions extends SessionOptions {
  readonly batchSize: number;
  readonly optimizer: Minimizer;
  /** Of outputs [n, classes] and labels [n], or predictions [n] and targets [n]. */
  readonly loss: (output: Tensor, targets: Tensor) => Tensor;
}

type TensorParts = Readonly<Record<'params' | 'buffers' | 'frozen', Flat<Tensor>>>;

/** What a run of a model begins with; frozen weights are no part of it. */
export const finetuneState = (
  optimizer: Minimizer,
  { params, buffers }: Pick<Adapted, 'params' | 'buffers'>,
): TrainState => initialState(optimizer, { params, buffers, carried: {} });

/** Training a model further as what a loop runs: frozen weights are lent. */
export function finetuneTask(
  adapted: Adapted,
  data: FinetuneData,
  options: FinetuneTaskOptions,
): Task<Samples, FinetuneEvaluation> {
  const { batchSize, optimizer, loss, ...session } = options;
  const { frozen } = adapted;
  const regression = data.classes === undefined;
  const asAnswers = (output: Tensor) => (regression ? output.reshape([-1]) : output);
  const outputOf = ({ params, frozen: still, buffers }: TensorParts, inputs: Flat<Tensor>, context: Context): Tensor =>
    asAnswers(adapted.apply(params, still, buffers, inputs, context));

  const step = trainStep<Samples, { readonly inputs: Flat<Tensor>; readonly targets: Tensor }>({
    ...session,
    optimizer,
    frozen,
    statistics: adapted.movesStatistics ? undefined : { sourceWeight: 1 },
    prepare: ({ inputs, targets }) => ({ inputs, targets }),
    objective: ({ params, buffers, frozen: still, batch: { inputs, targets }, context }) => {
      const output = outputOf({ params, buffers, frozen: still } as TensorParts, inputs, context);
      const measures: Readonly<Record<string, Tensor>> = regression
        ? { error: output.sub(targets).square().mean().sqrt() }
        : { accuracy: output.argmax(1).equal(targets).cast('float32').mean() };
      return { loss: loss(output, targets), measures };
    },
  });

  const evaluate = compile(
    function evaluateBatch(parts: TensorParts, inputs: Flat<Tensor>, targets: Tensor) {
      const output = outputOf(parts, inputs, new Context());
      return {
        // Of numbers the mean of the batch, for each of its samples: not every loss is a mean over samples.
        loss: regression
          ? loss(output, targets).broadcastTo([targets.size])
          : crossEntropy(output, targets, { reduction: 'none' }),
        predicted: regression ? output : output.argmax(1).cast('float32'),
        confidence: regression ? output.onesLike() : output.softmax(1).max(1),
      };
    },
    { ...session, argumentNames: ['weights', 'inputs', 'targets'] },
  );

  return {
    init: () => finetuneState(optimizer, adapted),
    batches: (key) => data.train.batches({ batchSize, key, shuffle: true, last: 'drop' }),
    step,
    evaluate: async ({ params, buffers }) => {
      const batches = data.test.batches({ batchSize, key: makeKey(0), shuffle: false, last: 'keep' });
      const answers = await overBatches(batches, async ({ inputs, targets }) => ({
        ...((await evaluate({ params, frozen, buffers } as never, inputs, targets)) as unknown as Record<
          'loss' | 'predicted' | 'confidence',
          NDArray
        >),
        targets,
      }));
      const predicted = answers.predicted.data as Float32Array;
      const targets = Float32Array.from(answers.targets.data as Float32Array);
      const squares = predicted.reduce((sum, value, i) => sum + (value - targets[i]) ** 2, 0);
      const measures: Measures = regression
        ? { error: Math.sqrt(squares / targets.length) }
        : { accuracy: shareEqual(predicted, targets) };
      return {
        loss: meanOf(answers.loss),
        measures,
        predicted,
        confidence: answers.confidence.data as Float32Array,
        targets,
      };
    },
  };
}

/** @throws RangeError unless an output of this shape fits the task: [n, classes] or more, or [n] or [n, 1] for numbers. */
export function checkOutput(shape: Shape, classes: number | undefined): void {
  const [, width] = shape;
  if (classes === undefined) {
    if (shape.length === 1 || (shape.length === 2 && width === 1)) return;
    throw new RangeError(
      `finetune: the output ${showShape(shape)} must be [n, 1] for a number; give the model a head of 1`,
    );
  }
  if (shape.length === 2 && width >= classes) return;
  throw new RangeError(
    `finetune: the output ${showShape(shape)} must be [n, ${classes}] for ${classes} classes; give the model a head of ${classes}`,
  );
}
