import { compile, item, type Tensor, valueAndGrad, zerosArray } from 'cotangent';
import { tico } from 'cotangent/losses';
import { key, normal } from 'cotangent/random';

const loss = (x: Tensor, target: Tensor, before: Tensor) => {
  const { loss: value, covariance } = tico(x, target, before, { decay: 0.9 });
  return [value, covariance] as const; // the covariance goes into the next step
};
const [embeddings, momentum] = [normal(key(0), [64, 16]), normal(key(1), [64, 16])]; // of two views
const run = compile((x: Tensor, t: Tensor, c: Tensor) => valueAndGrad(loss)(x, t, c));
const [[value, covariance], gradient] = await run(embeddings, momentum, zerosArray([16, 16]));
console.log('loss', item(value), 'covariance', covariance.shape, 'gradient', gradient.shape);
