import { arcFace, classCosines, crossEntropy, sFace } from '../../losses/index.js';
import type { Claim } from '../claim.js';
import { type NumberLoss, onNumbers } from '../experiments/embeddings.js';
import { twoDigitNumbersData } from '../experiments/two-digit-numbers.js';

const recall = 'recall at 1';

const losses: Readonly<Record<string, NumberLoss>> = {
  'normalised softmax': {
    loss: (x, { weights, labels }) => crossEntropy(classCosines(x, weights).mul(64), labels),
  },
  ArcFace: { loss: (x, { weights, labels }) => arcFace(x, weights, labels) },
  SFace: { loss: (x, { weights, labels }) => sFace(x, weights, labels) },
};

export const claim: Claim = {
  statement:
    'Where labels are wrong, pulling and pushing up to an angle only makes embeddings that tell unseen classes apart better than a softmax of the same scale does.',
  effect:
    'recall at 1 on unseen numbers of SFace less that of the normalised softmax, 30% of the training labels wrong',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.03,
  data: twoDigitNumbersData,
  seeds: 5,
  remarks:
    "An encoder 392-128-128-32 with batch normalisation, Adam, 15 epochs for all; scale 64 for all, SFace's steepness 80 and angles 0.8 and 1.23, ArcFace's margin 0.5, as published. Here ArcFace is above SFace with wrong labels (0.80 to 0.72 in the mean) and with right ones, where the paper has SFace above it.",
  async measure(seed, note) {
    const right = await onNumbers(seed, losses, note);
    const wrong = await onNumbers(seed, losses, note, { labelNoise: 0.3 });
    const ofRight = Object.entries(right).map(([name, arm]) => [`${name}, right labels`, arm] as const);
    return {
      effect: wrong.SFace[recall] - wrong['normalised softmax'][recall],
      arms: { ...Object.fromEntries(ofRight), ...wrong },
    };
  },
};
