import { tico } from '../../losses/index.js';
import { type Tensor, zerosArray } from '../../tensor/index.js';
import type { Claim } from '../claim.js';
import { onNuisance } from '../experiments/nuisance.js';

export const claim: Claim = {
  statement:
    'A moving average of second moments is a memory of past embeddings: with batches of four, contrast with it makes better embeddings than contrast within the batch.',
  effect: 'accuracy of a linear probe after TiCo with batches of 4 and decay 0.9 less that with decay 0',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.03,
  data: '20 centres in 20 dimensions, items at a deviation of 0.4; views add as much noise, and 20 dimensions of noise alone',
  seeds: 5,
  remarks:
    'An encoder 40-64-16 and its moving average, Adam, 1,500 steps of 4; beside them batches of 64 for 1,000 steps, with the covariance term (weight 8) and without it, where embeddings lie in fewer dimensions.',
  async measure(seed, note) {
    const arm = async (name: string, batchSize: number, steps: number, options: object) => {
      const scores = await onNuisance<{ covariance: Tensor }>({
        seed,
        classes: 20,
        noise: 0.4,
        steps,
        batchSize,
        state: { covariance: zerosArray([16, 16]) },
        loss: ({ first, target }, { covariance }) => {
          const made = tico(first, target, covariance, options);
          return [made.loss, { covariance: made.covariance }];
        },
      });
      note(`${name} ${scores['probe accuracy'].toFixed(3)}`);
      return scores;
    };
    const without = await arm('batches of 64, no covariance term', 64, 1000, { covarianceWeight: 0 });
    const large = await arm('batches of 64', 64, 1000, {});
    const forgetful = await arm('batches of 4, decay 0', 4, 1500, { decay: 0 });
    const small = await arm('batches of 4, decay 0.9', 4, 1500, {});
    return {
      effect: small['probe accuracy'] - forgetful['probe accuracy'],
      arms: {
        '64, no covariance term': { ...without },
        '64, TiCo': { ...large },
        '4, no memory': { ...forgetful },
        '4, TiCo': { ...small },
      },
    };
  },
};
