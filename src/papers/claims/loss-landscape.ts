import { lossRise, randomDirection } from '../../diagnostics/index.js';
import { crossEntropy } from '../../losses/index.js';
import { Context, type Symbolic, type Variables } from '../../nn/index.js';
import { firstOrder, sgd } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key } from '../../runtime/random/index.js';
import { constant, type Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { gaussianClasses } from '../experiments/gaussians.js';
import { scoresOf } from '../experiments/scores.js';
import { perceptron, trained } from '../experiments/train.js';

const model = perceptron(20, 64, 64, 4);

export const claim: Claim = {
  statement:
    'Along filter-normalised directions the loss rises more around the minima that small batches with a small rate leave when they fit noise than around those of large batches, which err less on test points.',
  effect:
    'rise of the loss along filter-normalised directions, batches of 16 over batches of 300, without weight decay',
  unit: 'ratio, 1 for no difference',
  threshold: 2,
  neutral: 1,
  data: '4 Gaussian classes in 20 dimensions, 600 training points, 10% of their labels wrong; 2,000 clean test points',
  seeds: 5,
  remarks:
    'SGD with momentum 0.9, rate 0.02, 40 epochs: here the small batches over-fit and the large ones do not. Directions as drawn, shown beside, order the models by the size of their weights as well.',
  async measure(seed, note) {
    const { train, test } = gaussianClasses(key(140_000 + seed), {
      classes: 4,
      dimension: 20,
      radius: 2.4,
      train: 600,
      test: 2000,
      labelNoise: 0.1,
    });
    const loss = compile((p: Symbolic<Variables>) =>
      crossEntropy(model.apply(p, constant(train.x), new Context()), constant(train.y)),
    );
    const directions = compile((p: Symbolic<Variables>, k: Tensor) => ({
      filter: Array.from({ length: 8 }, (_, i) => randomDirection(p, foldIn(k, i))),
      plain: Array.from({ length: 8 }, (_, i) => randomDirection(p, foldIn(k, i), { norm: 'none' })),
    }));
    const evaluate = async (p: Variables) => Number((await loss(p as never)).data[0]);
    const arms: Record<string, Arm> = {};
    for (const weightDecay of [0, 5e-3]) {
      for (const batchSize of [16, 300]) {
        const made = await trained({
          train,
          model,
          epochs: 40,
          batchSize,
          seed,
          optimizer: () => firstOrder(sgd({ learningRate: 0.02, momentum: 0.9, weightDecay })),
        });
        const { filter, plain } = await directions(made.variables as never, key(150_000 + seed));
        const name = `batch ${batchSize}, decay ${weightDecay}`;
        arms[name] = {
          'test error': 1 - scoresOf(await made.logits(test.x), test.y).accuracy,
          'rise, filter-normalised': await lossRise(evaluate, made.variables, filter as never),
          'rise, directions as drawn (0.1)': await lossRise(evaluate, made.variables, plain as never, {
            positions: [-0.1, 0.1],
          }),
        };
        note(
          `${name}: ${Object.values(arms[name])
            .map((v) => v.toFixed(3))
            .join(', ')}`,
        );
      }
    }
    const of = (name: string) => arms[name]['rise, filter-normalised'];
    return { effect: of('batch 16, decay 0') / of('batch 300, decay 0'), arms };
  },
};
