import { z } from 'zod';
import {
  adaFace,
  alignUniform,
  arcFace,
  barlowTwins,
  centerLoss,
  circlePairLoss,
  classCosines,
  contrastiveLoss,
  cosFace,
  cosFaceLogits,
  cosineDistances,
  crossEntropy,
  euclideanDistances,
  gaussianKernel,
  hardestPairs,
  hardTriplets,
  iCon,
  infoNCE,
  initialNormStatistics,
  intl,
  labelKernel,
  mixUniform,
  type NormStatistics,
  ntXent,
  semiHardTriplets,
  sigmoidPairLoss,
  simSiam,
  sphereFace,
  studentKernel,
  supCon,
  tico,
  tripletLoss,
  tripletsOf,
  unpg,
  updateCenters,
  updateNormStatistics,
} from '../../losses/index.js';
import { Context, mlp } from '../../nn/index.js';
import { squaredDistances } from '../../numerics/index.js';
import { type Key, normal } from '../../runtime/random/index.js';
import { concat, ndarray, type Tensor, zerosArray } from '../../tensor/index.js';
import { type Choice, choice } from '../choice.js';
import type { Arrays, Tensors } from '../step.js';

/** Of what sizes a loss makes its parameters and state. */
export interface EmbeddingSize {
  readonly classes: number;
  /** Length of the embeddings. */
  readonly dimension: number;
}

export interface EmbeddingInput {
  /** Embeddings of each view [n, dimension], in the order of the images. */
  readonly views: readonly Tensor[];
  readonly labels: Tensor;
  readonly params: Tensors;
  readonly state: Tensors;
}

/** A loss of embeddings with what belongs to it. */
export interface EmbeddingObjective {
  /** Views of each image that it compares: one, told apart by labels, or two that the augmentations make. */
  readonly views: 1 | 2;
  /** Parameters of its own, which are trained along. Default none. */
  params?(key: Key, size: EmbeddingSize): Arrays;
  /** What it carries from step to step, before the first. Default nothing. */
  state?(size: EmbeddingSize): Arrays;
  loss(input: EmbeddingInput): { readonly loss: Tensor; readonly state?: Tensors };
}

type Labelled = (embeddings: Tensor, labels: Tensor) => Tensor;

const ofLabels = (fn: Labelled): EmbeddingObjective => ({
  views: 1,
  loss: ({ views: [x], labels }) => ({ loss: fn(x, labels) }),
});

const ofViews = (fn: (x: Tensor, y: Tensor) => Tensor): EmbeddingObjective => ({
  views: 2,
  loss: ({ views: [x, y] }) => ({ loss: fn(x, y) }),
});

/** A vector of each class, [classes, dimension], 0.1 times normal numbers at first. */
function classWeights(key: Key, { classes, dimension }: EmbeddingSize): Arrays {
  const shape = [classes, dimension];
  const { data } = normal(key, shape);
  return {
    weight: ndarray(
      data.map((v) => 0.1 * v),
      { shape },
    ),
  };
}

const weightOf = ({ params }: EmbeddingInput): Tensor => params.weight as Tensor;

const ofClasses = (fn: (embeddings: Tensor, weights: Tensor, labels: Tensor) => Tensor): EmbeddingObjective => ({
  views: 1,
  params: classWeights,
  loss: (input) => ({ loss: fn(input.views[0], weightOf(input), input.labels) }),
});

const positive = z.number().positive().optional();
const factor = z.number().min(0).optional();
const distances = { euclidean: euclideanDistances, cosine: cosineDistances } as const;
const distance = z.enum(['euclidean', 'cosine']).optional();
const triplets = {
  all: () => undefined,
  hard: () => hardTriplets,
  semihard: (margin?: number) => semiHardTriplets({ margin }),
  hardest: () => tripletsOf(hardestPairs),
} as const;

/**
 * The losses that embeddings can be trained with, by the names of their functions; each takes its function's options. Those with weights of the
 * classes train them along.
 */
export const embeddingLosses: Readonly<Record<string, Choice<EmbeddingObjective>>> = {
  adaFace: choice(
    { margin: factor, concentration: factor, scale: positive, rate: z.number().min(0).max(1).optional() },
    ({ rate, ...options }) => ({
      views: 1,
      params: classWeights,
      state: () => ({ ...initialNormStatistics() }),
      loss: (input) => {
        const statistics = updateNormStatistics(input.state as unknown as NormStatistics, input.views[0], { rate });
        const loss = adaFace(input.views[0], weightOf(input), input.labels, statistics, options);
        return { loss, state: { ...statistics } };
      },
    }),
  ),
  alignUniform: choice({ alignWeight: factor, uniformWeight: factor, exponent: positive, t: positive }, (options) =>
    ofViews((x, y) => alignUniform(x, y, options)),
  ),
  arcFace: choice(
    { margin: factor, scale: positive, guard: z.enum(['linear', 'easy', 'none']).optional() },
    (options) => ofClasses((x, w, y) => arcFace(x, w, y, options)),
  ),
  barlowTwins: choice({ redundancyWeight: factor }, (options) => ofViews((x, y) => barlowTwins(x, y, options))),
  centerLoss: choice({ weight: factor, rate: z.number().min(0).max(1).optional() }, ({ weight = 0.003, rate }) => ({
    views: 1,
    params: classWeights,
    state: ({ classes, dimension }) => ({ centers: zerosArray([classes, dimension]) }),
    // Beside cross-entropy, as in its paper: alone the centres would draw everything to one point.
    loss: (input) => {
      const {
        views: [x],
        labels,
        state,
      } = input;
      const centers = state.centers as Tensor;
      const loss = crossEntropy(x.matmul(weightOf(input).transpose()), labels).add(
        centerLoss(x, labels, centers).mul(weight),
      );
      return { loss, state: { centers: updateCenters(centers, x.stopGradient(), labels, { rate }) } };
    },
  })),
  circlePairLoss: choice({ margin: z.number().min(0).lt(1).optional(), scale: positive }, (options) =>
    ofLabels((x, y) => circlePairLoss(x, y, options)),
  ),
  contrastiveLoss: choice({ margin: factor, positiveMargin: factor, distance }, ({ distance = 'euclidean', ...rest }) =>
    ofLabels((x, y) => contrastiveLoss(x, y, { ...rest, distance: distances[distance] })),
  ),
  cosFace: choice({ margin: factor, scale: positive }, (options) => ofClasses((x, w, y) => cosFace(x, w, y, options))),
  // The kernel of the embeddings against that of their labels: Gaussian of cosine distances, or t-SNE's of squared Euclidean ones.
  iCon: choice(
    {
      kernel: z.enum(['gaussian', 'student']).optional(),
      width: positive,
      uniform: z.number().min(0).max(1).optional(),
    },
    ({ kernel = 'gaussian', width, uniform = 0 }) =>
      ofLabels((x, y) => {
        const learned =
          kernel === 'gaussian'
            ? gaussianKernel(cosineDistances(x, x), { width: width ?? 0.5 })
            : studentKernel(squaredDistances(x, x), { width });
        return iCon(learned, mixUniform(labelKernel(y), uniform, { excludeSelf: true }));
      }),
  ),
  infoNCE: choice({ temperature: positive, symmetric: z.boolean().optional() }, (options) =>
    ofViews((x, y) => infoNCE(x, y, options)),
  ),
  intl: choice(
    {
      traceWeight: factor,
      iterations: z.number().int().min(0).max(8).optional(),
      axis: z.enum(['batch', 'channel']).optional(),
    },
    (options) => ofViews((x, y) => intl([x, y], options)),
  ),
  ntXent: choice({ temperature: positive }, (options) => ofViews((x, y) => ntXent(x, y, options))),
  // The scale and the bias are learned, from where the paper begins.
  sigmoidPairLoss: choice({ logScale: z.number().optional(), bias: z.number().optional() }, (options) => ({
    views: 2,
    params: () => ({ logScale: ndarray(options.logScale ?? Math.log(10)), bias: ndarray(options.bias ?? -10) }),
    loss: ({ views: [x, y], params }) => ({
      loss: sigmoidPairLoss(x, y, { logScale: params.logScale as Tensor, bias: params.bias as Tensor }),
    }),
  })),
  // Without its predictor all embeddings would become one.
  simSiam: choice({ hidden: z.number().int().positive().optional() }, ({ hidden }) => {
    const predictor = (dimension: number) => mlp({ sizes: [dimension, hidden ?? Math.ceil(dimension / 4), dimension] });
    return {
      views: 2,
      params: (key, { dimension }) => predictor(dimension).init(key),
      loss: ({ views: [x, y], params }) => {
        const predicted = (z: Tensor) => predictor(z.shape[1]).apply(params, z, new Context({ training: true }));
        return { loss: simSiam([predicted(x), predicted(y)], [x, y]) };
      },
    };
  }),
  sphereFace: choice({ margin: z.number().int().positive().optional() }, (options) =>
    ofClasses((x, w, y) => sphereFace(x, w, y, options)),
  ),
  supCon: choice(
    {
      temperature: positive,
      form: z.enum(['out', 'in']).optional(),
      views: z.union([z.literal(1), z.literal(2)]).optional(),
    },
    ({ views = 1, ...options }) => ({
      views,
      loss: ({ views: all, labels }) => ({ loss: supCon(concat(all), concat(all.map(() => labels)), options) }),
    }),
  ),
  tico: choice({ decay: z.number().min(0).lt(1).optional(), covarianceWeight: factor }, (options) => ({
    views: 2,
    state: ({ dimension }) => ({ covariance: zerosArray([dimension, dimension]) }),
    loss: ({ views: [x, y], state }) => {
      const { loss, covariance } = tico(x, y, state.covariance as Tensor, options);
      return { loss, state: { covariance } };
    },
  })),
  tripletLoss: choice(
    { margin: factor, distance, miner: z.enum(['all', 'hard', 'semihard', 'hardest']).optional() },
    ({ distance = 'euclidean', miner = 'all', margin }) =>
      ofLabels((x, y) => tripletLoss(x, y, { margin, distance: distances[distance], miner: triplets[miner](margin) })),
  ),
  unpg: choice({ margin: factor, scale: positive, whisker: factor }, ({ margin, ...options }) =>
    ofClasses((x, w, y) => unpg(cosFaceLogits(classCosines(x, w, 'unpg'), y, { margin, scale: 1 }), y, x, options)),
  ),
};
