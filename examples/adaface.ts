import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { adaFace, initialNormStatistics, type NormStatistics, updateNormStatistics } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [embeddings, labels] = [normal(key(0), [32, 64]), randint(key(1), [32], { high: 100 })];
const weights = normal(key(2), [100, 64]); // one row for each class
const step = compile((state: NormStatistics, x: Tensor, w: Tensor, y: Tensor) => {
  const statistics = updateNormStatistics(state, x);
  const [loss, gradient] = valueAndGrad((v: Tensor) => adaFace(x, v, y, statistics, { margin: 0.4 }))(w);
  return { statistics, loss, gradient };
});
const { statistics, loss } = await step(initialNormStatistics(), embeddings, weights, labels);
console.log('loss', item(loss), 'mean length', item(statistics.mean));
