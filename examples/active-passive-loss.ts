import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { activePassive, normalizedFocalLoss, reverseCrossEntropy } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [logits, labels] = [normal(key(0), [32, 10]), randint(key(1), [32], { high: 10 })];
const loss = (z: Tensor, y: Tensor) =>
  activePassive(z, y, { active: normalizedFocalLoss, passive: reverseCrossEntropy });
const [value, gradient] = await compile(valueAndGrad(loss))(logits, labels);
console.log('loss', item(value), 'gradient', gradient.shape);
