import { describe, expect, it } from 'vitest';
import { methods } from '../../src/papers/methods.js';
import { classifierLosses, optimizers, regressionLosses, tasks } from '../../src/train/index.js';

/** What can be asked for by name in `cotangent train` or `cotangent finetune`. */
const selectable = new Set([
  ...Object.values(tasks).flatMap(({ losses, augmentations, regularizers, degradations = {}, transmissions = {} }) =>
    [losses, augmentations, regularizers, degradations, transmissions].flatMap((choices) => Object.keys(choices)),
  ),
  ...[classifierLosses, regressionLosses, optimizers].flatMap((choices) => Object.keys(choices)),
]);

/** Exports that nobody trains with by their own name, and why. */
const buildingBlocks: Readonly<Record<string, readonly string[]>> = {
  'what a loss of that family makes its logits of': [
    'adaFaceLogits',
    'arcFaceLogits',
    'featureQuality',
    'sFaceWeights',
    'sphereFace2Bias',
    'sphereFace2Logits',
  ],
  'state that a loss or regulariser of that family keeps by itself': [
    'enqueue',
    'initialBank',
    'initialNormStatistics',
    'instanceNormalizer',
    'intlMomentum',
    'readTrajectory',
    'updateBank',
    'updateNormStatistics',
    'writeTrajectory',
  ],
  'a part of a loss that goes by its whole name: alignUniform, intl, instanceSoftmax, crossEntropy, regMixup, mixupNdcg, jaccardMetricLoss, generalMixup':
    [
      'alignment',
      'boundaryLabelSmoothing',
      'generalMixedLoss',
      'iterativeWhitening',
      'labelSmoothingParts',
      'mixedLoss',
      'proximalTerm',
      'largestShares',
      'regMixupLoss',
      'spectralTransform',
      'uniformity',
      'whiteningTraceLoss',
    ],
  'takes similarities that circlePairLoss and circleLogits make of embeddings': ['circleLoss'],
  'a kernel, an argument of iCon': [
    'classKernel',
    'clusterKernel',
    'gaussianKernel',
    'graphKernel',
    'mixUniform',
    'neighbourKernel',
    'perplexityWidths',
    'propagate',
    'studentKernel',
  ],
  'kernels of labels are made by cMixup and iCon': ['labelKernel', 'cMixupPartners', 'partnerStatistics'],
  'a number that tells something of the trained, not one to train on': [
    'barrierEntropy',
    'dominantSubCenterCosines',
    'dominantSubCenters',
    'featureGramian',
    'gradientInnerProduct',
    'gradientScaling',
    'gramianSpectrum',
    'kernelEntropy',
    'mSharpness',
    'midpointLossFloor',
    'misalignedPairs',
    'sharpness',
    'subCenterOutliers',
    'uniformityOptimum',
    'whitenedEigenvalue',
  ],
  'what macl makes its temperature by': ['modelAwareTemperature'],
  'similarities of images, higher for better: msSsimLoss and ssimLoss are their losses': ['msSsim', 'ssim'],
  'which negatives unpg adds': ['boxWhiskerFilter', 'negativePairSimilarities'],
  'steps of virtualAdversarialLoss': ['predictionChange', 'virtualAdversarialPerturbation'],
  'the objective as a whole, which mixupNdcg and mixupRankingLoss beside a loss are in a run': [
    'mixupViews',
    'rankMixup',
  ],
  'the mean of what midpointMixup draws, over all pairs': ['allPairsMixupLoss'],
  'steps of sam': ['samGradient', 'samGradientOfParts', 'samPerturbation'],
  'steps of fish, and the objective that it approximates': ['fishStep', 'idgmLoss', 'interpolate'],
  'steps of forwardGradient': ['forwardDescent', 'projectGradient', 'randomGuess'],
  'steps of diffJpeg and its options': [
    'exactArithmetic',
    'jpegDecode',
    'jpegEncode',
    'jpegQualityScale',
    'scaledTable',
    'softArithmetic',
    'softClip',
    'softFloor',
    'softRound',
    'straightThroughArithmetic',
  ],
  'mixes rows that mixup and cMixup choose': ['mixExamples'],
  'the procedure as a whole, which instanceSoftmax and instanceNce are in a run': ['instanceDiscrimination'],
  'adapts a trained model to a test set without labels: cotangent/algorithms': [
    'cafaLoss',
    'classCorrelationLoss',
    'fitClassGaussians',
    'mahalanobisToClasses',
  ],
  'asks for the squared loss of one output in several domains; domains are made of classes': ['irmHeadDistance'],
};

const reasons = new Map(
  Object.entries(buildingBlocks).flatMap(([reason, names]) => names.map((name) => [name, reason] as const)),
);

/** Exports of the catalogue of what a run is told by name; of procedures those that are a loss or an optimizer. */
const catalogue = Object.entries(methods).flatMap(([slug, { exports }]) =>
  exports.flatMap((path) => {
    const [floor, name] = path.split('.');
    const wanted = ['losses', 'optim', 'augment'].includes(floor);
    const procedure = floor === 'algorithms' && ['fish', 'instance-discrimination'].includes(slug);
    return wanted || procedure ? [name] : [];
  }),
);

describe('the catalogue of losses, regularisers, optimizers and augmentations', () => {
  it('can be trained with by name, but for building blocks', () => {
    expect([...new Set(catalogue)].filter((name) => !selectable.has(name) && !reasons.has(name))).toEqual([]);
  });

  it('has no building blocks that are not there, or that can be asked for', () => {
    const known = new Set(catalogue);
    expect([...reasons.keys()].filter((name) => !known.has(name))).toEqual([]);
    expect([...reasons.keys()].filter((name) => selectable.has(name))).toEqual([]);
  });
});
