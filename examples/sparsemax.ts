import { compile, item, type Tensor, toNumbers, valueAndGrad } from 'cotangent';
import { sparsemaxLoss } from 'cotangent/losses';
import { sparsemax } from 'cotangent/nn';
import { key, normal, randint } from 'cotangent/random';

const [logits, labels] = [normal(key(0), [32, 10]), randint(key(1), [32], { high: 10 })];
const loss = (z: Tensor, y: Tensor) => sparsemaxLoss(z, y);
const [value] = await compile(valueAndGrad(loss))(logits, labels);
const probabilities = await compile((z: Tensor) => sparsemax(z))(logits);
console.log('loss', item(value), 'zeros', toNumbers(probabilities).filter((p) => p === 0).length, 'of', 320);
