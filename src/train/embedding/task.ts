import { type Batch, type Dataset, head, loader } from '../../data/index.js';
import { foldIn, type Key, key } from '../../runtime/random/index.js';
import { item, merge, type NDArray } from '../../tensor/index.js';
import type { Arrays } from '../classifier.js';
import type { TrainConfig } from '../config.js';
import type { Measured, Task } from '../loop.js';
import type { Embedder, EmbeddingState } from './embedder.js';
import { byNeighbours, type Labelled } from './scores.js';

/** Images that are embedded to search among, and to search for: all pairs are compared. */
export const searched = { train: 5000, test: 2000 } as const;

export interface EmbeddingEvaluation extends Measured {
  readonly train: Labelled;
  readonly test: Labelled;
}

/** Training a model of embeddings as what a loop runs. Its accuracy is that of the nearest neighbours. */
export function embeddingTask(
  { batchSize }: Pick<TrainConfig, 'batchSize'>,
  parts: {
    readonly embedder: Embedder;
    readonly train: Dataset;
    readonly test: Dataset;
    readonly learningRateAt: (step: number) => number;
  },
): Task<EmbeddingState, Batch, EmbeddingEvaluation> {
  const { embedder, train, test, learningRateAt } = parts;
  return {
    init: embedder.init,
    batches: (orderKey) => loader(train, { batchSize, key: orderKey, last: 'drop' }),
    step: async (state, { images, labels }, drawKey) => {
      const result = await embedder.step(state as never, images, labels, drawKey);
      return {
        state: result.state as EmbeddingState,
        samples: labels.shape[0],
        loss: item(result.loss as NDArray),
      };
    },
    evaluate: async (state) => {
      const variables = merge((state.params as { model: Arrays }).model, state.buffers);
      const [among, queries] = [
        await embedded(embedder, variables, head(train, Math.min(searched.train, train.labels.shape[0]))),
        await embedded(embedder, variables, head(test, Math.min(searched.test, test.labels.shape[0]))),
      ];
      return {
        loss: await lossOn(embedder, state, test, batchSize),
        accuracy: byNeighbours(among, queries),
        train: among,
        test: queries,
      };
    },
    learningRateAt,
  };
}

/** Embeddings of a data set in its order. */
export async function embedded(embedder: Embedder, variables: Arrays, dataset: Dataset): Promise<Labelled> {
  const total = dataset.labels.shape[0];
  const parts: Float32Array[] = [];
  const batches = loader(dataset, {
    batchSize: Math.min(250, total),
    key: key(0),
    shuffle: false,
    last: 'keep',
    prefetch: 0,
  });
  for await (const { images } of batches.epoch(0))
    parts.push(((await embedder.embed(variables as never, images)) as NDArray).data as Float32Array);
  await batches.close();
  return { embeddings: joined(parts, total), labels: dataset.labels };
}

/** Rows that came in parts, as one array of n. */
export function joined(parts: readonly Float32Array[], n: number): NDArray<'float32'> {
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { data, shape: [n, data.length / n], dtype: 'float32' };
}

/** Mean loss over whole batches, views drawn by the number of the batch. */
async function lossOn(embedder: Embedder, state: EmbeddingState, test: Dataset, batchSize: number): Promise<number> {
  const size = Math.min(batchSize, test.labels.shape[0]);
  const batches = loader(test, { batchSize: size, key: key(0), shuffle: false, last: 'drop', prefetch: 0 });
  let [sum, count] = [0, 0];
  for await (const { images, labels } of batches.epoch(0)) {
    const loss = await embedder.evaluate(state as never, images, labels, foldIn(key(0), count) as Key);
    sum += item(loss as NDArray);
    count++;
  }
  await batches.close();
  return sum / count;
}
