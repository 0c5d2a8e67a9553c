import { constant } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { type Example, loss, type Named, quantity } from '../differentiable.js';
import { fixed, floats, positives } from '../given.js';

const pair = { predictions: floats(['n', 3], -2, 2), targets: fixed(floats(['n', 3], -2, 2)) };
const elementwise = (
  of: (predictions: Named[string], targets: Named[string], o: losses.ReductionOptions) => Named[string],
): Example => loss(pair, ['n', 3], ({ predictions, targets }, o) => of(predictions, targets, o));

const mixture = {
  logits: floats(['n', 2]),
  means: floats(['n', 2]),
  // Standard deviations: what squares of distances over them does not leave float32.
  scales: positives(['n', 2], 0.5, 2, { edges: { zero: undefined, saturated: undefined } }),
  targets: floats(['n']),
};
const mixtureOf = ({ logits, means, scales }: Named) => ({ logits, means, scales });

export const regression: Record<string, Example> = {
  meanSquaredError: elementwise(losses.meanSquaredError),
  meanAbsoluteError: elementwise(losses.meanAbsoluteError),
  huber: elementwise(losses.huber),
  smoothL1: elementwise((x, y, o) => losses.smoothL1(x, y, { beta: 0.5, ...o })),
  logCosh: elementwise(losses.logCosh),
  quantileLoss: elementwise((x, y, o) => losses.quantileLoss(x, y, { level: 0.3, ...o })),
  'quantileLoss: several levels': elementwise((x, y, o) =>
    losses.quantileLoss(x, y, { level: constant([0.1, 0.5, 0.9], x.dtype), ...o }),
  ),
  wing: elementwise((x, y, o) => losses.wing(x, y, { width: 1, curvature: 0.5, ...o })),
  berHu: elementwise((x, y, o) => losses.berHu(x, y, { threshold: 0.7, ...o })),
  'berHu: a fifth of the largest error': loss(
    pair,
    ['n', 3],
    ({ predictions, targets }, o) => losses.berHu(predictions, targets, o),
    { detached: 'the threshold counts as a constant; regression.test.ts has the derivative' },
  ),
  balancedL1: elementwise(losses.balancedL1),
  poissonLoss: loss(
    { predictions: positives(['n', 3]), counts: fixed(positives(['n', 3], 0, 5)) },
    ['n', 3],
    ({ predictions, counts }, o) => losses.poissonLoss(predictions, counts, { stirling: true, ...o }),
    { least: -Infinity },
  ),
  'poissonLoss: of logarithms': loss(
    {
      predictions: floats(['n', 3], -2, 2, { edges: { saturated: undefined } }),
      counts: fixed(positives(['n', 3], 0, 5)),
    },
    ['n', 3],
    ({ predictions, counts }, o) => losses.poissonLoss(predictions, counts, { logRate: true, ...o }),
    { least: -Infinity },
  ),
  gaussianMixtureNegativeLogLikelihood: loss(
    mixture,
    ['n'],
    (x, o) => losses.gaussianMixtureNegativeLogLikelihood(mixtureOf(x), x.targets, o),
    { least: -Infinity },
  ),
  gaussianMixtureCdf: quantity(mixture, ['n'], (x) => losses.gaussianMixtureCdf(mixtureOf(x), x.targets), { least: 0 }),
  gaussianMixtureCrps: loss(mixture, ['n'], (x, o) => losses.gaussianMixtureCrps(mixtureOf(x), x.targets, o)),
};
