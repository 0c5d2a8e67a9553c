import { type CorruptionName, corrupted, corruptions, mnist } from '../../data/index.js';
import type { Variables } from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { foldIn, type Key, key } from '../../runtime/random/index.js';
import { byLot, pictures } from './digits.js';
import type { Labelled } from './gaussians.js';
import { classifierOf, pooledNetOf } from './pooled-net.js';
import { trained } from './train.js';

/** 32 features, means over the picture behind three convolutions with batch normalisation, and a linear classifier of them. */
export const pooledNet = pooledNetOf([
  [8, 2],
  [16, 1],
  [32, 2],
]);

/** The same net, logits alone. */
export const pooledClassifier = classifierOf(pooledNet);

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
