import type { AdaptableModel, FeaturesAndLogits } from '../../algorithms/index.js';
import { type CorruptionName, corrupted, corruptions, mnist } from '../../data/index.js';
import {
  batchNorm,
  conv2d,
  type Layer,
  linear,
  reluLayer,
  type Symbolic,
  sequential,
  type Variables,
} from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { foldIn, type Key, key } from '../../runtime/random/index.js';
import { byLot, pictures } from './digits.js';
import type { Labelled } from './gaussians.js';
import { trained } from './train.js';

const convolution = (inputs: number, outputs: number, stride: number): Layer<Variables>[] => [
  conv2d(inputs, outputs, 3, { stride, padding: 1 }),
  batchNorm(outputs),
  reluLayer,
];
const body = sequential([...convolution(1, 8, 2), ...convolution(8, 16, 1), ...convolution(16, 32, 2)]);
const head = linear(32, 10);

/** 32 features, means over the picture behind three convolutions with batch normalisation, and a linear classifier of them. */
export const pooledNet: AdaptableModel<FeaturesAndLogits> & Pick<Layer<Variables>, 'init'> = {
  init: (k) => ({ body: body.init(foldIn(k, 0)), head: head.init(foldIn(k, 1)) }),
  apply: (variables, x, context) => {
    const features = body.apply(variables.body as Symbolic<Variables>, x, context).mean([2, 3]);
    return { features, logits: head.apply(variables.head as never, features, context) };
  },
};

/** The same net, logits alone. */
export const pooledClassifier: Layer<Variables> = {
  init: pooledNet.init,
  apply: (variables, x, context) => pooledNet.apply(variables, x, context).logits,
};

/** {@link pooledNet} trained on 6,000 digits, and 2,000 others under each corruption there is, at its greatest severity. */
export async function corruptedDigits(seed: number): Promise<{
  readonly train: Labelled;
  readonly variables: Variables;
  readonly streams: Readonly<Record<CorruptionName, Labelled>>;
}> {
  const [all, test] = [await mnist({ split: 'train' }), await mnist({ split: 'test' })];
  const root = key(310_000 + seed);
  const train = pictures(byLot(all, foldIn(root, 0) as Key, 6000));
  const { variables } = await trained({
    train,
    model: pooledClassifier,
    epochs: 6,
    batchSize: 100,
    seed,
    optimizer: () => firstOrder(adam({ learningRate: 2e-3 })),
  });
  const digits = byLot(test, foldIn(root, 1) as Key, 2000);
  const streams = Object.fromEntries(
    Object.keys(corruptions).map((name, i) => [
      name,
      pictures(corrupted(digits, name as CorruptionName, { severity: 5, key: foldIn(root, 2 + i) })),
    ]),
  ) as Record<CorruptionName, Labelled>;
  return { train, variables, streams };
}
