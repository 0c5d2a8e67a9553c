import { compile, item, type Tensor } from 'cotangent';
import { crossEntropy } from 'cotangent/losses';
import { forwardGradient, randomGuess } from 'cotangent/optim';
import { key, normal, randint } from 'cotangent/random';

type Net = { readonly w: Tensor };
const estimate = compile((net: Net, x: Tensor, y: Tensor, k: Tensor) => {
  const [value, gradient] = forwardGradient((p: Net) => crossEntropy(x.matmul(p.w), y), net, randomGuess(net, k));
  return { value, gradient }; // no backward pass
});
const [x, y] = [normal(key(0), [32, 5]), randint(key(1), [32], { high: 3 })];
const { value, gradient } = await estimate({ w: normal(key(2), [5, 3]) }, x, y, key(3));
console.log('loss', item(value), 'estimated gradient', gradient.w.shape);
