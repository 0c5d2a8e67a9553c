import type { Method } from './paper.js';

/** What implements each paper, by slug. A paper without an entry is not implemented yet. */
export const methods: Readonly<Record<string, Method>> = {
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
