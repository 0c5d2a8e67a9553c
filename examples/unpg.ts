import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { classCosines, cosFaceLogits, unpg } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [embeddings, labels] = [normal(key(0), [32, 64]), randint(key(1), [32], { high: 100 })];
const loss = (w: Tensor, x: Tensor, y: Tensor) =>
  unpg(cosFaceLogits(classCosines(x, w), y, { scale: 1 }), y, x, { scale: 64, whisker: 1.5 });
const [value, gradient] = await compile(valueAndGrad(loss))(normal(key(2), [100, 64]), embeddings, labels);
console.log('loss', item(value), 'gradient', gradient.shape);
