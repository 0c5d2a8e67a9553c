import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { classCosines, crossEntropy, thresholdConsistentMargin } from 'cotangent/losses';
import { operatingPointInconsistency } from 'cotangent/metrics';
import { key, normal, randint } from 'cotangent/random';

const [embeddings, labels] = [normal(key(0), [64, 16]), randint(key(1), [64], { high: 8 })];
const weights = normal(key(2), [8, 16]); // one row for each class
const loss = (x: Tensor, w: Tensor, y: Tensor) =>
  crossEntropy(classCosines(x, w).mul(16), y).add(thresholdConsistentMargin(x, y));
const [value, gradient] = await compile(valueAndGrad(loss))(embeddings, weights, labels);
console.log('loss', item(value), 'gradient', gradient.shape);
console.log('inconsistency of classes at common thresholds', operatingPointInconsistency(embeddings, labels));
