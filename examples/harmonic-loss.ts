import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { harmonicLoss } from 'cotangent/losses';
import { harmonicLogits } from 'cotangent/nn';
import { key, normal, randint } from 'cotangent/random';

const [features, labels] = [normal(key(0), [32, 16]), randint(key(1), [32], { high: 10 })];
const centres = normal(key(2), [10, 16]); // one row for each class
const loss = (w: Tensor, x: Tensor, y: Tensor) => harmonicLoss(x, w, y, { exponent: 8 });
const [value, gradient] = await compile(valueAndGrad(loss))(centres, features, labels);
const surest = (w: Tensor, x: Tensor) => harmonicLogits(x, w, { exponent: 8 }).softmax(-1).max();
console.log('loss', item(value), 'gradient', gradient.shape);
console.log('largest probability', item(await compile(surest)(centres, features)));
