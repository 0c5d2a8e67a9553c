import { key } from '../../runtime/random/index.js';
import { arange, constant, type Tensor } from '../../tensor/index.js';
import type { PreparedData } from '../build.js';
import { first, imageExamples, nearAndFar } from '../classification/subject.js';
import { ownLoss, type Subject } from '../inspection/subject.js';
import type { TrainConfig } from '../settings.js';
import { type Tensors, type TrainState, weightsOf } from '../step.js';
import type { Embedder } from './embedder.js';
import { embedded, searched } from './evaluate.js';
import { embeddingScores } from './scores.js';

/** What an inspection looks at of embeddings: their loss around the weights, how well they tell classes apart, and which images are near to which. */
export async function embeddingSubject(
  embedder: Embedder,
  state: TrainState,
  config: TrainConfig,
  { train, test }: Pick<PreparedData, 'train' | 'test'>,
): Promise<Subject> {
  const { params, buffers, carried } = state;
  const variables = weightsOf(state);
  const among = await embedded(embedder, variables, first(train, searched.train));
  const features = await embedded(embedder, variables, first(test, searched.test));
  const views = constant(key(config.seed));
  return {
    examples: (count) => imageExamples(train, count),
    params,
    rest: { buffers, carried },
    // The images that are looked at are the first of the training set.
    lossOf: (p, rest, { images, labels }) => {
      const seen = { images: images as Tensor, labels: labels as Tensor, indices: arange((labels as Tensor).shape[0]) };
      return embedder.lossOf(p as Tensors, rest as never, seen, views);
    },
    found: {
      classes: test.classes,
      ...ownLoss(config.loss.name),
      scores: await embeddingScores(among, features, test.classes.length),
      ...(await nearAndFar(features, test)),
    },
  };
}
