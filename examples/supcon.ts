import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { supCon } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [embeddings, labels] = [normal(key(0), [64, 16]), randint(key(1), [64], { high: 8 })];
const loss = (x: Tensor, y: Tensor) => supCon(x, y, { temperature: 0.1 }); // two views of an item are two rows of one label
const [value, gradient] = await compile(valueAndGrad(loss))(embeddings, labels);
console.log('loss', item(value), 'gradient', gradient.shape);
