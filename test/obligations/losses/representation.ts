import { concat, constant, type Tensor } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { choice, type Example, loss, quantity } from '../differentiable.js';
import { fixed, floats, labels, positives } from '../given.js';

const views = { first: floats(['n', 3]), second: floats(['n', 3]) };
const still = { online: floats(['n', 3]), target: fixed(floats(['n', 3])) };
const two = /at least 2/;
const atLeastTwo = { refuses: { none: two, one: two } };
const moments = floats([3, 3]);

export const selfSupervised: Record<string, Example> = {
  barlowTwins: quantity(views, [], ({ first, second }) => losses.barlowTwins(first, second), {
    least: 0,
    ...atLeastTwo,
  }),
  negativeCosine: loss(still, ['n'], ({ online, target }, o) => losses.negativeCosine(online, target, o), {
    least: -1 - 1e-6,
  }),
  simSiam: loss(
    { p1: floats(['n', 3]), p2: floats(['n', 3]), z1: fixed(floats(['n', 3])), z2: fixed(floats(['n', 3])) },
    ['n'],
    ({ p1, p2, z1, z2 }, o) => losses.simSiam([p1, p2], [z1, z2], o),
    { least: -1 - 1e-6 },
  ),
  'tico: loss': loss(
    { ...still, covariance: fixed(moments) },
    ['n'],
    ({ online, target, covariance }, o) =>
      losses.tico(online, target, covariance, { throughCovariance: true, ...o }).loss,
    { least: -Infinity, detached: 'unlike its value, each sample counts in the moments of the others' },
  ),
  'tico: covariance': choice(
    { ...still, covariance: fixed(moments) },
    [3, 3],
    undefined,
    ({ online, target, covariance }) => losses.tico(online, target, covariance).covariance,
  ),
  iterativeWhitening: quantity({ x: floats(['n', 3]) }, ['n', 3], ({ x }) => losses.iterativeWhitening(x), atLeastTwo),
  'iterativeWhitening: over the batch': quantity(
    { x: floats(['n', 3]) },
    ['n', 3],
    ({ x }) => losses.iterativeWhitening(x, { axis: 'batch' }),
    atLeastTwo,
  ),
  spectralTransform: quantity(
    { x: floats(['n', 3]) },
    ['n', 3],
    ({ x }) => losses.spectralTransform(x, (values) => values.add(0.1).pow(-0.5), { axis: 'batch' }),
    atLeastTwo,
  ),
  whiteningTraceLoss: quantity({ x: floats(['n', 3]) }, [], ({ x }) => losses.whiteningTraceLoss(x), {
    least: 0,
    ...atLeastTwo,
  }),
  intl: quantity(views, [], ({ first, second }) => losses.intl([first, second], { traceWeight: 0.1 }), {
    least: 0,
    ...atLeastTwo,
  }),
  intlMomentum: quantity(
    { first: floats(['n', 3]), second: floats(['n', 3]), reference: fixed(floats(['n', 3])) },
    [],
    ({ first, second, reference }) => losses.intlMomentum([first, second], reference, { traceWeight: 0.1 }),
    { least: 0, ...atLeastTwo },
  ),
};

const notEmpty = { none: /not empty/ };
const regressed = {
  features: floats(['n', 2]),
  head: floats([2]),
  targets: floats(['n']),
};
const classified = { features: floats(['n', 2]), head: floats([3, 2]), labels: labels(3) };
const scaled = { predictions: floats(['n']), targets: floats(['n']) };
const anyRank = 'a sample may have any axes';
const domains = { risks: positives([3]), penalties: positives([3]) };
const list = (x: Tensor) => [0, 1, 2].map((i) => x.at(i));
const scalars = 'scalars are taken from it here';
const model = (weights: Tensor) => (x: Tensor) => x.matmul(weights).tanh();
const modelled = { x: fixed(floats(['n', 3])), weights: floats([3, 2]) };
const change = { radius: 0.5, powerIterations: 2 };
const store = { store: floats([3, 4, 2]), logits: fixed(floats(['n', 2])) };
const ofModel = 'the function of the model says what it takes';

export const regularizers: Record<string, Example> = {
  conditionalEntropy: loss(
    { logits: floats(['n', 3], -2, 2) },
    ['n'],
    ({ logits }, o) => losses.conditionalEntropy(logits, o),
    { anyRank: 'positions stand after the classes' },
  ),
  trajectoryLoss: loss(
    { logits: floats(['n', 3], -2, 2), past: fixed(floats(['n', 3], -2, 2)) },
    ['n'],
    ({ logits, past }, o) => losses.trajectoryLoss(logits, past, o),
    { least: -1e-12 },
  ),
  writeTrajectory: choice(
    { store: fixed(store.store), logits: store.logits },
    [3, 4, 2],
    undefined,
    ({ store, logits }) => losses.writeTrajectory(store, constant(4, 'int32'), arangeOf(logits), logits),
    { ordered: 'samples are written by their place' },
  ),
  readTrajectory: quantity(
    { store: store.store, indices: labels(4) },
    ['n', 2],
    ({ store, indices }) => losses.readTrajectory(store, constant(4, 'int32'), indices, 2),
    {},
  ),
  irmPenalty: quantity(regressed, [], ({ features, head, targets }) => losses.irmPenalty(features, head, targets), {
    refuses: notEmpty,
    least: 0,
  }),
  'irmPenalty: of classes': quantity(
    classified,
    [],
    ({ features, head, labels }) => losses.irmPenalty(features, head, labels),
    { refuses: notEmpty, least: 0 },
  ),
  irmExcessRiskPenalty: quantity(
    regressed,
    [],
    ({ features, head, targets }) => losses.irmExcessRiskPenalty(features, head, targets),
    { refuses: notEmpty, least: -1e-6 },
  ),
  irmAdaptivePenalty: quantity(
    regressed,
    [],
    ({ features, head, targets }) => losses.irmAdaptivePenalty(features, head, targets),
    { refuses: notEmpty, least: 0, detached: 'the least eigenvalue counts as a constant' },
  ),
  irmHeadDistance: quantity(
    regressed,
    [],
    ({ features, head, targets }) => losses.irmHeadDistance(features, head, targets),
    { refuses: notEmpty, least: 0 },
  ),
  irmScalePenalty: quantity(scaled, [], ({ predictions, targets }) => losses.irmScalePenalty(predictions, targets), {
    refuses: { none: /irmScalePenalty/ },
    least: 0,
  }),
  irmScaleExcessRiskPenalty: quantity(
    scaled,
    [],
    ({ predictions, targets }) => losses.irmScaleExcessRiskPenalty(predictions, targets),
    { refuses: { none: /irmScaleExcessRiskPenalty/ }, least: 0 },
  ),
  featureGramian: quantity({ features: floats(['n', 2]) }, [2, 2], ({ features }) => losses.featureGramian(features), {
    refuses: notEmpty,
  }),
  gramianSpectrum: quantity(
    { features: floats(['n', 2]) },
    [2],
    ({ features }) => {
      const { min, max } = losses.gramianSpectrum(features);
      return concat([min.reshape([1]), max.reshape([1])]);
    },
    { refuses: notEmpty, least: 0 },
  ),
  domainObjective: quantity(
    domains,
    [],
    ({ risks, penalties }) => losses.domainObjective(list(risks), list(penalties), { weight: 10 }),
    { anyRank: scalars },
  ),
  riskVariance: quantity({ risks: positives([3]) }, [], ({ risks }) => losses.riskVariance(list(risks)), {
    least: 0,
    anyRank: scalars,
  }),
  adversarialPerturbation: choice(
    { x: floats(['n', 3]) },
    ['n', 3],
    undefined,
    ({ x }) => losses.adversarialPerturbation((p) => p.sin().sum(), x, { radius: 0.5 }),
    { refuses: notEmpty, anyRank },
  ),
  'adversarialPerturbation: signs': choice(
    { x: floats(['n', 3]) },
    ['n', 3],
    undefined,
    ({ x }) => losses.adversarialPerturbation((p) => p.sin().sum(), x, { radius: 0.5, norm: Infinity }),
    { refuses: notEmpty, anyRank },
  ),
  perturbationAlong: quantity(
    { directions: floats(['n', 3]) },
    ['n', 3],
    ({ directions }) => losses.perturbationAlong(directions, { radius: 0.5 }),
    { refuses: notEmpty, anyRank },
  ),
  predictionChange: loss(
    { ...modelled, perturbation: floats(['n', 3]) },
    ['n'],
    ({ x, weights, perturbation }, o) => losses.predictionChange(model(weights), x, perturbation, o),
    {
      detached: 'the clean prediction counts as a constant; virtual-adversarial.test.ts has the derivative',
      free: { x: ofModel, weights: ofModel },
    },
  ),
  virtualAdversarialPerturbation: choice(
    { x: fixed(floats(['n', 3])), start: fixed(floats(['n', 3])), weights: fixed(floats([3, 2])) },
    ['n', 3],
    undefined,
    ({ x, weights, start }) => losses.virtualAdversarialPerturbation(model(weights), x, start, change),
    { refuses: notEmpty, free: { weights: ofModel } },
  ),
  virtualAdversarialLoss: loss(
    modelled,
    ['n'],
    ({ x, weights }, o) => losses.virtualAdversarialLoss(model(weights), x, constant(key(3)), { ...change, ...o }),
    {
      detached: 'the perturbation counts as a constant; virtual-adversarial.test.ts has the derivative',
      draws: 'each sample has its own start',
      free: { x: ofModel, weights: ofModel },
      refuses: notEmpty,
    },
  ),
};

const arangeOf = (x: Tensor) =>
  constant(
    Array.from({ length: x.shape[0] }, (_, i) => i),
    'int32',
  );
