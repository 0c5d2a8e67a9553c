import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { msSsimLoss } from 'cotangent/losses';
import { key, uniform } from 'cotangent/random';

const [reconstructions, images] = [uniform(key(0), [4, 1, 28, 28]), uniform(key(1), [4, 1, 28, 28])];
const loss = (x: Tensor, t: Tensor) => msSsimLoss(x, t, { weights: [0.0711, 0.453, 0.476], windowSize: 5, sigma: 1 });
const [value, gradient] = await compile(valueAndGrad(loss))(reconstructions, images);
console.log('loss', item(value), 'gradient', gradient.shape);
