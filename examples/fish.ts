import { compile, item, type Tensor } from 'cotangent';
import { fishStep } from 'cotangent/algorithms';
import { crossEntropy } from 'cotangent/losses';
import { sgd } from 'cotangent/optim';
import { key, normal, randint } from 'cotangent/random';

type Net = { readonly w: Tensor };
const inner = sgd({ learningRate: 0.1 });
const net = { w: normal(key(0), [5, 3]) };
const step = compile((p: Net, state: unknown, xs: Tensor[], ys: Tensor[]) => {
  const domains = xs.map((x, i) => (q: Net) => crossEntropy(x.matmul(q.w), ys[i]));
  return fishStep(domains, p, inner, state, { rate: 0.5 }).params;
});
const domains = [1, 2, 3];
const { w } = await step(
  net,
  inner.init(net),
  domains.map((i) => normal(key(i), [32, 5])),
  domains.map((i) => randint(key(10 + i), [32], { high: 3 })),
);
console.log('a weight before', item(net.w), 'and after', item(w));
