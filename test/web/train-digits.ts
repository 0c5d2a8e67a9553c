import { digits, loader } from '../../src/data/index.web.js';
import { compile, item, type NDArray, type Tensor, valueAndGrad } from '../../src/index.js';
import { crossEntropy } from '../../src/losses/index.js';
import { Context, mlp, type Symbolic, type Variables } from '../../src/nn/index.js';
import { applyUpdates, sgd } from '../../src/optim/index.js';
import { key, split } from '../../src/runtime/random/index.js';

/** Trains an MLP on drawn digits and returns the loss of every step; runs in Node and in a page alike. */
export async function trainDigits(steps: number): Promise<number[]> {
  const [dataKey, initKey, orderKey] = split(key(7), 3);
  const data = digits({ count: 64 * steps, key: dataKey });
  const model = mlp({ sizes: [784, 64, 32, 10] });
  const optimizer = sgd({ learningRate: 0.05, momentum: 0.9 });
  type State = { params: Symbolic<Variables>; optimizer: unknown };
  const step = compile(
    (state: State, images: Tensor, labels: Tensor) => {
      const loss = (p: Symbolic<Variables>) =>
        crossEntropy(model.apply(p, images, new Context({ training: true })), labels);
      const [value, gradients] = valueAndGrad(loss)(state.params);
      const { updates, state: next } = optimizer.update(gradients, state.optimizer, state.params);
      return { state: { params: applyUpdates(state.params, updates), optimizer: next }, loss: value };
    },
    { donate: [0] },
  ) as unknown as (state: unknown, images: NDArray, labels: NDArray) => Promise<{ state: unknown; loss: NDArray }>;
  const params = model.init(initKey);
  let state: unknown = { params, optimizer: optimizer.init(params) };
  const losses: number[] = [];
  const batches = loader(data, { batchSize: 64, key: orderKey });
  for await (const { images, labels } of batches.epoch(0)) {
    const result = await step(state, images, labels);
    state = result.state;
    losses.push(item(result.loss));
  }
  await batches.close();
  return losses;
}
