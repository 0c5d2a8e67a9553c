import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { intl } from 'cotangent/losses';
import { key, normal } from 'cotangent/random';

const embeddings = normal(key(0), [64, 16]);
const noise = normal(key(1), [64, 16], { deviation: 0.1 });
const loss = (x: Tensor, e: Tensor) => intl([x, x.add(e)], { axis: 'batch', iterations: 4 }); // two views
const [value, gradient] = await compile(valueAndGrad(loss))(embeddings, noise);
console.log('loss', item(value), 'gradient', gradient.shape);
