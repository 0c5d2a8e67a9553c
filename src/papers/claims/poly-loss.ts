import { polyLoss } from '../../losses/index.js';
import type { Arm, Claim } from '../claim.js';
import { classified, described, manyClasses, shown } from '../experiments/over-fitted.js';

export const claim: Claim = {
  statement:
    'A larger first coefficient than that of cross-entropy raises accuracy where the training set is not fitted.',
  effect: 'test accuracy with epsilon 2 less that of cross-entropy',
  unit: 'difference of shares of test images, 0 to 1',
  threshold: 0.002,
  data: described(manyClasses),
  seeds: 10,
  remarks:
    'The best coefficient depends on the task: where the training set is fitted, epsilon below 0 is better calibrated. 8 epochs of Adam.',
  async measure(seed, note) {
    const arms: Record<string, Arm> = {};
    const accuracy: Record<number, number> = {};
    for (const epsilon of [-1, 0, 1, 2, 5]) {
      const scores = await classified(manyClasses, seed, (logits, { labels }) =>
        polyLoss(logits, labels, { coefficients: [epsilon] }),
      );
      accuracy[epsilon] = scores.accuracy;
      arms[epsilon === 0 ? 'cross-entropy' : `epsilon ${epsilon}`] = shown(scores);
    }
    note(
      Object.entries(accuracy)
        .map(([epsilon, value]) => `${epsilon}: ${value.toFixed(4)}`)
        .join(', '),
    );
    return { effect: accuracy[2] - accuracy[0], arms };
  },
};
