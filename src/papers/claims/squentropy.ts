import { squentropy } from '../../losses/index.js';
import type { Claim } from '../claim.js';
import { classified, described, overFitted, shown } from '../experiments/over-fitted.js';

export const claim: Claim = {
  statement:
    'Squentropy is better calibrated than cross-entropy, without a hyper-parameter and at no loss of accuracy.',
  effect: 'expected calibration error (15 bins) of cross-entropy less that of squentropy',
  unit: 'difference of errors, each 0 to 1',
  threshold: 0.08,
  data: described(overFitted),
  seeds: 5,
  remarks: 'A perceptron 20-64-64-10 that fits its training set; Adam, 60 epochs for both.',
  async measure(seed, note) {
    const entropy = await classified(overFitted, seed);
    const both = await classified(overFitted, seed, (logits, { labels }) => squentropy(logits, labels));
    note(
      `ECE ${entropy.ece.toFixed(3)} and ${both.ece.toFixed(3)}, accuracy ${entropy.accuracy.toFixed(3)} and ${both.accuracy.toFixed(3)}`,
    );
    return { effect: entropy.ece - both.ece, arms: { 'cross-entropy': shown(entropy), squentropy: shown(both) } };
  },
};
