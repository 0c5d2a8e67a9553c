import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { maxSup } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [logits, labels] = [normal(key(0), [32, 10]), randint(key(1), [32], { high: 10 })];
const loss = (z: Tensor, y: Tensor) => maxSup(z, y, { alpha: 0.1 });
const [value, gradient] = await compile(valueAndGrad(loss))(logits, labels);
console.log('loss', item(value), 'gradient', gradient.shape);
