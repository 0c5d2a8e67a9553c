import { foldIn, type Key, normal } from '../../runtime/random/index.js';
import { type NDArray, ndarray } from '../../tensor/index.js';
import { type Labelled, withLabelNoise } from './gaussians.js';

const [content, hidden, observed] = [12, 64, 48];

/** What claims say of {@link openSet}. */
export const openSetData =
  '100 training and 60 other test classes of 20 examples, seen in 48 dimensions through a random network, half of what is seen nuisance';

export interface OpenSetOptions {
  /** Default 100. */
  readonly trainClasses?: number;
  /** Classes that training never sees. Default 60. */
  readonly testClasses?: number;
  /** Examples of each class. Default 20. */
  readonly perClass?: number;
  /** Share of the training labels replaced by one of the other classes. Default 0. */
  readonly labelNoise?: number;
}

/**
 * Classes to be told apart by embedding, those of the test unseen in training. What makes the class is z = mu + 0.45 noise with mu normal
 * in 12 dimensions; of as many dimensions is a nuisance v, drawn anew for every example; seen is 1.5 tanh(2 [z, v] A) B + 0.1 noise in 48
 * dimensions.
 */
export function openSet(key: Key, options: OpenSetOptions = {}): { readonly train: Labelled; readonly test: Labelled } {
  const { trainClasses = 100, testClasses = 60, perClass = 20, labelNoise = 0 } = options;
  const mixing = normal(foldIn(key, 0), [2 * content, hidden]).data.map((a) => a / Math.sqrt(2 * content));
  const showing = normal(foldIn(key, 1), [hidden, observed]).data.map((a) => a / 8);
  const drawn = (k: Key, classes: number): Labelled => {
    const n = classes * perClass;
    const y = Int32Array.from({ length: n }, (_, i) => Math.floor(i / perClass));
    const means = normal(foldIn(k, 0), [classes, content]).data;
    const latent = normal(foldIn(k, 1), [n, 2 * content]).data.map((noise, at) => {
      const [i, j] = [Math.floor(at / (2 * content)), at % (2 * content)];
      return j < content ? means[y[i] * content + j] + 0.45 * noise : noise;
    });
    const mixed = product(latent, mixing, 2 * content, hidden).map((h) => 1.5 * Math.tanh(2 * h));
    const noise = normal(foldIn(k, 2), [n, observed]).data;
    const x = product(mixed, showing, hidden, observed).map((v, i) => v + 0.1 * noise[i]);
    return { x: ndarray(x, { shape: [n, observed] }), y: ndarray(y, { shape: [n] }) };
  };
  const train = drawn(foldIn(key, 2), trainClasses);
  const labels = withLabelNoise(train.y, { classes: trainClasses, share: labelNoise, key: foldIn(key, 4) });
  return { train: { x: train.x, y: labels }, test: drawn(foldIn(key, 3), testClasses) };
}

/** The matrix product of a [n, k] and b [k, m], row after row. */
export function product(
  a: NDArray<'float32'>['data'],
  b: NDArray<'float32'>['data'],
  k: number,
  m: number,
): Float32Array {
  const n = a.length / k;
  const result = new Float32Array(n * m);
  for (let i = 0; i < n; i++)
    for (let l = 0; l < k; l++) for (let j = 0; j < m; j++) result[i * m + j] += a[i * k + l] * b[l * m + j];
  return result;
}
