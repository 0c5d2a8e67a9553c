import { crossEntropy, ntXent, supCon } from '../../losses/index.js';
import { concat, type Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { contents, neighbourAccuracy, trainedOnViews } from '../experiments/views.js';

const twice = (x: Tensor) => concat([x, x]);

interface Way {
  readonly loss: (x: Tensor, y: Tensor, labels: Tensor) => Tensor;
  readonly outputs: number;
}

const ways: Record<string, Way> = {
  'cross-entropy': { loss: (x, y, labels) => crossEntropy(concat([x, y]), twice(labels)), outputs: 10 },
  'SupCon, mean outside': { loss: (x, y, labels) => supCon(concat([x, y]), twice(labels)), outputs: 32 },
  'SupCon, mean inside': { loss: (x, y, labels) => supCon(concat([x, y]), twice(labels), { form: 'in' }), outputs: 32 },
  'NT-Xent (no labels)': { loss: (x, y) => ntXent(x, y, { temperature: 0.1 }), outputs: 32 },
};

export const claim: Claim = {
  statement: 'The supervised contrastive loss teaches better representations than cross-entropy on the same views.',
  effect: 'nearest-neighbour accuracy by the last hidden layer, SupCon (mean outside) less cross-entropy',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.005,
  data: 'ten classes of contents in 8 dimensions, pictured with random styles by a fixed net; 500 labelled items to train on, 2,000 to test',
  seeds: 8,
  remarks: 'A net 64-128-128-outputs, Adam, 300 steps of 128 pairs of views for all.',
  async measure(seed, note) {
    const items = contents(seed, { radius: 3, train: 500, test: 2000 });
    const arms: Record<string, Arm> = {};
    for (const [name, { loss, outputs }] of Object.entries(ways)) {
      const params = await trainedOnViews(seed, items.train, loss, outputs);
      arms[name] = { 'nearest-neighbour accuracy': await neighbourAccuracy(seed, params, items, 'hidden') };
      note(`${name} ${arms[name]['nearest-neighbour accuracy'].toFixed(3)}`);
    }
    const of = (name: string) => arms[name]['nearest-neighbour accuracy'];
    return { effect: of('SupCon, mean outside') - of('cross-entropy'), arms };
  },
};
