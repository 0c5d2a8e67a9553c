import { crossEntropy, maxSup } from '../../losses/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import type { Claim } from '../claim.js';
import { classified, described, shown, underFitted } from '../experiments/over-fitted.js';

/** Mean of the largest probability over the examples whose largest logit is not the label's. */
function confidenceOnErrors(logits: NDArray, labels: NDArray): number {
  const [n, classes] = logits.shape;
  let [sum, errors] = [0, 0];
  for (let i = 0; i < n; i++) {
    const row = Array.from(logits.data.slice(i * classes, (i + 1) * classes) as Float32Array);
    const top = Math.max(...row);
    if (row.indexOf(top) === labels.data[i]) continue;
    errors++;
    sum += 1 / row.reduce((total, z) => total + Math.exp(z - top), 0);
  }
  return errors > 0 ? sum / errors : 0;
}

export const claim: Claim = {
  statement: 'Label smoothing makes wrong predictions surer than suppressing whichever logit is largest does.',
  effect: 'mean confidence in wrong predictions, label smoothing less MaxSup',
  unit: 'difference of probabilities',
  threshold: 0.003,
  data: described(underFitted),
  seeds: 6,
  remarks:
    'alpha rises from 0.1 to 0.2 for both, over 10 epochs of Adam. Where the training set is fitted the two are the same loss.',
  async measure(seed, note) {
    const { epochs } = underFitted;
    const alpha = (epoch: Tensor) =>
      epoch
        .cast('float32')
        .mul(0.1 / (epochs - 1))
        .add(0.1);
    const runs = {
      'cross-entropy': await classified(underFitted, seed),
      'label smoothing': await classified(underFitted, seed, (logits, { labels, epoch }) => {
        // Cross-entropy with smoothing a is cross-entropy plus a times what smoothing 1 adds.
        const [plain, smooth] = [crossEntropy(logits, labels), crossEntropy(logits, labels, { labelSmoothing: 0.5 })];
        return plain.add(smooth.sub(plain).mul(2).mul(alpha(epoch)));
      }),
      MaxSup: await classified(underFitted, seed, (logits, { labels, epoch }) =>
        maxSup(logits, labels, { alpha: alpha(epoch) }),
      ),
    };
    const arms = Object.fromEntries(
      Object.entries(runs).map(([name, run]) => [
        name,
        { 'confidence in wrong predictions': confidenceOnErrors(run.logits, run.labels), ...shown(run) },
      ]),
    );
    const of = (name: string) => arms[name]['confidence in wrong predictions'];
    note(
      Object.keys(arms)
        .map((name) => `${name} ${of(name).toFixed(3)}`)
        .join(', '),
    );
    return { effect: of('label smoothing') - of('MaxSup'), arms };
  },
};
