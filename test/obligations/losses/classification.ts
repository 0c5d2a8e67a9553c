import { constant, toNumbers } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { type Example, loss, quantity } from '../differentiable.js';
import { binary, distributions, fixed, floats, labels, logarithms, signs } from '../given.js';

const logits = floats(['n', 3], -2, 2);
const classes = { logits, labels: labels(3) };
const soft = { logits, targets: fixed(distributions(['n', 3])) };
const elements = { logits: floats(['n', 3], -2, 2), targets: binary(['n', 3]) };
const pixels = { logits: floats(['n', 3, 2], -2, 2), labels: labels(3, ['n', 2]) };

export const classification: Record<string, Example> = {
  crossEntropy: loss(classes, ['n'], ({ logits, labels }, o) => losses.crossEntropy(logits, labels, o)),
  'crossEntropy: smoothed, of pixels': loss(
    pixels,
    ['n', 2],
    ({ logits, labels }, o) => losses.crossEntropy(logits, labels, { labelSmoothing: 0.2, ...o }),
    { uncounted: 'what smoothing gives to each class is weighed as that class, as in PyTorch' },
  ),
  'crossEntropy: of pixels': loss(pixels, ['n', 2], ({ logits, labels }, o) => losses.crossEntropy(logits, labels, o)),
  'crossEntropy: soft': loss(soft, ['n'], ({ logits, targets }, o) => losses.crossEntropy(logits, targets, o)),
  'crossEntropy: weighted, some ignored': loss(
    classes,
    ['n'],
    ({ logits, labels }, o) =>
      losses.crossEntropy(logits, labels, { weight: constant([1, 2, 3], logits.dtype), ignoreIndex: 2, ...o }),
    {
      counted: ({ labels }) => toNumbers(labels).reduce((total, y) => total + [1, 2, 0][y], 0),
      uncounted: 'it weighs and ignores already',
    },
  ),
  harmonicLoss: loss(
    { x: floats(['n', 2]), weights: floats([3, 2]), labels: labels(3) },
    ['n'],
    ({ x, weights, labels }, o) => losses.harmonicLoss(x, weights, labels, { exponent: 3, ...o }),
  ),
  negativeLogLikelihood: loss(
    { logProbabilities: logarithms(distributions(['n', 3])), labels: labels(3) },
    ['n'],
    ({ logProbabilities, labels }, o) => losses.negativeLogLikelihood(logProbabilities, labels, o),
  ),
  binaryCrossEntropyWithLogits: loss(elements, ['n', 3], ({ logits, targets }, o) =>
    losses.binaryCrossEntropyWithLogits(logits, targets, o),
  ),
  focalLoss: loss(classes, ['n'], ({ logits, labels }, o) => losses.focalLoss(logits, labels, o)),
  'focalLoss: gamma 1/2': loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.focalLoss(logits, labels, { gamma: 0.5, ...o }),
  ),
  binaryFocalLoss: loss(elements, ['n', 3], ({ logits, targets }, o) => losses.binaryFocalLoss(logits, targets, o)),
  polyLoss: loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.polyLoss(logits, labels, { labelSmoothing: 0.1, ...o }),
  ),
  'polyLoss: soft': loss(soft, ['n'], ({ logits, targets }, o) => losses.polyLoss(logits, targets, o)),
  polyFocalLoss: loss(classes, ['n'], ({ logits, labels }, o) => losses.polyFocalLoss(logits, labels, o)),
  binaryPolyFocalLoss: loss(elements, ['n', 3], ({ logits, targets }, o) =>
    losses.binaryPolyFocalLoss(logits, targets, o),
  ),
  'binaryPolyFocalLoss: weighted': loss(elements, ['n', 3], ({ logits, targets }, o) =>
    losses.binaryPolyFocalLoss(logits, targets, { ...o, weight: constant([0.5, 0, 2], logits.dtype) }),
  ),
  truncatedCrossEntropy: loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.truncatedCrossEntropy(logits, labels, { terms: 3, ...o }),
  ),
  sparsemaxLoss: loss(classes, ['n'], ({ logits, labels }, o) => losses.sparsemaxLoss(logits, labels, o)),
  'sparsemaxLoss: soft': loss(soft, ['n'], ({ logits, targets }, o) => losses.sparsemaxLoss(logits, targets, o)),
  squentropy: loss(classes, ['n'], ({ logits, labels }, o) => losses.squentropy(logits, labels, o)),
  rescaledSquareLoss: loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.rescaledSquareLoss(logits, labels, { correctTarget: 3, correctWeight: 2, ...o }),
  ),
  hinge: loss({ scores: floats(['n', 2], -2, 2), targets: signs(['n', 2]) }, ['n', 2], ({ scores, targets }, o) =>
    losses.hinge(scores, targets, o),
  ),
  multiclassHinge: loss(classes, ['n'], ({ logits, labels }, o) => losses.multiclassHinge(logits, labels, o)),
  crammerSinger: loss(classes, ['n'], ({ logits, labels }, o) => losses.crammerSinger(logits, labels, o)),
  maxSup: loss(classes, ['n'], ({ logits, labels }, o) => losses.maxSup(logits, labels, o)),
  maxSupPenalty: quantity({ logits }, ['n'], ({ logits }) => losses.maxSupPenalty(logits), {
    least: 0,
    anyRank: 'positions stand after the classes',
  }),
  labelSmoothingPenalty: quantity(classes, ['n'], ({ logits, labels }) => losses.labelSmoothingPenalty(logits, labels)),
  'labelSmoothingParts: regularization': quantity(
    classes,
    ['n'],
    ({ logits, labels }) => losses.labelSmoothingParts(logits, labels).regularization,
    { least: 0 },
  ),
  'labelSmoothingParts: errorAmplification': quantity(
    classes,
    ['n'],
    ({ logits, labels }) => losses.labelSmoothingParts(logits, labels).errorAmplification,
  ),
  logitPenalty: quantity({ logits }, ['n'], ({ logits }) => losses.logitPenalty(logits), {
    least: 0,
    anyRank: 'positions stand after the classes',
  }),
  acls: loss(
    classes,
    ['n'],
    ({ logits, labels }, o) => losses.acls(logits, labels, { margin: 0.5, reference: 'smallest', ...o }),
    { detached: 'the largest and the smallest logit count as constants; acls.test.ts has the derivative' },
  ),
  aclsPenalty: quantity({ logits }, ['n'], ({ logits }) => losses.aclsPenalty(logits, { margin: 0.5 }), {
    least: 0,
    detached: 'the largest logit counts as a constant; acls.test.ts has the derivative',
    anyRank: 'positions stand after the classes',
  }),
  marginLabelSmoothing: loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.marginLabelSmoothing(logits, labels, { margin: 0.5, ...o }),
  ),
};
