import * as losses from '../../../src/losses/index.js';
import { type Example, loss } from '../differentiable.js';
import { floats, labels, positives } from '../given.js';

const classes = { logits: floats(['n', 3], -2, 2), labels: labels(3) };

export const noise: Record<string, Example> = {
  normalizedLoss: loss({ lossOfLabel: positives(['n', 3]), labels: labels(3) }, ['n'], ({ lossOfLabel, labels }, o) =>
    losses.normalizedLoss(lossOfLabel, labels, o),
  ),
  normalizedCrossEntropy: loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.normalizedCrossEntropy(logits, labels, o),
  ),
  normalizedFocalLoss: loss(classes, ['n'], ({ logits, labels }, o) => losses.normalizedFocalLoss(logits, labels, o)),
  'normalizedFocalLoss: weights that count as constants': loss(
    classes,
    ['n'],
    ({ logits, labels }, o) => losses.normalizedFocalLoss(logits, labels, { detachWeight: true, ...o }),
    { detached: 'the weights count as constants' },
  ),
  absoluteProbabilityError: loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.absoluteProbabilityError(logits, labels, o),
  ),
  normalizedAbsoluteProbabilityError: loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.normalizedAbsoluteProbabilityError(logits, labels, o),
  ),
  reverseCrossEntropy: loss(classes, ['n'], ({ logits, labels }, o) => losses.reverseCrossEntropy(logits, labels, o)),
  generalizedCrossEntropy: loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.generalizedCrossEntropy(logits, labels, o),
  ),
  normalizedGeneralizedCrossEntropy: loss(classes, ['n'], ({ logits, labels }, o) =>
    losses.normalizedGeneralizedCrossEntropy(logits, labels, o),
  ),
  activePassive: loss(classes, ['n'], ({ logits, labels }, o) => losses.activePassive(logits, labels, o)),
};
