import { z } from 'zod';
import { instanceNce, instanceNormalizer, instanceSoftmax } from '../../algorithms/index.js';
import {
  adaFace,
  alignUniform,
  arcFace,
  barlowTwins,
  centerLoss,
  circleLogits,
  circlePairLoss,
  classCosines,
  combinedMarginLogits,
  contrastiveLoss,
  cosFace,
  cosFaceLogits,
  cosineDistances,
  cosineEmbedding,
  crossEntropy,
  enqueue,
  gaussianKernel,
  harmonicLoss,
  iCon,
  infoNCE,
  initialNormStatistics,
  intl,
  labelKernel,
  macl,
  mixUniform,
  type NormStatistics,
  ntXent,
  sFace,
  sigmoidPairLoss,
  simSiam,
  sphereFace,
  sphereFace2,
  sphereFace2Bias,
  studentKernel,
  supCon,
  tico,
  tripletLoss,
  unpg,
  updateCenters,
  updateNormStatistics,
} from '../../losses/index.js';
import { Context, mlp } from '../../nn/index.js';
import { squaredDistances } from '../../numerics/index.js';
import { foldIn, key, randint } from '../../runtime/random/index.js';
import {
  concat,
  constant,
  mapTree,
  type NDArray,
  ndarray,
  type Tensor,
  zeros,
  zerosArray,
} from '../../tensor/index.js';
import { counted, countOptions, onTrial } from '../classification/counts.js';
import { type Choice, type Chosen, choice, made } from '../options/choice.js';
import type { Arrays, Tensors } from '../step.js';
import {
  distance,
  distanceNamed,
  pairMiner,
  pairMinerNamed,
  reducerNamed,
  reduction,
  tripletMiner,
  tripletMinerNamed,
} from './mining.js';
import {
  classWeights,
  type EmbeddingObjective,
  ofBank,
  ofClasses,
  ofCosines,
  ofLabels,
  ofViews,
  weightOf,
} from './objective.js';

const positive = z.number().positive().optional();
const factor = z.number().min(0).optional();
const unit = z.number().min(0).max(1).optional();
/** In radians. */
const angle = z.number().min(0).max(Math.PI).optional();
/** Whether embeddings are given length 1 first, as everything measures them; at any length, margins mean less the longer they grow. */
const normalize = z.boolean().optional();
const instances = {
  temperature: positive,
  momentum: z.number().min(0).max(1).optional(),
  proximalWeight: factor,
};
/**
 * The losses that embeddings can be trained with, by the names of their functions; each takes its function's options. Those with weights of the
 * classes train them along.
 */
export const embeddingLosses: Readonly<Record<string, Choice<EmbeddingObjective>>> = {
  adaFace: choice(
    {
      margin: factor,
      concentration: factor,
      scale: positive,
      rate: z.number().min(0).max(1).optional(),
      ...countOptions,
    },
    ({ rate, ...options }) => ({
      views: 1,
      params: (key, size) => classWeights(key, size),
      state: () => ({ ...initialNormStatistics() }),
      loss: (input) => {
        const statistics = updateNormStatistics(input.state as unknown as NormStatistics, input.views[0], { rate });
        const [x] = input.views;
        const loss = adaFace(x, weightOf(input), input.labels, statistics, counted(options, x));
        return { loss, state: { ...statistics } };
      },
    }),
  ),
  alignUniform: choice({ alignWeight: factor, uniformWeight: factor, exponent: positive, t: positive }, (options) =>
    ofViews((x, y) => alignUniform(x, y, options)),
  ),
  // With several weights of each class it is sub-centre ArcFace.
  arcFace: choice(
    {
      margin: factor,
      scale: positive,
      guard: z.enum(['linear', 'easy', 'none']).optional(),
      subCenters: z.number().int().positive().optional(),
      ...countOptions,
    },
    ({ subCenters = 1, ...options }) => ofClasses((x, w, y) => arcFace(x, w, y, counted(options, x)), subCenters),
  ),
  barlowTwins: choice({ redundancyWeight: factor }, (options) => ofViews((x, y) => barlowTwins(x, y, options))),
  centerLoss: choice({ weight: factor, rate: z.number().min(0).max(1).optional() }, ({ weight = 0.003, rate }) => ({
    views: 1,
    params: (key, size) => classWeights(key, size),
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
  // Cross-entropy of the logits of their names, of cosines with a vector of each class.
  circleLogits: choice({ margin: z.number().min(0).lt(1).optional(), scale: positive, ...countOptions }, (options) =>
    ofCosines('circleLogits', options, circleLogits),
  ),
  combinedMarginLogits: choice(
    {
      angleFactor: z.number().min(1).optional(),
      angularMargin: factor,
      additiveMargin: factor,
      scale: positive,
      ...countOptions,
    },
    (options) => ofCosines('combinedMarginLogits', options, combinedMarginLogits),
  ),
  circlePairLoss: choice(
    { margin: z.number().min(0).lt(1).optional(), scale: positive, miner: pairMiner, reduction },
    ({ miner, reduction, ...rest }) => ({
      views: 1,
      loss: ({ views: [x], labels, key }) => ({
        loss: circlePairLoss(x, labels, {
          ...rest,
          miner: pairMinerNamed(miner, { key, dimension: x.shape[1] }),
          reduction: reducerNamed(reduction),
        }),
      }),
    }),
  ),
  contrastiveLoss: choice(
    { margin: factor, positiveMargin: factor, distance, miner: pairMiner, reduction, normalize },
    ({ distance, miner, reduction, normalize = true, ...rest }) => ({
      views: 1,
      loss: ({ views: [x], labels, key }) => ({
        loss: contrastiveLoss(normalize ? x.normalize(-1) : x, labels, {
          ...rest,
          distance: distanceNamed(distance),
          miner: pairMinerNamed(miner, { key, dimension: x.shape[1] }),
          reduction: reducerNamed(reduction),
        }),
      }),
    }),
  ),
  // Of all pairs of a batch but those of an image with itself.
  cosineEmbedding: choice({ margin: z.number().min(-1).max(1).optional() }, (options) =>
    ofLabels((x, y) => {
      const [n, d] = x.shape;
      const rows = (t: Tensor) => t.broadcastTo([n, n, d]);
      const alike = y.expandDims(1).equal(y.expandDims(0)).cast(x.dtype);
      const [a, b] = [rows(x.expandDims(1)), rows(x.expandDims(0))];
      const losses = cosineEmbedding(a, b, alike.mul(2).sub(1), { ...options, reduction: 'none' });
      return losses
        .sum()
        .sub(losses.trace())
        .div(n * (n - 1));
    }),
  ),
  cosFace: choice({ margin: factor, scale: positive, ...countOptions }, (options) =>
    ofClasses((x, w, y) => cosFace(x, w, y, counted(options, x))),
  ),
  // By distances from a vector of each class, which becomes its centre.
  harmonicLoss: choice({ exponent: positive, epsilon: positive, ...countOptions }, (options) =>
    ofClasses((x, w, y) => harmonicLoss(x, w, y, counted(options, x))),
  ),
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
  // With a queue, negatives are the second views of batches before, zeros at first.
  infoNCE: choice(
    { temperature: positive, symmetric: z.boolean().optional(), queue: z.number().int().positive().optional() },
    ({ queue: length, ...options }) =>
      length === undefined
        ? ofViews((x, y) => infoNCE(x, y, options))
        : {
            views: 2,
            state: ({ dimension }) => ({ queue: zerosArray([length, dimension]) }),
            loss: ({ views: [x, y], state }) => {
              const queue = state.queue as Tensor;
              const loss = infoNCE(x, y, { ...options, negatives: queue });
              return { loss, state: { queue: enqueue(queue, y.normalize(-1).stopGradient()) } };
            },
          },
  ),
  // Each training image a class of its own, its row of a bank standing for it; `noise` is how many others are drawn for each.
  instanceNce: choice(
    { ...instances, noise: z.number().int().positive().optional(), epsilon: positive },
    ({ noise = 512, epsilon, temperature, ...options }) =>
      ofBank(options, (v, indices, bank, { key, state }) => {
        const drawn = randint(foldIn(key, -4), [indices.shape[0], noise], { high: bank.shape[0] });
        const known = state.normalizer as Tensor;
        const estimate = instanceNormalizer(v, indices, drawn, bank, { temperature });
        const normalizer = known.equal(0).where(estimate, known);
        return { loss: instanceNce(v, indices, drawn, bank, normalizer, { temperature, epsilon }), normalizer };
      }),
  ),
  instanceSoftmax: choice(instances, ({ temperature, ...options }) =>
    ofBank(options, (v, indices, bank) => ({ loss: instanceSoftmax(v, indices, bank, { temperature }) })),
  ),
  intl: choice(
    {
      traceWeight: factor,
      iterations: z.number().int().min(0).max(8).optional(),
      axis: z.enum(['batch', 'channel']).optional(),
    },
    (options) => ofViews((x, y) => intl([x, y], options)),
  ),
  macl: choice(
    { temperature: positive, adaptation: unit, threshold: unit, reweight: z.boolean().optional() },
    (options) => ofViews((x, y) => macl(x, y, options)),
  ),
  ntXent: choice({ temperature: positive }, (options) => ofViews((x, y) => ntXent(x, y, options))),
  sFace: choice({ scale: positive, steepness: positive, intraAngle: angle, interAngle: angle }, (options) =>
    ofClasses((x, w, y) => sFace(x, w, y, options)),
  ),
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
  sphereFace: choice({ margin: z.number().int().positive().optional(), ...countOptions }, (options) =>
    ofClasses((x, w, y) => sphereFace(x, w, y, counted(options, x))),
  ),
  // The bias is learned, from where positives and negatives pull equally hard.
  sphereFace2: choice(
    {
      kind: z.enum(['cosine', 'angular', 'multiplicative']).optional(),
      margin: factor,
      scale: positive,
      exponent: z.number().min(1).optional(),
      positiveWeight: z.number().positive().lt(1).optional(),
      gradient: z.enum(['analytic', 'straightThrough']).optional(),
      ...countOptions,
    },
    (options) => ({
      views: 1,
      params: (key, size) => ({
        ...classWeights(key, size),
        bias: ndarray(sphereFace2Bias(size.classes, options)),
      }),
      loss: (input) => ({
        loss: sphereFace2(input.views[0], weightOf(input), input.labels, {
          ...counted(options, input.views[0]),
          bias: input.params.bias as Tensor,
        }),
      }),
    }),
  ),
  supCon: choice(
    {
      temperature: positive,
      baseTemperature: positive,
      form: z.enum(['out', 'in']).optional(),
      emptyAnchors: z.enum(['zero', 'skip']).optional(),
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
    { margin: factor, distance, miner: tripletMiner, reduction, normalize },
    ({ distance, miner, reduction, margin, normalize = true }) => ({
      views: 1,
      loss: ({ views: [x], labels, key }) => ({
        loss: tripletLoss(normalize ? x.normalize(-1) : x, labels, {
          margin,
          distance: distanceNamed(distance),
          miner: tripletMinerNamed(miner, { key, dimension: x.shape[1] }, margin),
          reduction: reducerNamed(reduction),
        }),
      }),
    }),
  ),
  unpg: choice({ margin: factor, scale: positive, whisker: factor, ...countOptions }, ({ margin, ...options }) =>
    ofClasses((x, w, y) =>
      unpg(cosFaceLogits(classCosines(x, w, 'unpg'), y, { margin, scale: 1 }), y, x, counted(options, x)),
    ),
  ),
};

/** Puts a loss in a program of made-up embeddings. @throws what the loss throws for its options. */
export function attemptEmbeddingLoss(loss: Chosen): void {
  const { chosen, classes } = onTrial(loss);
  const { views, loss: of, params, state } = made(embeddingLosses, chosen);
  const [n, dimension, drawn] = [4, 8, key(0)];
  const size = { classes: Math.max(2, classes), examples: n, dimension };
  const symbolic = (tree: Arrays = {}) => mapTree(tree, (leaf: NDArray) => constant(leaf)) as Tensors;
  of({
    views: Array.from({ length: views }, () => zeros([n, dimension])),
    labels: zeros([n], 'int32'),
    indices: zeros([n], 'int32'),
    params: symbolic(params?.(drawn, size)),
    state: symbolic(state?.(size, drawn)),
    key: constant(drawn),
  });
}
