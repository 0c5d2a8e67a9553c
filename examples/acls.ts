import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { acls } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [logits, labels] = [normal(key(0), [32, 10]), randint(key(1), [32], { high: 10 })];
const loss = (z: Tensor, y: Tensor) => acls(z, y, { margin: 10 });
const [value, gradient] = await compile(valueAndGrad(loss))(logits, labels);
console.log('loss', item(value), 'gradient', gradient.shape);
