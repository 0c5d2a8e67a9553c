import { compile, item, type NDArray, type Tensor } from 'cotangent';
import { hessianSpectrum, lossSurface, randomDirection } from 'cotangent/diagnostics';
import { crossEntropy } from 'cotangent/losses';
import { foldIn, key, normal, randint } from 'cotangent/random';

type Net = { readonly w1: Tensor; readonly w2: Tensor };
const net: { readonly w1: NDArray; readonly w2: NDArray } = {
  w1: normal(key(0), [5, 16]),
  w2: normal(key(1), [16, 3]),
};
const [x, y] = [normal(key(2), [64, 5]), randint(key(3), [64], { high: 3 })];
const loss = ({ w1, w2 }: Net, inputs: Tensor, labels: Tensor) =>
  crossEntropy(inputs.matmul(w1).tanh().matmul(w2), labels);
const run = compile(loss);
const directions = compile((p: Net, k: Tensor) => [0, 1].map((i) => randomDirection(p, foldIn(k, i))));
const [first, second] = await directions(net, key(4));
const surface = await lossSurface(async (p: typeof net) => item(await run(p, x, y)), net, [first, second], {
  points: 11,
});
console.log('loss in the middle', surface.losses[5][5], 'at a corner', surface.losses[0][0]);

const spectrum = compile((p: Net, inputs: Tensor, labels: Tensor, k: Tensor) =>
  hessianSpectrum((q: Net) => loss(q, inputs, labels), p, k, { steps: 20 }),
);
const { eigenvalues } = await spectrum(net, x, y, key(5));
console.log('eigenvalues of the Hessian', eigenvalues.shape);
