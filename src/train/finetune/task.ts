import { crossEntropy } from '../../losses/index.js';
import { Context } from '../../nn/index.js';
import type { Minimizer } from '../../optim/index.js';
import { compile, type SessionOptions } from '../../runtime/index.js';
import { key as makeKey } from '../../runtime/random/index.js';
import { item, type NDArray, type Shape, showShape, type Tensor } from '../../tensor/index.js';
import type { Arrays } from '../classifier.js';
import type { Measured, Task } from '../loop.js';
import type { Adapted, Flat } from './adapted.js';
import type { FinetuneData, Samples } from './data.js';

/** What a run carries from step to step; frozen weights are not among it. */
export interface FinetuneState {
  readonly params: Flat;
  readonly buffers: Flat;
  readonly optimizer: Arrays;
}

/** Answers on the whole test set, in its order. The loss is cross-entropy, or for numbers the run's own. */
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
  readonly learningRateAt: (step: number) => number;
}

type TensorState = { readonly params: Flat<Tensor>; readonly buffers: Flat<Tensor>; readonly optimizer: unknown };
type TensorParts = Pick<TensorState, 'params' | 'buffers'> & { readonly frozen: Flat<Tensor> };

/** Training a model further as what a loop runs: steps compiled, with the state donated and frozen weights lent. */
export function finetuneTask(
  adapted: Adapted,
  data: FinetuneData,
  options: FinetuneTaskOptions,
): Task<FinetuneState, Samples, FinetuneEvaluation> {
  const { batchSize, optimizer, loss, learningRateAt, ...session } = options;
  const { frozen } = adapted;
  const regression = data.classes === undefined;
  const asAnswers = (output: Tensor) => (regression ? output.reshape([-1]) : output);
  const outputOf = ({ params, frozen: still, buffers }: TensorParts, inputs: Flat<Tensor>, context: Context): Tensor =>
    asAnswers(adapted.apply(params, still, buffers, inputs, context));

  const step = compile(
    function finetuneStep(state: TensorState, still: Flat<Tensor>, inputs: Flat<Tensor>, targets: Tensor, key: Tensor) {
      const objective = (params: Flat<Tensor>) => {
        const statistics = adapted.movesStatistics ? undefined : { sourceWeight: 1 };
        const context = new Context({ training: true, key, statistics });
        const output = outputOf({ ...state, params, frozen: still }, inputs, context);
        return [loss(output, targets), output, context.updated(state.buffers)] as const;
      };
      const next = optimizer.step(objective, state.params, state.optimizer);
      const [value, output, buffers] = next.value;
      return {
        state: { params: next.params, buffers, optimizer: next.state },
        loss: value,
        ...measured(output, targets),
      };
    },
    { ...session, donate: [0], argumentNames: ['state', 'frozen', 'inputs', 'targets', 'key'] },
  );

  const measured = (output: Tensor, targets: Tensor) => ({
    measure: regression ? output.sub(targets).square().sum() : output.argmax(1).equal(targets).cast('float32').sum(),
  });

  const evaluate = compile(
    function evaluateBatch(parts: TensorParts, inputs: Flat<Tensor>, targets: Tensor) {
      const output = outputOf(parts, inputs, new Context());
      return {
        ...measured(output, targets),
        loss: regression
          ? loss(output, targets).mul(targets.size)
          : crossEntropy(output, targets, { reduction: 'sum' }),
        predicted: regression ? output : output.argmax(1).cast('float32'),
        confidence: regression ? output.onesLike() : output.softmax(1).max(1),
      };
    },
    { ...session, argumentNames: ['weights', 'inputs', 'targets'] },
  );

  /** What is said of `n` samples whose correct answers or squared errors come to a sum. */
  const measureOf = (sum: number, n: number): Pick<Measured, 'accuracy' | 'error'> =>
    regression ? { error: Math.sqrt(sum / n) } : { accuracy: sum / n };

  return {
    init: () => ({
      params: adapted.params,
      buffers: adapted.buffers,
      optimizer: optimizer.init(adapted.params) as Arrays,
    }),
    batches: (key) => data.train.batches({ batchSize, key, shuffle: true, last: 'drop' }),
    step: async (state, { inputs, targets }, key) => {
      const result = await step(state as never, frozen, inputs, targets, key);
      const samples = targets.shape[0];
      return {
        state: result.state as unknown as FinetuneState,
        samples,
        loss: item(result.loss as NDArray),
        ...measureOf(item(result.measure as NDArray), samples),
      };
    },
    evaluate: async ({ params, buffers }) => {
      const { count } = data.test;
      const [predicted, confidence, expected] = [0, 1, 2].map(() => new Float32Array(count));
      let [lossSum, measureSum, done] = [0, 0, 0];
      const batches = data.test.batches({ batchSize, key: makeKey(0), shuffle: false, last: 'keep' });
      for await (const { inputs, targets } of batches.epoch(0, { startBatch: 0 })) {
        const result = await evaluate({ params, frozen, buffers }, inputs, targets);
        predicted.set(result.predicted.data as Float32Array, done);
        confidence.set(result.confidence.data as Float32Array, done);
        expected.set(targets.data as Float32Array, done);
        lossSum += item(result.loss);
        measureSum += item(result.measure);
        done += targets.shape[0];
      }
      await batches.close();
      return { loss: lossSum / count, ...measureOf(measureSum, count), predicted, confidence, targets: expected };
    },
    learningRateAt,
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
