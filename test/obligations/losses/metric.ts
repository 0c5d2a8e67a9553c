import { constant, type Tensor } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { choice, type Example, loss, type Named, quantity } from '../differentiable.js';
import { bools, fixed, floats, labels, positives } from '../given.js';

const rows = { x: floats(['n', 3]), y: floats([5, 3]) };
const distances = (of: losses.Distance, least = 0): Example =>
  quantity(rows, ['n', 5], ({ x, y }) => of(x, y), { least });

/** Distances between n embeddings with their labels: what miners choose from. */
const chosenFrom = { distances: fixed(positives(['n', 'n'])), labels: labels(2) };
const ofPairs =
  (miner: losses.PairMiner) =>
  ({ distances, labels }: Named): Tensor => {
    const { positive, negative } = miner(distances, losses.labelPairs(labels));
    // Both kinds in one number, as no pair is of both.
    return positive.cast('int32').sub(negative.cast('int32'));
  };
const free = {
  distances: 'distances and pairs come from a loss, which has checked them',
  labels: 'distances and pairs come from a loss, which has checked them',
};
const pairs = (miner: losses.PairMiner): Example => choice(chosenFrom, ['n', 'n'], 'int32', ofPairs(miner), { free });
const triplets = (miner: losses.TripletMiner): Example =>
  choice(chosenFrom, ['n', 'n', 'n'], 'bool', ({ distances, labels }) => miner(distances, losses.labelPairs(labels)), {
    free,
  });

const reduced = { losses: positives(['n', 3], 0, 2), counted: bools(['n', 3]) };
const reducer = (of: losses.Reducer): Example =>
  quantity(reduced, [], ({ losses, counted }) => of(counted.where(losses, 0), counted), {
    least: 0,
    free: { losses: 'losses come from a loss, which has checked them', counted: 'it comes from a loss' },
  });

const centred = { features: floats(['n', 2]), labels: labels(3), centers: fixed(floats([3, 2])) };

export const metric: Record<string, Example> = {
  thresholdConsistentMargin: quantity(
    { embeddings: floats(['n', 3]), labels: labels(2) },
    [],
    ({ embeddings, labels }) => losses.thresholdConsistentMargin(embeddings, labels, { positiveWeight: 2 }),
    { least: 0 },
  ),
  'thresholdConsistentMargin: in parts': quantity(
    { embeddings: floats(['n', 3]), labels: labels(2) },
    [],
    ({ embeddings, labels }) => losses.thresholdConsistentMargin(embeddings, labels, { negativeMargin: -1, chunk: 3 }),
    { least: 0 },
  ),
  euclideanDistances: distances(losses.euclideanDistances),
  cosineDistances: distances(losses.cosineDistances),
  dotProductDistances: distances(losses.dotProductDistances, -Infinity),
  lpDistances: distances(losses.lpDistances(3)),
  'lpDistances: sums': distances(losses.lpDistances(1)),
  signalToNoiseDistances: distances(losses.signalToNoiseDistances),
  labelPairs: choice({ labels: labels(2) }, ['n', 'n'], 'int32', ({ labels }) => {
    const { positive, negative } = losses.labelPairs(labels);
    return positive.cast('int32').sub(negative.cast('int32'));
  }),
  allPairs: pairs(losses.allPairs),
  hardestPairs: pairs(losses.hardestPairs),
  pairsBeyond: pairs(losses.pairsBeyond({ positive: 0.8, negative: 1.5 })),
  informativePairs: pairs(losses.informativePairs()),
  distanceWeightedPairs: choice(
    chosenFrom,
    ['n', 'n'],
    'int32',
    (x) => ofPairs(losses.distanceWeightedPairs(constant(key(1)), { dimension: 4 }))(x),
    { free, draws: 'each anchor has its own draw' },
  ),
  allTriplets: triplets(losses.allTriplets),
  tripletsOf: triplets(losses.tripletsOf(losses.hardestPairs)),
  hardTriplets: triplets(losses.hardTriplets),
  semiHardTriplets: triplets(losses.semiHardTriplets({ margin: 1 })),
  meanOfPositive: reducer(losses.meanOfPositive),
  meanWithin: reducer(losses.meanWithin({ low: 0.2, high: 1.7 })),
  meanPerAnchor: reducer(losses.meanPerAnchor),
  meanByClass: quantity(
    { ...reduced, labels: labels(2) },
    [],
    ({ losses: values, counted, labels }) =>
      losses.meanByClass(labels, constant([1, 2], values.dtype))(counted.where(values, 0), counted),
    { least: 0, free: { losses: 'losses come from a loss, which has checked them', counted: 'it comes from a loss' } },
  ),
  centerLoss: loss(
    centred,
    ['n'],
    ({ features, labels, centers }, o) => losses.centerLoss(features, labels, centers, o),
    { uncounted: 'it is of embeddings, beside a loss of classes' },
  ),
  updateCenters: choice(centred, [3, 2], undefined, ({ features, labels, centers }) =>
    losses.updateCenters(centers, features, labels),
  ),
};
