import { compile, item, ndarray, type Tensor, zerosArray } from 'cotangent';
import { crossEntropy, readTrajectory, trajectoryLoss, writeTrajectory } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [examples, classes, lag] = [500, 10, 3];
const step = compile((store: Tensor, epoch: Tensor, indices: Tensor, z: Tensor, y: Tensor) => ({
  loss: crossEntropy(z, y).add(trajectoryLoss(z, readTrajectory(store, epoch, indices, lag)).mul(0.3)),
  store: writeTrajectory(store, epoch, indices, z),
}));
let store: Parameters<typeof step>[0] = zerosArray([lag + 1, examples, classes]);
const indices = ndarray(Int32Array.from({ length: 32 }, (_, i) => i));
for (let epoch = 0; epoch < 5; epoch++) {
  const logits = normal(key(epoch), [32, classes]); // of the model in training
  const made = await step(
    store,
    ndarray(epoch, { dtype: 'int32' }),
    indices,
    logits,
    randint(key(9), [32], { high: classes }),
  );
  store = made.store;
  console.log('epoch', epoch, 'loss', item(made.loss));
}
