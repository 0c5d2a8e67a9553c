import { type MaclOptions, macl, ntXent } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { onNuisance } from '../experiments/nuisance.js';

const temperature = 0.1;
const ofMacl = (options: MaclOptions) => (x: Tensor, y: Tensor) => macl(x, y, { temperature, ...options });

const losses: Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>> = {
  'NT-Xent': (x, y) => ntXent(x, y, { temperature }),
  MACL: ofMacl({}),
  'reweighting alone': ofMacl({ adaptation: 0 }),
  'temperature alone': ofMacl({ reweight: false }),
};

export const claim: Claim = {
  statement:
    'With few negatives, a temperature that follows the alignment of the model and weights that restore the gradient make better embeddings than InfoNCE does.',
  effect:
    'accuracy of a linear probe after MACL with batches of 4 less that after NT-Xent of the same first temperature',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.005,
  data: '20 centres in 20 dimensions, items at a deviation of 0.4; views add as much noise, and 20 dimensions of noise alone',
  seeds: 12,
  remarks:
    'An encoder 40-64-16, Adam, 1,500 steps of 4 and 1,000 steps of 64; temperature 0.1, and for MACL adaptation 0.5 and threshold 0. The lead comes of the weights, not of the temperature. Six seeds alone gave 0.013 [-0.004, 0.030], after which twelve were measured.',
  async measure(seed, note) {
    const arms: Record<string, Arm> = {};
    for (const [batchSize, steps] of [
      [4, 1500],
      [64, 1000],
    ])
      for (const [name, loss] of Object.entries(losses)) {
        if (batchSize === 64 && name.endsWith('alone')) continue;
        const scores = await onNuisance({
          seed,
          classes: 20,
          noise: 0.4,
          steps,
          batchSize,
          loss: ({ first, second }) => loss(first, second),
        });
        arms[`${batchSize}, ${name}`] = { ...scores };
        note(`${name}, batches of ${batchSize} ${scores['probe accuracy'].toFixed(3)}`);
      }
    return { effect: arms['4, MACL']['probe accuracy'] - arms['4, NT-Xent']['probe accuracy'], arms };
  },
};
