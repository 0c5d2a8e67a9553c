import { arange, showShape, type Tensor } from '../../tensor/index.js';

export interface RelaxedSortOptions {
  /** Small gives permutations, large even rows. Default 1. */
  readonly temperature?: number;
}

function check(who: string, x: Tensor, temperature: number): number {
  if (x.rank < 1) throw new RangeError(`${who}: x ${showShape(x.shape)} has no axis`);
  if (!(temperature > 0)) throw new RangeError(`${who}: temperature ${temperature} must be positive`);
  return x.shape[x.rank - 1];
}

/**
 * A relaxed permutation matrix [..., n, n] that sorts x [..., n] in descending order: row i is
 * softmax(((n + 1 - 2 i) x - sum over k of |x - x_k|) / temperature), i from 1. Rows sum to 1. Grover et al. 2019, equation 5.
 */
export function neuralSort(x: Tensor, options: RelaxedSortOptions = {}): Tensor {
  const { temperature = 1 } = options;
  const n = check('neuralSort', x, temperature);
  const distances = x.expandDims(-1).sub(x.expandDims(-2)).abs().sum(-1);
  const scaling = arange(n - 1, -n, -2, x.dtype).expandDims(-1);
  return scaling.mul(x.expandDims(-2)).sub(distances.expandDims(-2)).div(temperature).softmax(-1);
}

/**
 * A relaxed permutation matrix [..., n, n] that sorts x [..., n] in descending order: softmax(-|sorted_i - x_j| / temperature). Prillo and
 * Eisenschlos 2020.
 */
export function softSort(x: Tensor, options: RelaxedSortOptions = {}): Tensor {
  const { temperature = 1 } = options;
  check('softSort', x, temperature);
  const sorted = x.sort(-1, { descending: true });
  return sorted.expandDims(-1).sub(x.expandDims(-2)).abs().neg().div(temperature).softmax(-1);
}
