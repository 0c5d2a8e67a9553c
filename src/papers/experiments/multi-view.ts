import type { Layer, Symbolic, Variables } from '../../nn/index.js';
import { foldIn, type Key, normal, randint, uniform } from '../../runtime/random/index.js';
import { ndarray, type Tensor } from '../../tensor/index.js';
import type { Labelled } from './gaussians.js';

const [classes, patches, dimension] = [10, 3, 30];
const neurons = 4;

/**
 * Examples of three patches of 30 numbers, [n, 3, 30], in which the numbers 2c and 2c + 1 are the two features of class c. One patch has the
 * first of its class, b, one the other, 1 - b, with b uniform from 0.25 to 0.75; the third a little of the features of all other classes. With
 * `oneView` both have the same one of the two, each from 0.25 to 0.5.
 */
export function multiView(own: Key, n: number, oneView = false): Labelled {
  const y = randint(foldIn(own, 0), [n], { high: classes });
  const strengths = uniform(foldIn(own, 1), [n, 2], { low: 0.25, high: oneView ? 0.5 : 0.75 }).data;
  const shown = randint(foldIn(own, 2), [n], { high: 2 }).data;
  const noise = uniform(foldIn(own, 3), [n, 2 * classes], { high: 0.05 }).data;
  const x = new Float32Array(n * patches * dimension);
  for (let i = 0; i < n; i++) {
    const [label, at] = [y.data[i], i * patches * dimension];
    const [a, b] = [strengths[2 * i], oneView ? strengths[2 * i + 1] : 1 - strengths[2 * i]];
    x[at + 2 * label + (oneView ? shown[i] : 0)] = a;
    x[at + dimension + 2 * label + (oneView ? shown[i] : 1)] = b;
    for (let j = 0; j < 2 * classes; j++)
      if (Math.floor(j / 2) !== label) x[at + 2 * dimension + j] = noise[2 * classes * i + j];
  }
  return { x: ndarray(x, { shape: [n, patches, dimension] }), y };
}

const rho = 0.1;

/** A ReLU that is z^2 / (2 rho) from 0 to rho and z - rho / 2 beyond. */
function smoothRelu(x: Tensor): Tensor {
  const z = x.relu();
  return z.less(rho).where(z.square().div(2 * rho), z.sub(rho / 2));
}

/** g_c(x) = the sum over patches and over the four neurons of class c of what {@link smoothRelu} makes of <w, patch>. */
export const patchNet: Layer<Variables> = {
  init: (k) => {
    const weight = normal(k, [classes * neurons, dimension]);
    return { weight: { ...weight, data: weight.data.map((v) => 0.03 * v) } };
  },
  apply: (variables: Symbolic<Variables>, x) =>
    smoothRelu(x.matmul((variables.weight as Tensor).transpose()))
      .sum(1)
      .reshape([x.shape[0], classes, neurons])
      .sum(2),
};

/** The share of classes whose neurons answer to the weaker of their features with more than a tenth of what they answer to the other. */
export function bothLearned({ weight }: Variables): number {
  const { data } = weight as { data: Float32Array };
  const relu = (z: number) => (z <= 0 ? 0 : z < rho ? z ** 2 / (2 * rho) : z - rho / 2);
  const balanced = Array.from({ length: classes }, (_, c) => {
    const [first, second] = [0, 1].map((view) =>
      Array.from({ length: neurons }, (_, r) => relu(data[(c * neurons + r) * dimension + 2 * c + view])).reduce(
        (a, b) => a + b,
      ),
    );
    return Math.min(first, second) > 0.1 * Math.max(first, second);
  });
  return balanced.filter(Boolean).length / classes;
}
