import { constant, type Tensor } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { type Example, loss, quantity } from '../differentiable.js';
import { distributions, fixed, floats, labels, logarithms, positives } from '../given.js';

const latent = {
  mean: floats(['n', 2]),
  // The variance itself must not leave float32.
  logVariance: floats(['n', 2], -1, 1, { edges: { saturated: undefined } }),
};

export const generation: Record<string, Example> = {
  discriminatorLoss: quantity(
    { real: floats(['n', 1]), fake: floats(['n', 1]) },
    [],
    ({ real, fake }) => losses.discriminatorLoss(real, fake),
    { least: 0, anyRank: 'the two may differ in shape' },
  ),
  generatorLoss: loss({ fake: floats(['n', 1]) }, ['n', 1], ({ fake }, o) => losses.generatorLoss(fake, o), {
    anyRank: 'logits may have any shape',
  }),
  minimaxGeneratorLoss: loss(
    { fake: floats(['n', 1]) },
    ['n', 1],
    ({ fake }, o) => losses.minimaxGeneratorLoss(fake, o),
    { least: -Infinity, anyRank: 'logits may have any shape' },
  ),
  wassersteinCriticLoss: quantity(
    { real: floats(['n', 1]), fake: floats(['n', 1]) },
    [],
    ({ real, fake }) => losses.wassersteinCriticLoss(real, fake),
    { anyRank: 'the two may differ in shape' },
  ),
  gradientPenalty: loss(
    { real: fixed(floats(['n', 3])), fake: fixed(floats(['n', 3])), weights: floats([3, 2]) },
    ['n'],
    ({ real, fake, weights }, { reduction }) =>
      losses.gradientPenalty((x: Tensor) => x.matmul(weights).tanh().sum(-1), real, fake, constant(key(2)), {
        reduction,
      }),
    { draws: 'each pair has its own mix', free: { weights: 'they are the model, not an argument' } },
  ),
  featureReconstruction: loss(
    {
      shallow: floats(['n', 2, 2]),
      deep: floats(['n', 3]),
      shallowTargets: fixed(floats(['n', 2, 2])),
      deepTargets: fixed(floats(['n', 3])),
    },
    ['n'],
    ({ shallow, deep, shallowTargets, deepTargets }, o) =>
      losses.featureReconstruction([shallow, deep], [shallowTargets, deepTargets], { weights: [1, 2], ...o }),
  ),
  gaussianKl: loss(latent, ['n'], ({ mean, logVariance }, o) => losses.gaussianKl(mean, logVariance, o)),
  expectedLossVae: loss(
    { reconstruction: positives(['n']), ...latent },
    ['n'],
    ({ reconstruction, mean, logVariance }, o) =>
      losses.expectedLossVae(reconstruction, mean, logVariance, { beta: 3, ...o }),
  ),
  flowNegativeLogLikelihood: loss(
    { latents: floats(['n', 2]), logDeterminants: floats(['n']) },
    ['n'],
    ({ latents, logDeterminants }, o) => losses.flowNegativeLogLikelihood(latents, logDeterminants, o),
    { least: -Infinity, anyRank: 'a sample may have any axes' },
  ),
  contrastiveDivergence: loss(
    { data: floats(['n']), samples: floats(['n']) },
    ['n'],
    ({ data, samples }, o) => losses.contrastiveDivergence(data, samples, o),
    { least: -Infinity },
  ),
  uncertaintyWeighting: quantity(
    { losses: positives([3]), logVariances: floats([3], -1, 1, { edges: { wide: undefined, saturated: undefined } }) },
    [],
    (x) => losses.uncertaintyWeighting(x.losses, x.logVariances),
  ),
};

const path = { logProbabilities: logarithms(distributions(['n', 3, 5])), labels: { ...labels(2, ['n', 2]) } };

export const sequences: Record<string, Example> = {
  ctcLoss: loss(
    { logProbabilities: floats(['n', 5, 3], -2, 0), labels: fixed(path.labels) },
    ['n'],
    ({ logProbabilities, labels }, o) => losses.ctcLoss(logProbabilities, labels.add(1), o),
    { least: -Infinity, uncounted: 'its labels are strings' },
  ),
  minimumRisk: loss(
    { logProbabilities: floats(['n', 3], -2, 0), risks: fixed(positives(['n', 3])) },
    ['n'],
    ({ logProbabilities, risks }, o) => losses.minimumRisk(logProbabilities, risks, { sharpness: 1, ...o }),
  ),
  policyGradient: loss(
    { logProbabilities: floats(['n'], -2, 0), rewards: fixed(floats(['n'])) },
    ['n'],
    ({ logProbabilities, rewards }, o) => losses.policyGradient(logProbabilities, rewards, { baseline: 0.5, ...o }),
    { least: -Infinity },
  ),
  neuralNdcg: loss(
    {
      scores: floats(['n', 3]),
      relevance: fixed(floats(['n', 3], 0, 2, { edges: { wide: undefined, saturated: undefined } })),
    },
    ['n'],
    ({ scores, relevance }, o) => losses.neuralNdcg(scores, relevance, { iterations: 3, ...o }),
    { least: -1 - 1e-6 },
  ),
  stochasticNeuralNdcg: loss(
    {
      scores: floats(['n', 3]),
      relevance: fixed(floats(['n', 3], 0, 2, { edges: { wide: undefined, saturated: undefined } })),
    },
    ['n'],
    ({ scores, relevance }, o) =>
      losses.stochasticNeuralNdcg(scores, relevance, constant(key(4)), { iterations: 3, samples: 2, ...o }),
    { least: -1 - 1e-6, draws: 'each list has its own noise' },
  ),
};
