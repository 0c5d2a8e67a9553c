import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { classFeatureMeans } from 'cotangent/diagnostics';
import { crossEntropy, distillationLoss, ndLoss } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

// What a teacher made of the training set: features of 64 numbers, of which its last layer makes logits of 10 classes.
const [features, labels] = [normal(key(0), [256, 64]), randint(key(1), [256], { high: 10 })];
const logits = normal(key(2), [256, 10]);
const { means } = classFeatureMeans(features, labels, 10);
const c = { ...means, data: Float32Array.from(means.data), dtype: 'float32' as const };
const loss = (student: { features: Tensor; logits: Tensor }, t: Tensor, z: Tensor, m: Tensor, y: Tensor) =>
  crossEntropy(student.logits, y)
    .add(distillationLoss(student.logits, z, { temperature: 4 }))
    .add(ndLoss(student.features, t, m, y).mul(2));
const student = { features: normal(key(3), [256, 64]), logits: normal(key(4), [256, 10]) };
const [value, gradient] = await compile(valueAndGrad(loss))(student, features, logits, c, labels);
console.log('loss', item(value), 'gradient', gradient.features.shape);
