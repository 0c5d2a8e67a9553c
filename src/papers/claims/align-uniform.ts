import { alignment, alignUniform, infoNCE, uniformity } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { contents, neighbourAccuracy, trainedOnViews } from '../experiments/views.js';

const unit = (x: Tensor) => x.normalize();
const losses: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  'alignment + uniformity': (x, y) => alignUniform(x, y),
  '3 alignment + uniformity': (x, y) => alignUniform(x, y, { alignWeight: 3 }),
  'alignment alone': (x, y) => alignment(unit(x), unit(y)),
  'uniformity alone': (x, y) =>
    uniformity(unit(x))
      .add(uniformity(unit(y)))
      .mul(0.5),
  InfoNCE: (x, y) => infoNCE(x, y, { temperature: 0.5, symmetric: true }),
};

export const claim: Claim = {
  statement: 'Alignment and uniformity together teach an encoder the classes that it never sees; neither does alone.',
  effect: 'nearest-neighbour accuracy with both less the better of the two alone',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.2,
  data: 'ten classes of contents in 8 dimensions, pictured with random styles by a fixed net; 2,000 items to train on, 2,000 to test',
  seeds: 5,
  remarks:
    'An encoder 64-128-128-32, Adam, 300 steps of 128 pairs of views; 20 nearest neighbours. InfoNCE, whose limit the two terms are, is shown beside.',
  async measure(seed, note) {
    const items = contents(seed, { radius: 2, train: 2000, test: 2000 });
    const arms: Record<string, Arm> = {};
    for (const [name, loss] of Object.entries(losses)) {
      const params = await trainedOnViews(seed, items.train, loss);
      arms[name] = { 'nearest-neighbour accuracy': await neighbourAccuracy(seed, params, items) };
      note(`${name} ${arms[name]['nearest-neighbour accuracy'].toFixed(3)}`);
    }
    const of = (name: string) => arms[name]['nearest-neighbour accuracy'];
    return { effect: of('alignment + uniformity') - Math.max(of('alignment alone'), of('uniformity alone')), arms };
  },
};
