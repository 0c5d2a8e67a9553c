import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { neuralNdcg } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const scores = normal(key(0), [16, 20]); // 16 lists of 20 items
const grades = randint(key(1), [16, 20], { high: 5 });
const loss = (s: Tensor, g: Tensor) => neuralNdcg(s, g.cast('float32'), { temperature: 1, truncation: 10 });
const [value, gradient] = await compile(valueAndGrad(loss))(scores, grades);
console.log('loss', item(value), 'gradient', gradient.shape);
