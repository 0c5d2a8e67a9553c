import { compile, item, type NDArray, type Tensor } from 'cotangent';
import { crossEntropy } from 'cotangent/losses';
import { sam, sgd } from 'cotangent/optim';
import { key, normal, randint } from 'cotangent/random';

type Net = { readonly w: Tensor };
const optimizer = sam(sgd({ learningRate: 0.1, momentum: 0.9 }), { radius: 0.05 });
const step = compile((p: Net, s: unknown, x: Tensor, y: Tensor) =>
  optimizer.step((q: Net) => crossEntropy(x.matmul(q.w), y), p, s),
);
const [x, y] = [normal(key(0), [64, 5]), randint(key(1), [64], { high: 3 })];
let params: { readonly w: NDArray } = { w: normal(key(2), [5, 3]) };
let state: unknown = optimizer.init(params);
for (let i = 0; i < 20; i++) {
  const made = await step(params, state, x, y);
  [params, state] = [made.params, made.state];
  if (i % 5 === 0) console.log('loss', item(made.value));
}
