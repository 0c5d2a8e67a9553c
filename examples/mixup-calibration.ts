import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { generalMixedLoss, generalMixup } from 'cotangent/augment';
import { temperatureScaling } from 'cotangent/calibration';
import { crossEntropy } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

// Mixtures of three examples each, to train on alone.
const [images, labels] = [normal(key(0), [32, 64]), randint(key(1), [32], { high: 10 })];
const loss = (w: Tensor, x: Tensor, y: Tensor, k: Tensor) => {
  const mixed = generalMixup(x, k, { examples: 3 });
  const logits = mixed.x.matmul(w);
  return generalMixedLoss(mixed, y, (own) => crossEntropy(logits, own));
};
const weights = normal(key(2), [64, 10]);
const [value, gradient] = await compile(valueAndGrad(loss))(weights, images, labels, key(3));
console.log('loss', item(value), 'gradient', gradient.shape);

// What it is compared with: one temperature for all predictions, fitted on held-out data.
const logits = await compile((w: Tensor, x: Tensor) => x.matmul(w))(weights, images);
console.log('temperature', temperatureScaling(logits, labels).temperature);
