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
  maxsup: {
    exports: ['losses.maxSup', 'losses.maxSupPenalty', 'losses.labelSmoothingPenalty', 'losses.labelSmoothingParts'],
    example: `const loss = maxSup(logits, labels, { alpha: 0.1 });`,
  },
  'ms-ssim-training': {
    exports: ['losses.msSsimLoss', 'losses.ssimLoss', 'losses.msSsimL1Loss', 'losses.msSsim', 'losses.ssim'],
    example: `const loss = msSsimLoss(reconstructions, images, { weights: [0.0711, 0.453, 0.476], windowSize: 5, sigma: 1 });`,
  },
  'neural-ndcg': {
    exports: ['losses.neuralNdcg', 'losses.stochasticNeuralNdcg'],
    example: `const loss = neuralNdcg(scores, grades, { temperature: 1, truncation: 10 });`,
  },
  'poly-loss': {
    exports: ['losses.polyLoss', 'losses.polyFocalLoss', 'losses.binaryPolyFocalLoss', 'losses.truncatedCrossEntropy'],
    example: `const loss = polyLoss(logits, labels, { coefficients: [2] });`,
  },
  sparsemax: {
    exports: ['losses.sparsemaxLoss', 'nn.sparsemax', 'nn.sparsemaxAttention'],
    example: `const loss = sparsemaxLoss(logits, proportions);
const predicted = sparsemax(logits);`,
  },
  squentropy: {
    exports: ['losses.squentropy'],
    example: `const loss = squentropy(logits, labels);`,
  },
  fish: {
    exports: [
      'algorithms.fishStep',
      'algorithms.idgmLoss',
      'algorithms.gradientInnerProduct',
      'algorithms.interpolate',
    ],
    example: `const inner = sgd({ learningRate: 0.1 });
const { params, state } = fishStep(domains.map((d) => (p) => crossEntropy(model(p, d.x), d.y)), params0, inner, state0);`,
  },
  'forward-gradient': {
    exports: ['optim.forwardGradient', 'optim.projectGradient', 'optim.randomGuess'],
    example: `const [value, gradients] = forwardGradient(loss, params, guess);
const { updates } = optimizer.update(gradients, state, params);`,
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
};
