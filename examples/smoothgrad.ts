import { compile, type Tensor } from 'cotangent';
import { gradientMap, smoothGrad } from 'cotangent/diagnostics';
import { key, normal, randint, uniform } from 'cotangent/random';

const images = uniform(key(0), [4, 1, 8, 8]);
const classes = randint(key(1), [4], { high: 10 });
const explain = compile((w: Tensor, x: Tensor, y: Tensor, k: Tensor) => {
  const model = (z: Tensor) => z.reshape([z.shape[0], -1]).matmul(w).tanh();
  return smoothGrad(gradientMap(model, y), x, k, { samples: 25, spread: 0.15 });
});
const map = await explain(normal(key(2), [64, 10]), images, classes, key(3));
console.log('a number for every pixel', map.shape);
