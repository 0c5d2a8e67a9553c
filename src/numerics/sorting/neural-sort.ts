import { arange, showShape, type Tensor } from '../../tensor/index.js';

export interface RelaxedSortOptions {
  /** Small gives permutations, large even rows. Default 1. */
  readonly temperature?: number;
}

export interface NeuralSortOptions extends RelaxedSortOptions {
  /** True for what is there, of the shape of x; the rest is padding. Default: all is there. */
  readonly mask?: Tensor;
}

function check(who: string, x: Tensor, temperature: number): number {
  if (x.rank < 1) throw new RangeError(`${who}: x ${showShape(x.shape)} has no axis`);
  if (!(temperature > 0)) throw new RangeError(`${who}: temperature ${temperature} must be positive`);
  return x.shape[x.rank - 1];
}

/**
 * A relaxed permutation matrix [..., n, n] that sorts x [..., n] in descending order: row i is
 * softmax(((n + 1 - 2 i) x - sum over k of |x - x_k|) / temperature), i from 1. Rows sum to 1. Grover et al. 2019, equation 5.
 *
 * With a mask, n counts what is there: as many first rows sort it, the rows after them and the columns of padding are 0.
 */
export function neuralSort(x: Tensor, options: NeuralSortOptions = {}): Tensor {
  const { temperature = 1, mask } = options;
  const length = check('neuralSort', x, temperature);
  if (mask && mask.shape.join() !== x.shape.join())
    throw new RangeError(`neuralSort: mask ${showShape(mask.shape)} must have the shape of x ${showShape(x.shape)}`);
  const distances = x.expandDims(-1).sub(x.expandDims(-2)).abs();
  if (!mask) {
    const scaling = arange(length - 1, -length, -2, x.dtype).expandDims(-1);
    return sortingRows(x, distances.sum(-1), scaling, temperature).softmax(-1);
  }
  const present = mask.expandDims(-2);
  const n = mask.cast(x.dtype).sum(-1, { keepDims: true }).expandDims(-1);
  const rank = arange(1, length + 1, 1, x.dtype).expandDims(-1);
  const scaling = n.add(1).sub(rank.mul(2));
  const scores = sortingRows(x, present.where(distances, 0).sum(-1), scaling, temperature);
  const rows = present.where(scores, -1e30).softmax(-1);
  return present.and(rank.lessEqual(n)).where(rows, 0);
}

function sortingRows(x: Tensor, distances: Tensor, scaling: Tensor, temperature: number): Tensor {
  return scaling.mul(x.expandDims(-2)).sub(distances.expandDims(-2)).div(temperature);
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
