import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { domainObjective, irmExcessRiskPenalty, meanSquaredError } from 'cotangent/losses';
import { key, normal } from 'cotangent/random';

type Net = { readonly phi: Tensor; readonly head: Tensor };
const loss = ({ phi, head }: Net, xs: Tensor[], ys: Tensor[]) => {
  const features = xs.map((x) => x.matmul(phi));
  const risks = features.map((f, i) => meanSquaredError(f.matmul(head), ys[i]));
  const penalties = features.map((f, i) => irmExcessRiskPenalty(f, head, ys[i]));
  return domainObjective(risks, penalties, { weight: 100 });
};
const net = { phi: normal(key(0), [10, 5]), head: normal(key(1), [5]) };
const xs = [2, 3].map((i) => normal(key(i), [64, 10])); // two domains
const ys = [4, 5].map((i) => normal(key(i), [64]));
const [value, gradient] = await compile(valueAndGrad(loss))(net, xs, ys);
console.log('loss', item(value), 'gradient', gradient.phi.shape);
