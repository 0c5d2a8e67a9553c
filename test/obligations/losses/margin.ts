import { concat, constant } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { choice, type Example, loss, type Named, quantity } from '../differentiable.js';
import { fixed, floats, labels, positives } from '../given.js';

const classes = { features: floats(['n', 2]), weights: floats([3, 2]), labels: labels(3) };
const subCenters = { features: floats(['n', 2]), weights: floats([3, 2, 2]), labels: labels(3) };
const cosines = {
  cosine: floats(['n', 3], -0.9, 0.9, { edges: { wide: undefined, saturated: undefined } }),
  labels: labels(3),
};
const scale = 4;
const statistics = {
  mean: fixed(positives([])),
  deviation: fixed(positives([])),
};
const statisticsOf = ({ mean, deviation }: Named) => ({ mean, deviation });

export const margin: Record<string, Example> = {
  classCosines: quantity(
    { features: floats(['n', 2]), weights: floats([3, 2, 2]) },
    ['n', 3],
    ({ features, weights }) => losses.classCosines(features, weights),
    { least: -1 - 1e-6 },
  ),
  marginLogits: quantity(cosines, ['n', 3], ({ cosine, labels }) =>
    losses.marginLogits(cosine, labels, (c) => c.mul(c), { scale }),
  ),
  arcFaceLogits: quantity(cosines, ['n', 3], ({ cosine, labels }) => losses.arcFaceLogits(cosine, labels, { scale })),
  combinedMarginLogits: quantity(cosines, ['n', 3], ({ cosine, labels }) =>
    losses.combinedMarginLogits(cosine, labels, { scale, angleFactor: 1.2, additiveMargin: 0.1 }),
  ),
  cosFaceLogits: quantity(cosines, ['n', 3], ({ cosine, labels }) => losses.cosFaceLogits(cosine, labels, { scale })),
  adaFaceLogits: quantity(
    { ...cosines, quality: fixed(floats(['n'], -1, 1, { edges: { wide: undefined, saturated: undefined } })) },
    ['n', 3],
    ({ cosine, quality, labels }) => losses.adaFaceLogits(cosine, quality, labels, { scale }),
  ),
  circleLogits: quantity(cosines, ['n', 3], ({ cosine, labels }) => losses.circleLogits(cosine, labels, { scale }), {
    detached: 'the weights of similarities count as constants; circle-loss.test.ts has the derivative',
  }),
  arcFace: loss(classes, ['n'], ({ features, weights, labels }, o) =>
    losses.arcFace(features, weights, labels, { scale, ...o }),
  ),
  'arcFace: with sub-centres': loss(subCenters, ['n'], ({ features, weights, labels }, o) =>
    losses.arcFace(features, weights, labels, { scale, ...o }),
  ),
  cosFace: loss(classes, ['n'], ({ features, weights, labels }, o) =>
    losses.cosFace(features, weights, labels, { scale, ...o }),
  ),
  sphereFace: loss(classes, ['n'], ({ features, weights, labels }, o) =>
    losses.sphereFace(features, weights, labels, o),
  ),
  sFace: loss(
    classes,
    ['n'],
    ({ features, weights, labels }, o) =>
      losses.sFace(features, weights, labels, { scale, steepness: 5, intraAngle: 0.2, ...o }),
    { least: -Infinity, detached: 'weights count as constants; sface.test.ts has the derivative' },
  ),
  sFaceWeights: choice({ cosine: fixed(cosines.cosine), labels: cosines.labels }, ['n', 3], undefined, (x) =>
    losses.sFaceWeights(x.cosine, x.labels, { steepness: 5 }),
  ),
  sphereFace2: loss(
    classes,
    ['n'],
    ({ features, weights, labels }, o) => losses.sphereFace2(features, weights, labels, { scale, ...o }),
    { detached: 'adjustment and margin count as constants; sphereface2.test.ts has the derivative' },
  ),
  'sphereFace2: derivative of the equation, bias learned': loss(
    { ...classes, bias: floats([]) },
    ['n'],
    ({ features, weights, labels, bias }, o) =>
      losses.sphereFace2(features, weights, labels, { scale, bias, gradient: 'analytic', ...o }),
  ),
  sphereFace2Logits: quantity(cosines, ['n', 3], ({ cosine, labels }) =>
    losses.sphereFace2Logits(cosine, labels, { scale, kind: 'angular', gradient: 'analytic' }),
  ),
  adaFace: loss(
    { ...classes, ...statistics },
    ['n'],
    (x, o) => losses.adaFace(x.features, x.weights, x.labels, statisticsOf(x), { scale, ...o }),
    { detached: 'lengths of features count as constants; adaface.test.ts has the derivative' },
  ),
  featureQuality: choice(
    { features: floats(['n', 2]), ...statistics },
    ['n'],
    undefined,
    (x) => losses.featureQuality(x.features, statisticsOf(x)),
    { least: -1 },
  ),
  updateNormStatistics: choice({ features: floats(['n', 2]), ...statistics }, [2], undefined, (x) => {
    const { mean, deviation } = losses.updateNormStatistics(statisticsOf(x), x.features, { rate: 0.3 });
    return concat([mean.reshape([1]), deviation.reshape([1])]);
  }),
  unpg: loss({ ...cosines, embeddings: floats(['n', 2]) }, ['n'], ({ cosine, labels, embeddings }, o) =>
    losses.unpg(cosine, labels, embeddings, { scale, ...o }),
  ),
  'negativePairSimilarities: values': quantity(
    { embeddings: floats(['n', 2]), labels: labels(2) },
    [],
    // Pairs have an order of their own, their sum has none.
    ({ embeddings, labels }) => losses.negativePairSimilarities(embeddings, labels).values.sin().sum(),
  ),
  'negativePairSimilarities: mask': choice(
    { embeddings: floats(['n', 2]), labels: labels(2) },
    [],
    'int32',
    ({ embeddings, labels }) => losses.negativePairSimilarities(embeddings, labels).mask.cast('int32').sum(),
  ),
  boxWhiskerFilter: choice({ values: floats(['n']) }, ['n'], 'bool', ({ values }) =>
    losses.boxWhiskerFilter({ values, mask: constant([true]).broadcastTo(values.shape) }, { whisker: 0.1 }),
  ),
  dominantSubCenters: choice(subCenters, [3], 'int32', ({ features, labels, weights }) =>
    losses.dominantSubCenters(features, labels, weights),
  ),
  dominantSubCenterCosines: quantity(subCenters, ['n'], ({ features, labels, weights }) =>
    losses.dominantSubCenterCosines(features, labels, weights),
  ),
  subCenterOutliers: choice(subCenters, ['n'], 'bool', ({ features, labels, weights }) =>
    losses.subCenterOutliers(features, labels, weights),
  ),
};
