import * as losses from '../../../src/losses/index.js';
import { choice, type Example, loss, quantity } from '../differentiable.js';
import { bools, fixed, floats, labels, signs } from '../given.js';

const views = { x: floats(['n', 3]), y: floats(['n', 3]) };
const batch = { embeddings: floats(['n', 3]), labels: labels(2) };
const ofPairs = 'it is of pairs: every sample stands in the losses of others';
const twoRows = /with two rows or more/;
const weighted = 'the weights of similarities count as constants; circle-loss.test.ts has the derivative';

export const contrastive: Record<string, Example> = {
  infoNCE: loss(views, ['n'], ({ x, y }, o) => losses.infoNCE(x, y, { temperature: 0.5, ...o })),
  'infoNCE: symmetric, in parts': loss(views, ['n'], ({ x, y }, o) =>
    losses.infoNCE(x, y, { temperature: 0.5, symmetric: true, chunk: 3, ...o }),
  ),
  'infoNCE: negatives of a queue': loss({ ...views, negatives: floats([5, 3]) }, ['n'], ({ x, y, negatives }, o) =>
    losses.infoNCE(x, y, { temperature: 0.5, negatives, ...o }),
  ),
  enqueue: choice(
    { queue: fixed(floats([5, 3])), keys: fixed(floats(['n', 3])) },
    [5, 3],
    undefined,
    ({ queue, keys }) => losses.enqueue(queue, keys),
    { ordered: 'keys keep their order' },
  ),
  ntXent: loss(views, ['2n'], ({ x, y }, o) => losses.ntXent(x, y, o)),
  macl: loss(views, ['2n'], ({ x, y }, o) => losses.macl(x, y, { temperature: 0.5, ...o }), {
    detached: 'temperature and weights count as constants; macl.test.ts has the derivative',
  }),
  'macl: temperature and weights fixed, in parts': loss(views, ['2n'], ({ x, y }, o) =>
    losses.macl(x, y, { temperature: 0.5, adaptation: 0, reweight: false, chunk: 3, ...o }),
  ),
  modelAwareTemperature: choice(
    { alignment: fixed(floats([], -1, 1, { edges: { wide: undefined, saturated: undefined } })) },
    [],
    undefined,
    ({ alignment }) => losses.modelAwareTemperature(alignment),
    { least: 0 },
  ),
  gradientScaling: quantity(
    { positives: floats(['n']), negatives: floats(['n', 3]) },
    ['n'],
    ({ positives, negatives }) => losses.gradientScaling(positives, negatives, { temperature: 0.5 }),
    { least: 0 },
  ),
  supCon: loss(
    batch,
    ['n'],
    ({ embeddings, labels }, o) => losses.supCon(embeddings, labels, { temperature: 0.5, ...o }),
    { uncounted: ofPairs },
  ),
  'supCon: inside the logarithm, anchors without positives left out': loss(
    { embeddings: floats(['n', 3]), labels: labels(3) },
    ['n'],
    ({ embeddings, labels }, o) =>
      losses.supCon(embeddings, labels, { temperature: 0.5, form: 'in', emptyAnchors: 'skip', ...o }),
    { counted: 2, uncounted: ofPairs },
  ),
  sigmoidPairLoss: loss(views, ['n'], ({ x, y }, o) => losses.sigmoidPairLoss(x, y, { bias: -1, ...o })),
  'sigmoidPairLoss: of given pairs, scale and bias learned': loss(
    {
      ...views,
      pairs: bools(['n', 'n']),
      logScale: floats([], 0, 1, { edges: { wide: undefined, saturated: undefined } }),
      bias: floats([]),
    },
    ['n'],
    ({ x, y, pairs, logScale, bias }, o) => losses.sigmoidPairLoss(x, y, { pairs, logScale, bias, ...o }),
  ),
  alignment: quantity(views, [], ({ x, y }) => losses.alignment(x, y), { least: 0 }),
  'alignment: not squared': quantity(views, [], ({ x, y }) => losses.alignment(x, y, { exponent: 1 }), { least: 0 }),
  uniformity: quantity({ x: floats(['n', 3]) }, [], ({ x }) => losses.uniformity(x), {
    refuses: { none: twoRows, one: twoRows },
  }),
  alignUniform: quantity(views, [], ({ x, y }) => losses.alignUniform(x, y), {
    refuses: { none: twoRows, one: twoRows },
  }),
  cosineEmbedding: loss({ ...views, targets: signs(['n']) }, ['n'], ({ x, y, targets }, o) =>
    losses.cosineEmbedding(x, y, targets, { margin: -0.5, ...o }),
  ),
  marginRanking: loss({ a: floats(['n']), b: floats(['n']), targets: signs(['n']) }, ['n'], ({ a, b, targets }, o) =>
    losses.marginRanking(a, b, targets, { margin: 1, ...o }),
  ),
  contrastiveLoss: loss(
    batch,
    ['n', 'n'],
    ({ embeddings, labels }, o) => losses.contrastiveLoss(embeddings, labels, o),
    { counted: 12, uncounted: ofPairs },
  ),
  tripletLoss: loss(batch, ['n', 'n', 'n'], ({ embeddings, labels }, o) => losses.tripletLoss(embeddings, labels, o), {
    counted: 8,
    uncounted: ofPairs,
  }),
  circlePairLoss: loss(
    batch,
    ['n'],
    ({ embeddings, labels }, o) => losses.circlePairLoss(embeddings, labels, { scale: 3, ...o }),
    { detached: weighted, uncounted: ofPairs },
  ),
  circleLoss: loss(
    { positives: floats(['n', 2]), negatives: floats(['n', 3]) },
    ['n'],
    ({ positives, negatives }, o) => losses.circleLoss(positives, negatives, { scale: 3, ...o }),
    { detached: weighted },
  ),
};
