import type { AdaptationState, TestTimeAdaptation } from '../../algorithms/index.js';
import { corrupted, mnist } from '../../data/index.js';
import { mean } from '../../metrics/values.js';
import {
  batchNorm,
  Context,
  conv2d,
  flattenLayer,
  type Layer,
  linear,
  reluLayer,
  type Symbolic,
  sequential,
  type Variables,
} from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, type Key, key, normal, randint } from '../../runtime/random/index.js';
import { type NDArray, ndarray, type Tensor } from '../../tensor/index.js';
import { byLot, pictures } from './digits.js';
import type { Labelled } from './gaussians.js';
import { trained } from './train.js';

const [dimension, classes] = [20, 10];

export interface ShiftOptions {
  /** Deviation within classes, whose means are standard normal. */
  readonly noise: number;
  /** Each coordinate is multiplied by exp(scale e), shifted by a standard normal number, both drawn once, and given fresh noise. */
  readonly scale: number;
  readonly freshNoise: number;
  /** Examples of the source to train on, and of the shifted target. */
  readonly train: number;
  readonly target: number;
}

/** What a net was trained on, and what it meets: examples of the same classes through other coordinates. */
export interface Shift {
  readonly train: Labelled;
  readonly clean: Labelled;
  readonly target: Labelled;
}

/** Ten Gaussian classes in 20 dimensions, and a covariate shift of them. */
export function covariateShift(seed: number, { noise, scale, freshNoise, train, target }: ShiftOptions): Shift {
  const root = key(230_000 + seed);
  const means = normal(foldIn(root, 0), [classes, dimension]).data;
  const drawn = (k: Key, n: number): Labelled => {
    const y = randint(foldIn(k, 0), [n], { high: classes });
    const x = normal(foldIn(k, 1), [n, dimension]);
    const data = x.data.map(
      (e, i) => means[y.data[Math.floor(i / dimension)] * dimension + (i % dimension)] + noise * e,
    );
    return { x: ndarray(data, { shape: [n, dimension] }), y };
  };
  const factors = normal(foldIn(root, 1), [dimension]).data.map((e) => Math.exp(scale * e));
  const offsets = normal(foldIn(root, 2), [dimension]).data;
  const plain = drawn(foldIn(root, 5), target);
  const fresh = normal(foldIn(root, 6), [target, dimension]).data;
  const moved = plain.x.data.map((v, i) => factors[i % dimension] * v + offsets[i % dimension] + freshNoise * fresh[i]);
  return {
    train: drawn(foldIn(root, 3), train),
    clean: drawn(foldIn(root, 4), target),
    target: { x: ndarray(moved, { shape: [target, dimension] }), y: plain.y },
  };
}

/** The source's classifier 20-64-64-10: its body ends in 64 features behind a ReLU. */
export const sourceBody: Layer<Variables> = sequential([
  linear(dimension, 64),
  batchNorm(64),
  reluLayer,
  linear(64, 64),
  batchNorm(64),
  reluLayer,
]);
const head = linear(64, classes);
export const sourceModel: Layer<Variables> = {
  init: (k) => ({ body: sourceBody.init(foldIn(k, 0)), head: head.init(foldIn(k, 1)) }),
  apply: (variables, x, context) =>
    head.apply(variables.head as never, sourceBody.apply(variables.body as Symbolic<Variables>, x, context), context),
};

/** {@link sourceModel} trained on the source: Adam at a rate of 0.002, batches of 100, 15 epochs. */
export async function sourceVariables(seed: number, { train }: Shift): Promise<Variables> {
  const { variables } = await trained({
    train,
    model: sourceModel,
    epochs: 15,
    batchSize: 100,
    seed,
    optimizer: () => firstOrder(adam({ learningRate: 2e-3 })),
  });
  return variables;
}

/** The first n examples in batches; a last smaller one is left out. */
export function* batchesOf({ x, y }: Labelled, size: number): Generator<Labelled> {
  const [n, ...shape] = x.shape;
  const length = x.data.length / n;
  for (let i = 0; i + size <= n; i += size)
    yield {
      x: ndarray(x.data.slice(i * length, (i + size) * length), { shape: [size, ...shape] }),
      y: ndarray(y.data.slice(i, i + size)),
    };
}

/** What a source model meets: examples it was trained on, its variables, and a stream in batches. */
export interface ShiftedStream {
  readonly train: Labelled;
  readonly variables: Variables;
  readonly batches: readonly Labelled[];
}

/** {@link sourceModel} trained on 4,000, and a stream of 8,000 after a large shift, in batches of 64. */
export async function shiftedStream(seed: number): Promise<ShiftedStream> {
  const shift = covariateShift(seed, { noise: 0.7, scale: 0.8, freshNoise: 0.3, train: 4000, target: 8000 });
  const variables = await sourceVariables(seed, shift);
  return { train: shift.train, variables, batches: [...batchesOf(shift.target, 64)] };
}

/** What became of a stream: the share of wrong predictions, and the loss of each batch. */
export interface StreamResult {
  readonly error: number;
  readonly losses: readonly number[];
  /** What the procedure made of the variables. */
  readonly variables: Variables;
}

/** Lets a procedure adapt to streams, to each of them from the same variables; predictions are those it makes as it goes. */
export async function adaptedOnEach<O>(
  procedure: TestTimeAdaptation<O>,
  variables: Variables,
  streams: readonly (readonly Labelled[])[],
  logits: (outputs: O) => Tensor,
): Promise<StreamResult[]> {
  const run = compile(
    (state: AdaptationState<Tensor>, x: Tensor, y: Tensor) => {
      const { state: next, outputs, loss } = procedure.step(state, x);
      return { state: next, loss, wrong: logits(outputs).argmax(1).notEqual(y).cast('float32').mean() };
    },
    { name: 'adaptation' },
  );
  const results: StreamResult[] = [];
  for (const batches of streams) {
    let state = procedure.init(variables) as never;
    const [losses, wrong]: [number[], number[]] = [[], []];
    for (const { x, y } of batches) {
      const made = await run(state, x, y);
      state = made.state as never;
      losses.push(Number(made.loss.data[0]));
      wrong.push(Number(made.wrong.data[0]));
    }
    const { variables: last } = state as { readonly variables: Variables };
    results.push({ error: mean(wrong), losses, variables: last });
  }
  await run.release();
  return results;
}

/** {@link adaptedOnEach} on one stream. */
export async function adaptedOn<O>(
  procedure: TestTimeAdaptation<O>,
  variables: Variables,
  batches: Iterable<Labelled>,
  logits: (outputs: O) => Tensor,
): Promise<StreamResult> {
  const [result] = await adaptedOnEach(procedure, variables, [[...batches]], logits);
  return result;
}

/** The share of wrong predictions on a stream with given weights of the source's statistics, nothing adapted. */
export async function normalizedOn(
  model: Pick<Layer<Variables>, 'apply'>,
  variables: Variables,
  batches: readonly Labelled[],
  sourceWeights: readonly number[],
): Promise<number[]> {
  const run = compile((v: Symbolic<Variables>, x: Tensor, y: Tensor, sourceWeight: Tensor) => {
    const logits = model.apply(v, x, new Context({ statistics: { sourceWeight } }));
    return logits.argmax(1).notEqual(y).cast('float32').mean();
  });
  const errors: number[] = [];
  for (const weight of sourceWeights) {
    let total = 0;
    for (const { x, y } of batches)
      total += Number(((await run(variables as never, x, y, ndarray(weight))) as NDArray).data[0]);
    errors.push(total / batches.length);
  }
  await run.release();
  return errors;
}

/** A small convolutional net with batch normalisation: 1-8-16 channels at strides of 2, then a linear layer. */
const pictureModel: Layer<Variables> = sequential([
  conv2d(1, 8, 3, { stride: 2, padding: 1 }),
  batchNorm(8),
  reluLayer,
  conv2d(8, 16, 3, { stride: 2, padding: 1 }),
  batchNorm(16),
  reluLayer,
  flattenLayer,
  linear(16 * 49, 10),
]);

/** A net trained on 3,000 digits of MNIST, and 4,000 others with little contrast and noise, shuffled. */
export async function shiftedDigits(seed: number): Promise<{
  readonly model: Layer<Variables>;
  readonly variables: Variables;
  readonly target: Labelled;
}> {
  const [all, test] = [await mnist({ split: 'train' }), await mnist({ split: 'test' })];
  const root = key(240_000 + seed);
  const { variables } = await trained({
    train: pictures(byLot(all, foldIn(root, 0) as Key, 3000)),
    model: pictureModel,
    epochs: 4,
    batchSize: 100,
    seed,
    optimizer: () => firstOrder(adam({ learningRate: 2e-3 })),
  });
  const dim = corrupted(byLot(test, foldIn(root, 1) as Key, 4000), 'contrast', { severity: 4, key: foldIn(root, 2) });
  const target = pictures(corrupted(dim, 'gaussianNoise', { severity: 5, key: foldIn(root, 3) }));
  return { model: pictureModel, variables, target };
}
