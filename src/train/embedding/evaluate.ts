import { type Dataset, head } from '../../data/index.js';
import { foldIn, type Key, key } from '../../runtime/random/index.js';
import { item, type NDArray, ndarray } from '../../tensor/index.js';
import { imagesInOrder, meanOf, overBatches } from '../batches.js';
import type { Measured } from '../loop.js';
import { type Arrays, type TrainState, weightsOf } from '../step.js';
import type { Embedder } from './embedder.js';
import { byNeighbours, type Labelled } from './scores.js';

/** Images that are embedded to search among, and to search for: all pairs are compared. */
export const searched = { train: 5000, test: 2000 } as const;

/** It measures `knnAccuracy`, the accuracy of the nearest neighbours. */
export interface EmbeddingEvaluation extends Measured {
  readonly train: Labelled;
  readonly test: Labelled;
}

/** Embeds the first images of both sets, and measures those. */
export async function evaluateEmbedder(
  embedder: Embedder,
  state: TrainState,
  { train, test, batchSize }: { readonly train: Dataset; readonly test: Dataset; readonly batchSize: number },
): Promise<EmbeddingEvaluation> {
  const [among, queries] = [
    await embedded(embedder, weightsOf(state), head(train, searched.train)),
    await embedded(embedder, weightsOf(state), head(test, searched.test)),
  ];
  return {
    // A loss that knows the training images alone is measured on as many of those.
    loss: await lossOn(embedder, state, embedder.ofExamples ? head(train, test.labels.shape[0]) : test, batchSize),
    measures: { knnAccuracy: byNeighbours(among, queries) },
    train: among,
    test: queries,
  };
}

/** Embeddings of a data set in its order. */
export async function embedded(
  { embed }: Pick<Embedder, 'embed'>,
  variables: Arrays,
  dataset: Dataset,
): Promise<Labelled> {
  const batches = imagesInOrder(dataset, Math.min(250, dataset.labels.shape[0]));
  const { embeddings } = await overBatches(batches, async ({ images }) => ({
    embeddings: (await embed(variables as never, images)) as NDArray,
  }));
  return { embeddings, labels: dataset.labels };
}

/** Mean loss over whole batches, views drawn by the number of the batch. */
async function lossOn(embedder: Embedder, state: TrainState, test: Dataset, batchSize: number): Promise<number> {
  const size = Math.min(batchSize, test.labels.shape[0]);
  let count = 0;
  const { losses } = await overBatches(imagesInOrder(test, size, 'drop'), async (examples) => {
    const loss = await embedder.evaluate(state as never, examples, foldIn(key(0), count++) as Key);
    return { losses: ndarray([item(loss as NDArray)], { dtype: 'float64' }) };
  });
  return meanOf(losses);
}
