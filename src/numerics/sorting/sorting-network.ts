import { showShape, stack, type Tensor } from '../../tensor/index.js';

export interface SortingNetworkOptions {
  /** Inverse temperature of the comparisons: large gives hard ones. Default 10. */
  readonly steepness?: number;
}

/**
 * Relaxed odd-even transposition sort of x [..., n] along the last axis, ascending: the sorted values, and the relaxed permutation matrix
 * [..., n, n] with matrix x = sorted. Each comparison mixes its two values a and b by s = sigmoid(steepness (b - a)) into s a + (1 - s) b and
 * (1 - s) a + s b. Petersen et al. 2021, section 3, with the logistic function. n layers.
 */
export function oddEvenSort(
  x: Tensor,
  { steepness = 10 }: SortingNetworkOptions = {},
): { sorted: Tensor; permutation: Tensor } {
  if (x.rank < 1) throw new RangeError(`oddEvenSort: x ${showShape(x.shape)} has no axis`);
  if (!(steepness > 0)) throw new RangeError(`oddEvenSort: steepness ${steepness} must be positive`);
  const n = x.shape[x.rank - 1];
  const values = Array.from({ length: n }, (_, i) => x.at(i, -1));
  const unit = (i: number) =>
    stack(
      values.map((v, j) => (i === j ? v.onesLike() : v.zerosLike())),
      -1,
    );
  const rows = values.map((_, i) => unit(i));
  for (let layer = 0; layer < n; layer++) {
    for (let i = layer % 2; i + 1 < n; i += 2) {
      const keep = values[i + 1].sub(values[i]).mul(steepness).sigmoid();
      const mix = (a: Tensor, b: Tensor, share: Tensor): [Tensor, Tensor] => [
        a.mul(share).add(b.mul(share.neg().add(1))),
        b.mul(share).add(a.mul(share.neg().add(1))),
      ];
      [values[i], values[i + 1]] = mix(values[i], values[i + 1], keep);
      [rows[i], rows[i + 1]] = mix(rows[i], rows[i + 1], keep.expandDims(-1));
    }
  }
  return { sorted: stack(values, -1), permutation: stack(rows, -2) };
}
