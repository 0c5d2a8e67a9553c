import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { alignUniform } from 'cotangent/losses';
import { key, normal } from 'cotangent/random';

const embeddings = normal(key(0), [64, 16]);
const noise = normal(key(1), [64, 16], { deviation: 0.1 });
const loss = (x: Tensor, e: Tensor) => alignUniform(x, x.add(e)); // two views of each example
const [value, gradient] = await compile(valueAndGrad(loss))(embeddings, noise);
console.log('loss', item(value), 'gradient', gradient.shape);
