import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { rankMixup } from 'cotangent/augment';
import { key, normal, randint } from 'cotangent/random';

const [images, labels] = [normal(key(0), [32, 64]), randint(key(1), [32], { high: 10 })];
const loss = (w: Tensor, x: Tensor, y: Tensor, k: Tensor) => rankMixup((z) => z.matmul(w), x, y, k, { weight: 0.1 });
const [value, gradient] = await compile(valueAndGrad(loss))(normal(key(2), [64, 10]), images, labels, key(3));
console.log('loss', item(value), 'gradient', gradient.shape);
