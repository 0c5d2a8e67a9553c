import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { huber } from 'cotangent/losses';
import { f1Score, rootMeanSquaredError } from 'cotangent/metrics';
import { key, normal } from 'cotangent/random';

const [predictions, targets] = [normal(key(0), [100]), normal(key(1), [100])];
const loss = (p: Tensor, t: Tensor) => huber(p, t, { delta: 1 });
const [value, gradient] = await compile(valueAndGrad(loss))(predictions, targets);
console.log('loss', item(value), 'gradient', gradient.shape);
console.log('RMSE', rootMeanSquaredError(predictions, targets), 'F1', f1Score([0, 1, 1, 0], [0, 1, 0, 0]));
