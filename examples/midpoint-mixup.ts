import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { midpointLossFloor, midpointMixup, mixedLoss } from 'cotangent/augment';
import { crossEntropy } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [images, labels] = [normal(key(0), [32, 64]), randint(key(1), [32], { high: 10 })];
const loss = (w: Tensor, x: Tensor, y: Tensor, k: Tensor) => {
  const mixed = midpointMixup(x, k);
  const logits = mixed.x.matmul(w);
  return mixedLoss(mixed, y, (own) => crossEntropy(logits, own));
};
const [value, gradient] = await compile(valueAndGrad(loss))(normal(key(2), [64, 10]), images, labels, key(3));
console.log('loss', item(value), 'at least', midpointLossFloor(10), 'gradient', gradient.shape);
