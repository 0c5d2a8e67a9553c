import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { crossEntropy, virtualAdversarialLoss } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

type Net = { readonly w1: Tensor; readonly w2: Tensor };
const loss = ({ w1, w2 }: Net, x: Tensor, y: Tensor, unlabelled: Tensor, k: Tensor) => {
  const model = (z: Tensor) => z.matmul(w1).tanh().matmul(w2);
  return crossEntropy(model(x), y).add(virtualAdversarialLoss(model, unlabelled, k, { radius: 2.5 }));
};
const net = { w1: normal(key(0), [8, 32]), w2: normal(key(1), [32, 3]) };
const [x, y, unlabelled] = [normal(key(2), [16, 8]), randint(key(3), [16], { high: 3 }), normal(key(4), [128, 8])];
const [value, gradient] = await compile(valueAndGrad(loss))(net, x, y, unlabelled, key(5));
console.log('loss', item(value), 'gradient', gradient.w1.shape);
