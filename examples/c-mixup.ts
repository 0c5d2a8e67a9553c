import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { cMixup } from 'cotangent/augment';
import { meanSquaredError } from 'cotangent/losses';
import { key, normal } from 'cotangent/random';

const [inputs, targets] = [normal(key(0), [100, 8]), normal(key(1), [100, 1])];
const loss = (w: Tensor, x: Tensor, y: Tensor, k: Tensor) => {
  const batch = { x: x.slice([[0, 32]]), y: y.slice([[0, 32]]) };
  const mixed = cMixup(batch, { x, y }, k, { bandwidth: 0.5 }); // partners with targets that are near
  return meanSquaredError(mixed.x.matmul(w), mixed.y);
};
const [value, gradient] = await compile(valueAndGrad(loss))(normal(key(2), [8, 1]), inputs, targets, key(3));
console.log('loss', item(value), 'gradient', gradient.shape);
