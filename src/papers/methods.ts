import type { Method } from './paper.js';

/** What implements each paper, by slug. A paper without an entry is not implemented yet. */
export const methods: Readonly<Record<string, Method>> = {
  acls: {
    exports: ['losses.acls', 'losses.aclsPenalty', 'losses.marginLabelSmoothing'],
    example: `const loss = acls(logits, labels, { margin: 10 });`,
  },
  'active-passive-loss': {
    exports: [
      'losses.activePassive',
      'losses.normalizedCrossEntropy',
      'losses.normalizedFocalLoss',
      'losses.absoluteProbabilityError',
      'losses.normalizedAbsoluteProbabilityError',
      'losses.reverseCrossEntropy',
      'losses.generalizedCrossEntropy',
      'losses.normalizedGeneralizedCrossEntropy',
    ],
    example: `const loss = activePassive(logits, labels, { active: normalizedFocalLoss, passive: reverseCrossEntropy });`,
  },
  adaface: {
    exports: [
      'losses.adaFace',
      'losses.adaFaceLogits',
      'losses.featureQuality',
      'losses.updateNormStatistics',
      'losses.initialNormStatistics',
    ],
    example: `const statistics = updateNormStatistics(state, embeddings);
const loss = adaFace(embeddings, weights, labels, statistics, { margin: 0.4, concentration: 0.333 });`,
  },
  adaround: {
    exports: [
      'algorithms.adaRound',
      'algorithms.adaRoundLayers',
      'algorithms.softRound',
      'algorithms.hardRound',
      'algorithms.initialRounding',
      'algorithms.rectifiedSigmoid',
      'algorithms.rectifiedSigmoidInverse',
      'algorithms.roundingRegularizer',
      'algorithms.roundingBeta',
      'algorithms.reconstructionError',
      'algorithms.roundExhaustively',
      'algorithms.roundNearest',
      'algorithms.quantizationGrid',
      'algorithms.fakeQuantize',
      'algorithms.quantize',
      'algorithms.dequantize',
      'algorithms.roundToNearest',
      'algorithms.roundStochastically',
    ],
    example: `const layers = [{ weights, apply: (w, x) => linear(x, w, constant(bias)).relu() }];
const [{ weights: rounded, open }] = await adaRoundLayers(layers, images, key(0), { steps: 1000, grid: { bits: 4, range: 'mse' } });`,
  },
  'align-uniform': {
    exports: ['losses.alignUniform', 'losses.alignment', 'losses.uniformity', 'losses.uniformityOptimum'],
    example: `const loss = alignUniform(embed(view1), embed(view2));`,
  },
  'alpha-bn': {
    exports: ['nn.calibratedMoments', 'nn.Context', 'algorithms.core', 'losses.classCorrelationLoss'],
    example: `const logits = model.apply(variables, x, new Context({ statistics: { sourceWeight: 0.9 } })); // alpha-BN
const { init, step } = core({ model, sourceWeight: 0.9, optimizer: adam({ learningRate: 1e-3 }) });`,
  },
  arcface: {
    exports: [
      'losses.arcFace',
      'losses.arcFaceLogits',
      'losses.combinedMarginLogits',
      'losses.dominantSubCenters',
      'losses.dominantSubCenterCosines',
      'losses.subCenterOutliers',
    ],
    example: `const loss = arcFace(embeddings, weights, labels, { margin: 0.5, scale: 64 });
const suspect = subCenterOutliers(embeddings, labels, subCenters, { angle: 75 });`,
  },
  aum: {
    exports: [
      'samplers.areaUnderMargin',
      'samplers.assignedMargin',
      'samplers.recordMargins',
      'samplers.noMargins',
      'samplers.thresholdSamples',
      'samplers.withExtraClass',
      'samplers.findMislabeled',
    ],
    example: `const next = recordMargins(margins, logits, labels, indices); // in every step
const { flagged } = findMislabeled([{ areas: areaUnderMargin(margins), threshold }]);`,
  },
  cafa: {
    exports: ['algorithms.cafa', 'losses.cafaLoss', 'losses.fitClassGaussians', 'losses.mahalanobisToClasses'],
    example: `const gaussians = await compile((x, y) => fitClassGaussians(features(x), y, { classes: 10 }))(images, labels);
const { init, step } = cafa({ model: featuresAndLogits, gaussians, optimizer: adam({ learningRate: 1e-3 }) });`,
  },
  'c-mixup': {
    exports: [
      'augment.cMixup',
      'augment.cMixupPartners',
      'augment.labelKernel',
      'augment.mixExamples',
      'augment.partnerStatistics',
    ],
    example: `const mixed = cMixup({ x, y }, { x: allInputs, y: allTargets }, key, { bandwidth: 0.5 });
const loss = meanSquaredError(model(mixed.x), mixed.y);`,
  },
  'circle-loss': {
    exports: ['losses.circleLoss', 'losses.circleLogits', 'losses.circlePairLoss'],
    example: `const pairs = circlePairLoss(embeddings, labels, { margin: 0.4, scale: 80 });
const classes = crossEntropy(circleLogits(classCosines(embeddings, weights), labels), labels);`,
  },
  darts: {
    exports: [
      'algorithms.darts',
      'algorithms.firstOrderGradient',
      'algorithms.unrolledGradient',
      'algorithms.approximateUnrolledGradient',
      'algorithms.mixedOperation',
      'algorithms.searchCell',
      'algorithms.genotypeCell',
      'algorithms.genotypeOf',
      'algorithms.edgeCount',
      'algorithms.searchNetwork',
      'algorithms.genotypeNetwork',
      'algorithms.dartsOperations',
      'algorithms.dropPath',
    ],
    example: `const network = searchNetwork({ classes: 10, channels: 16, layers: 8 });
const search = darts({
  loss: (variables, alpha, [x, y], context) => crossEntropy(network.apply(variables, alpha, x, context), y),
  architectureGradient: firstOrderGradient, // or unrolledGradient, for small networks
});
let state = search.init(network.init(key(0)), network.initArchitecture(key(1)));
const { state: next } = search.step(state0, [x, y], [validationX, validationY]); // inside a compiled function
const normal = genotypeOf(state.architecture.normal, { operations: network.operations });`,
  },
  'deconfounded-cka': {
    exports: [
      'diagnostics.deconfoundedCka',
      'diagnostics.cka',
      'diagnostics.hsic',
      'diagnostics.normalizedGram',
      'diagnostics.deconfound',
    ],
    example: `const { value } = deconfoundedCka(layerOfA, layerOfB, inputs);`,
  },
  'diff-jpeg': {
    exports: [
      'augment.diffJpeg',
      'augment.jpegEncode',
      'augment.jpegDecode',
      'augment.jpegQualityScale',
      'augment.scaledTable',
      'augment.softRound',
      'augment.softFloor',
      'augment.softClip',
      'augment.softArithmetic',
      'augment.straightThroughArithmetic',
      'augment.exactArithmetic',
      'augment.randomJpeg',
    ],
    example: `const coded = diffJpeg(images, quality, { arithmetic: straightThroughArithmetic }); // in [0, 255]
const byQuality = grad((q) => meanSquaredError(diffJpeg(images, q), target))(quality);`,
  },
  fish: {
    exports: [
      'algorithms.fishStep',
      'algorithms.fish',
      'algorithms.fish',
      'algorithms.idgmLoss',
      'algorithms.gradientInnerProduct',
      'algorithms.interpolate',
    ],
    example: `const inner = sgd({ learningRate: 0.1 });
const { params, state } = fishStep(domains.map((d) => (p) => crossEntropy(model(p, d.x), d.y)), params0, inner, state0);`,
  },
  'forward-gradient': {
    exports: ['optim.forwardGradient', 'optim.forwardDescent', 'optim.projectGradient', 'optim.randomGuess'],
    example: `const [value, gradients] = forwardGradient(loss, params, guess);
const { updates } = optimizer.update(gradients, state, params);`,
  },
  'i-con': {
    exports: [
      'losses.iCon',
      'losses.gaussianKernel',
      'losses.studentKernel',
      'losses.graphKernel',
      'losses.labelKernel',
      'losses.classKernel',
      'losses.neighbourKernel',
      'losses.clusterKernel',
      'losses.mixUniform',
      'losses.propagate',
      'losses.perplexityWidths',
      'losses.kernelEntropy',
      'losses.infoNCE',
      'losses.enqueue',
      'metrics.clusteringAccuracy',
    ],
    example: `const near = mixUniform(neighbourKernel(squaredDistances(features, features), 8), 0.2);
const clustering = iCon(clusterKernel(head(features).softmax()), near);
const supCon = iCon(gaussianKernel(cosineDistances(z, z), { width: 0.5 }), labelKernel(labels));`,
  },
  'instance-discrimination': {
    exports: [
      'algorithms.instanceDiscrimination',
      'algorithms.instanceSoftmax',
      'algorithms.instanceNce',
      'algorithms.instanceNormalizer',
      'algorithms.proximalTerm',
      'algorithms.initialBank',
      'algorithms.updateBank',
      'metrics.weightedKnn',
      'metrics.knnAccuracy',
    ],
    example: `const procedure = instanceDiscrimination({ embed, optimizer: adam({ learningRate: 0.001 }), items: 50000, noise: 4096 });
const { state, loss } = procedure.step(state0, view(x), indices, key);`,
  },
  intl: {
    exports: [
      'losses.intl',
      'losses.intlMomentum',
      'losses.iterativeWhitening',
      'losses.spectralTransform',
      'losses.whiteningTraceLoss',
      'losses.whitenedEigenvalue',
    ],
    example: `const loss = intl([embed(view1), embed(view2)], { axis: 'batch', iterations: 4 });`,
  },
  'irm-penalties': {
    exports: [
      'losses.irmExcessRiskPenalty',
      'losses.irmScaleExcessRiskPenalty',
      'losses.irmAdaptivePenalty',
      'losses.irmPenalty',
      'losses.irmScalePenalty',
      'losses.irmHeadDistance',
      'losses.featureGramian',
      'losses.gramianSpectrum',
      'losses.domainObjective',
    ],
    example: `const risks = domains.map(({ x, y }) => meanSquaredError(features(x).matmul(head), y));
const penalties = domains.map(({ x, y }) => irmExcessRiskPenalty(features(x), head, y));
const loss = domainObjective(risks, penalties, { weight: 100 });`,
  },
  'loss-landscape': {
    exports: [
      'diagnostics.randomDirection',
      'diagnostics.normalizeDirection',
      'diagnostics.interpolationDirection',
      'diagnostics.lossCurve',
      'diagnostics.lossSurface',
      'diagnostics.lossRise',
      'diagnostics.principalDirections',
      'diagnostics.projectTrajectory',
      'diagnostics.fitTrajectory',
      'diagnostics.hessianExtremes',
      'diagnostics.hessianSpectrum',
      'diagnostics.spectralDensity',
    ],
    example: `const [first, second] = await directions(params, key); // compile((p, k) => [0, 1].map((i) => randomDirection(p, foldIn(k, i))))
const { x, y, losses } = await lossSurface(evaluate, params, first, second);`,
  },
  'losses-and-metrics': {
    exports: [
      'losses.crossEntropy',
      'losses.negativeLogLikelihood',
      'losses.binaryCrossEntropyWithLogits',
      'losses.focalLoss',
      'losses.hinge',
      'losses.multiclassHinge',
      'losses.crammerSinger',
      'losses.meanSquaredError',
      'losses.meanAbsoluteError',
      'losses.huber',
      'losses.smoothL1',
      'losses.logCosh',
      'losses.quantileLoss',
      'losses.poissonLoss',
      'losses.balancedL1',
      'losses.iouLoss',
      'losses.generalizedIouLoss',
      'losses.distanceIouLoss',
      'losses.completeIouLoss',
      'losses.yoloLoss',
      'losses.diceLoss',
      'losses.jaccardLoss',
      'losses.tverskyLoss',
      'losses.lovaszSoftmax',
      'losses.scaleInvariantLog',
      'losses.photometricLoss',
      'losses.edgeAwareSmoothness',
      'losses.gaussianKl',
      'losses.discriminatorLoss',
      'losses.generatorLoss',
      'losses.wassersteinCriticLoss',
      'losses.gradientPenalty',
      'losses.contrastiveDivergence',
      'losses.ctcLoss',
      'losses.minimumRisk',
      'losses.centerLoss',
      'losses.sphereFace',
      'losses.marginRanking',
      'losses.cosineEmbedding',
      'losses.barlowTwins',
      'losses.simSiam',
      'metrics.accuracy',
      'metrics.topKAccuracy',
      'metrics.precision',
      'metrics.recall',
      'metrics.f1Score',
      'metrics.specificity',
      'metrics.falsePositiveRate',
      'metrics.negativePredictiveValue',
      'metrics.falseDiscoveryRate',
      'metrics.confusionMatrix',
      'metrics.classCounts',
      'metrics.precisionRecallCurve',
      'metrics.averagePrecision',
      'metrics.rocCurve',
      'metrics.rocAuc',
      'metrics.multiclassRocAuc',
      'metrics.expectedCalibrationError',
      'metrics.adaptiveCalibrationError',
      'metrics.maximumCalibrationError',
      'metrics.classwiseCalibrationError',
      'metrics.reliabilityBins',
      'metrics.brierScore',
      'metrics.logLoss',
      'metrics.probabilisticCalibrationError',
      'metrics.intervalCoverage',
      'metrics.meanIntervalWidth',
      'metrics.rootMeanSquaredError',
      'metrics.meanAbsoluteError',
      'metrics.meanAbsolutePercentageError',
      'metrics.symmetricMeanAbsolutePercentageError',
      'metrics.r2Score',
      'metrics.adjustedR2Score',
      'metrics.ndcg',
      'metrics.meanAveragePrecision',
      'metrics.averageRecall',
      'metrics.boxOverlaps',
      'metrics.maskOverlaps',
      'metrics.meanIou',
      'metrics.boundaryF1',
      'metrics.panopticQuality',
      'metrics.panopticQualityOf',
      'metrics.absoluteRelativeError',
      'metrics.rootMeanSquaredLogError',
      'metrics.log10Error',
      'metrics.deltaAccuracy',
      'metrics.badPixelRate',
      'metrics.scaleInvariantError',
      'metrics.weightedHumanDisagreement',
      'metrics.psnr',
      'metrics.inceptionScore',
      'metrics.frechetDistance',
      'metrics.featureMoments',
      'metrics.bleu',
      'metrics.rougeN',
      'metrics.rougeL',
      'metrics.meteor',
      'metrics.perplexity',
      'metrics.exactMatch',
      'metrics.wordErrorRate',
      'metrics.characterErrorRate',
      'metrics.editDistance',
      'metrics.answerSimilarity',
      'metrics.answerCorrectness',
      'metrics.answerRelevance',
      'metrics.contextPrecision',
      'metrics.contextRecall',
      'metrics.contextRelevance',
      'metrics.contextEntityRecall',
      'metrics.faithfulness',
      'metrics.summarizationScore',
      'metrics.aspectCritique',
      'metrics.classSeparation',
      'metrics.metricRegistry',
    ],
    example: `const loss = huber(predictions, targets, { delta: 1 });
const score = f1Score(labels, predicted);`,
  },
  maxsup: {
    exports: ['losses.maxSup', 'losses.maxSupPenalty', 'losses.labelSmoothingPenalty', 'losses.labelSmoothingParts'],
    example: `const loss = maxSup(logits, labels, { alpha: 0.1 });`,
  },
  'ms-ssim-training': {
    exports: ['losses.msSsimLoss', 'losses.ssimLoss', 'losses.msSsimL1Loss', 'losses.msSsim', 'losses.ssim'],
    example: `const loss = msSsimLoss(reconstructions, images, { weights: [0.0711, 0.453, 0.476], windowSize: 5, sigma: 1 });`,
  },
  'nc-deep-linear': {
    exports: [
      'diagnostics.neuralCollapse',
      'diagnostics.generalOrthogonalFrame',
      'diagnostics.unconstrainedFeaturesLoss',
      'diagnostics.simplexEtfDistance',
      'diagnostics.orthogonalFrameDistance',
      'diagnostics.selfDualityDistance',
      'diagnostics.simplexEtf',
      'diagnostics.classFeatureMeans',
    ],
    example: `const { withinClassVariability, classifier } = neuralCollapse(features, labels, { weights, centred: false });
const { classifierLengths } = generalOrthogonalFrame({ counts: [600, 300, 150], weightDecays: [5e-3], featureDecay: 1e-5 });
const distance = orthogonalFrameDistance(weights, classifierLengths);`,
  },
  'neural-ndcg': {
    exports: ['losses.neuralNdcg', 'losses.stochasticNeuralNdcg'],
    example: `const loss = neuralNdcg(scores, grades, { temperature: 1, truncation: 10 });`,
  },
  'poly-loss': {
    exports: ['losses.polyLoss', 'losses.polyFocalLoss', 'losses.binaryPolyFocalLoss', 'losses.truncatedCrossEntropy'],
    example: `const loss = polyLoss(logits, labels, { coefficients: [2] });`,
  },
  'reg-mixup': {
    exports: [
      'augment.regMixup',
      'augment.regMixupLoss',
      'augment.mixup',
      'augment.mixedLoss',
      'augment.barrierEntropy',
      'calibration.dempsterShaferUncertainty',
    ],
    example: `const loss = regMixup(model, images, labels, key, { alpha: 20 });`,
  },
  'regression-calibration': {
    exports: [
      'calibration.pceKde',
      'calibration.pceSort',
      'calibration.spacingEntropy',
      'calibration.quantilePceKde',
      'calibration.truncatedCoverage',
      'calibration.conformalShifts',
      'calibration.conformalQuantile',
      'calibration.empiricalRecalibration',
      'calibration.linearRecalibration',
      'calibration.kernelRecalibration',
      'metrics.probabilisticCalibrationError',
    ],
    example: `const loss = gaussianMixtureNegativeLogLikelihood(mixture, y).add(pceKde(gaussianMixtureCdf(mixture, y)).mul(5));
const { cdf } = linearRecalibration(heldOutPits);`,
  },
  saf: {
    exports: ['losses.trajectoryLoss', 'losses.writeTrajectory', 'losses.readTrajectory'],
    example: `const past = readTrajectory(store, epoch, indices, 3);
const loss = crossEntropy(logits, labels).add(trajectoryLoss(logits, past).mul(0.3));
const next = writeTrajectory(store, epoch, indices, logits);`,
  },
  sam: {
    exports: [
      'optim.sam',
      'optim.samGradient',
      'optim.samGradientOfParts',
      'optim.samPerturbation',
      'optim.sharpness',
      'optim.mSharpness',
    ],
    example: `const optimizer = sam(sgd({ learningRate: 0.1, momentum: 0.9 }), { radius: 0.05 });
const { params, state, value } = optimizer.step((p) => crossEntropy(model(p, x), y), params0, state0);`,
  },
  'sensitivity-sampling': {
    exports: [
      'samplers.clusterRepresentatives',
      'samplers.sensitivityProbabilities',
      'samplers.medianSlack',
      'samplers.sensitivitySample',
      'samplers.sensitivitySubset',
      'samplers.weightedMeanLoss',
    ],
    example: `const clusters = clusterRepresentatives(embeddings, { clusters: 20, key });
const p = sensitivityProbabilities(losses.gather(clusters.representatives), clusters, { slack: 0.1 });
const { indices, weights } = sensitivitySample(p, key, { samples: 200 });`,
  },
  siglip: {
    exports: ['losses.sigmoidPairLoss'],
    example: `const loss = sigmoidPairLoss(imageEmbeddings, textEmbeddings, { logScale, bias, chunk: 512 });`,
  },
  smoothgrad: {
    exports: [
      'diagnostics.smoothGrad',
      'diagnostics.smoothGradSquared',
      'diagnostics.varGrad',
      'diagnostics.gradientMap',
    ],
    example: `const map = smoothGrad(gradientMap(model, classes), images, key, { samples: 25, spread: 0.15 });`,
  },
  sparsemax: {
    exports: ['losses.sparsemaxLoss', 'nn.sparsemax', 'nn.sparsemaxAttention'],
    example: `const loss = sparsemaxLoss(logits, proportions);
const predicted = sparsemax(logits);`,
  },
  'spatial-transformer': {
    exports: [
      'nn.spatialTransformer',
      'nn.convLocalization',
      'nn.affineTransformation',
      'nn.attentionTransformation',
      'nn.similarityTransformation',
      'nn.projectiveTransformation',
      'nn.thinPlateSplineTransformation',
      'nn.attentionGrid',
      'nn.similarityGrid',
      'nn.projectiveGrid',
      'nn.thinPlateSplineGrid',
    ],
    example: `const layer = spatialTransformer({ localization: convLocalization(1, [28, 28]), features: 20 });`,
  },
  squentropy: {
    exports: ['losses.squentropy'],
    example: `const loss = squentropy(logits, labels);`,
  },
  supcon: {
    exports: ['losses.supCon', 'losses.ntXent'],
    example: `const loss = supCon(embeddings, labels, { temperature: 0.1 });`,
  },
  tent: {
    exports: [
      'algorithms.tent',
      'algorithms.testTimeAdaptation',
      'losses.conditionalEntropy',
      'nn.Context',
      'nn.batchNormParameters',
    ],
    example: `const { init, step } = tent({ model, optimizer: adam({ learningRate: 1e-3 }) });
const run = compile(step);
let state = init(variables);
for (const x of stream) ({ state, outputs } = await run(state, x));`,
  },
  tico: {
    exports: ['losses.tico'],
    example: `const { loss, covariance } = tico(embed(view1), momentumEmbed(view2), state.covariance);`,
  },
  unpg: {
    exports: ['losses.unpg', 'losses.negativePairSimilarities', 'losses.boxWhiskerFilter'],
    example: `const cosine = cosFaceLogits(classCosines(embeddings, weights), labels, { scale: 1 });
const loss = unpg(cosine, labels, embeddings, { scale: 64, whisker: 1.5 });`,
  },
  vat: {
    exports: [
      'losses.virtualAdversarialLoss',
      'losses.virtualAdversarialPerturbation',
      'losses.predictionChange',
      'losses.adversarialPerturbation',
      'losses.conditionalEntropy',
    ],
    example: `const loss = crossEntropy(model(x), y).add(virtualAdversarialLoss(model, unlabelled, key, { radius: 2.5 }));`,
  },
};
