import { z } from 'zod';
import {
  allPairs,
  allTriplets,
  cosineDistances,
  type Distance,
  distanceWeightedPairs,
  dotProductDistances,
  euclideanDistances,
  hardestPairs,
  hardTriplets,
  informativePairs,
  lpDistances,
  meanOfPositive,
  meanPerAnchor,
  type PairMiner,
  pairsBeyond,
  type Reducer,
  semiHardTriplets,
  signalToNoiseDistances,
  type TripletMiner,
  tripletsOf,
} from '../../losses/index.js';
import { foldIn } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice, chosenFrom, made } from '../options/choice.js';

/** What a miner may need of a step. */
interface MinerInput {
  readonly key: Tensor;
  /** Of the embeddings. */
  readonly dimension: number;
}

const factor = z.number().min(0).optional();

/** How far embeddings are from one another, by the names of the functions. */
const distances: Readonly<Record<string, Choice<Distance>>> = {
  euclidean: choice({}, () => euclideanDistances),
  cosine: choice({}, () => cosineDistances),
  dotProduct: choice({}, () => dotProductDistances),
  lp: choice({ p: z.number().positive() }, ({ p }) => lpDistances(p)),
  signalToNoise: choice({}, () => signalToNoiseDistances),
};

/** Which pairs count. */
const pairMiners: Readonly<Record<string, Choice<(input: MinerInput) => PairMiner>>> = {
  all: choice({}, () => () => allPairs),
  hardest: choice({}, () => () => hardestPairs),
  informative: choice({ epsilon: factor }, (options) => () => informativePairs(options)),
  beyond: choice({ positive: z.number(), negative: z.number() }, (options) => () => pairsBeyond(options)),
  // Of embeddings of length 1.
  distanceWeighted: choice(
    { cutoff: z.number().positive().lt(2).optional(), limit: z.number().positive().max(2).optional() },
    (options) =>
      ({ key, dimension }) =>
        distanceWeightedPairs(foldIn(key, -4), { dimension, ...options }),
  ),
};

/** Which triplets count: those of the pairs that a miner of pairs leaves, or some of all. */
const tripletMiners: Readonly<Record<string, Choice<(input: MinerInput, margin?: number) => TripletMiner>>> = {
  ...Object.fromEntries(
    Object.entries(pairMiners).map(([name, { schema, make }]) => [
      name,
      { schema, make: (options: Record<string, unknown>) => (input: MinerInput) => tripletsOf(make(options)(input)) },
    ]),
  ),
  all: choice({}, () => () => allTriplets),
  hard: choice({}, () => () => hardTriplets),
  semihard: choice(
    { margin: z.number().positive().optional() },
    (options) => (_, margin) => semiHardTriplets({ margin, ...options }),
  ),
};

/** What becomes of the losses of pairs, triplets or anchors. */
const reducers = { mean: 'mean', meanOfPositive, meanPerAnchor } as const;

export const distance = chosenFrom('distance', distances).optional();
export const pairMiner = chosenFrom('miner of pairs', pairMiners).optional();
export const tripletMiner = chosenFrom('miner of triplets', tripletMiners).optional();
export const reduction = z.enum(Object.keys(reducers) as [keyof typeof reducers]).optional();

type Named = z.output<typeof distance>;

export const distanceNamed = (chosen: Named): Distance | undefined => chosen && made(distances, chosen);
export const pairMinerNamed = (chosen: Named, input: MinerInput): PairMiner | undefined =>
  chosen && made(pairMiners, chosen)(input);
export const tripletMinerNamed = (chosen: Named, input: MinerInput, margin?: number): TripletMiner | undefined =>
  chosen && made(tripletMiners, chosen)(input, margin);
export const reducerNamed = (name: keyof typeof reducers | undefined): 'mean' | Reducer | undefined =>
  name && reducers[name];
