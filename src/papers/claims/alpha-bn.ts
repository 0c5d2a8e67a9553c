import { core } from '../../algorithms/index.js';
import { adam } from '../../optim/index.js';
import type { Arm, Claim } from '../claim.js';
import {
  adaptedOn,
  batchesOf,
  covariateShift,
  normalizedOn,
  shiftedDigits,
  shiftedStream,
  sourceModel,
  sourceVariables,
} from '../experiments/covariate-shift.js';

const weights = [1, 0.9, 0.7, 0.5, 0.3, 0.1, 0];

export const claim: Claim = {
  statement:
    "In small test batches a mixture of the source's statistics and the batch's makes fewer errors than either alone.",
  effect: 'error with the better of the two alone, less that with equal weights, in batches of 8',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.03,
  data: 'ten Gaussian classes in 20 dimensions, 4,000 to train a net 20-64-64-10 with batch normalisation; 2,000 with every coordinate scaled and shifted. Beside it digits of MNIST with contrast 4 and Gaussian noise 5 for a small convolutional net, and Core on a stream of 8,000 after a larger shift',
  seeds: 8,
  remarks:
    "Nothing is trained but by Core, which takes the batch's statistics alone here and Adam at a rate of 0.01. In large batches, and on the digits, where a channel has many values even in a small batch, the batch's own statistics do as well or better.",
  async measure(seed, note) {
    const shift = covariateShift(seed, { noise: 0.9, scale: 0.5, freshNoise: 0.5, train: 4000, target: 2000 });
    const variables = await sourceVariables(seed, shift);
    const arms: Record<string, Record<string, number>> = Object.fromEntries(
      weights.map((w) => [`source weight ${w}`, {}]),
    );
    const record = (metric: string, errors: readonly number[]) =>
      weights.forEach((w, i) => {
        arms[`source weight ${w}`][metric] = errors[i];
      });
    let effect = 0;
    for (const size of [4, 8, 200]) {
      const errors = await normalizedOn(sourceModel, variables, [...batchesOf(shift.target, size)], weights);
      record(`error, batches of ${size}`, errors);
      if (size === 8) effect = Math.min(errors[0], errors[weights.length - 1]) - errors[weights.indexOf(0.5)];
      note(`batches of ${size}: ${errors.map((e) => e.toFixed(3)).join(' ')}`);
    }
    const digits = await shiftedDigits(seed);
    const pictures = [...batchesOf(digits.target, 8)].slice(0, 200);
    record('error, MNIST, batches of 8', await normalizedOn(digits.model, digits.variables, pictures, weights));
    return { effect, arms: { ...arms, ...(await online(seed)) } };
  },
};

/** Core and test-time normalisation on the stream that Tent's claim has. */
async function online(seed: number): Promise<Record<string, Arm>> {
  const { variables, batches } = await shiftedStream(seed);
  const [normalisation] = await normalizedOn(sourceModel, variables, batches, [0]);
  const procedure = core({ model: sourceModel, optimizer: adam({ learningRate: 0.01 }), sourceWeight: 0 });
  const { error } = await adaptedOn(procedure, variables, batches, (logits) => logits);
  return {
    'stream, normalisation': { 'error on the stream': normalisation },
    'stream, Core': { 'error on the stream': error },
  };
}
