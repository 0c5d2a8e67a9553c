import { withPullback } from '../ops/barrier.js';
import type { Tensor } from '../tensor.js';
import { eigh, svd } from './factors.js';
import { requireMatrices, transposed } from './matrices.js';

/**
 * The positive semidefinite square root of positive semidefinite matrices a [..., n, n]; negative eigenvalues, as rounding makes them, count
 * as 0.
 *
 * Derivative: the solution of Sylvester's equation, in the basis of the eigenvectors (dL/dy)_ij / (sqrt(l_i) + sqrt(l_j)): exact for equal
 * eigenvalues too, 0 in directions where both are 0.
 */
export function matrixSqrt(a: Tensor): Tensor {
  requireMatrices('matrixSqrt', a, { square: true });
  const [values, vectors] = eigh(a);
  const roots = values.relu().sqrt();
  const y = vectors.mul(roots.expandDims(-2)).matmul(transposed(vectors));
  return withPullback([y], [a], ([ct]) => {
    const sums = roots.expandDims(-1).add(roots.expandDims(-2));
    const zero = sums.lessEqual(0);
    const inner = transposed(vectors)
      .matmul(ct.add(transposed(ct)).mul(0.5))
      .matmul(vectors);
    return [vectors.matmul(zero.where(0, inner.div(zero.where(1, sums)))).matmul(transposed(vectors))];
  })[0];
}

/**
 * The Moore-Penrose inverse of a [..., m, n]: [..., n, m]. Singular values up to `tolerance` (default the larger length times the precision
 * of the dtype) times the largest count as 0. Derivative: exact where the rank is constant near a.
 */
export function pseudoInverse(a: Tensor, options: { readonly tolerance?: number } = {}): Tensor {
  requireMatrices('pseudoInverse', a);
  const [m, n] = a.shape.slice(-2);
  const tolerance = options.tolerance ?? Math.max(m, n) * (a.dtype === 'float64' ? 2 ** -52 : 2 ** -23);
  const [u, s, v] = svd(a);
  const kept = s.greater(s.max(-1, { keepDims: true }).mul(tolerance));
  const inverted = kept.where(kept.where(s, 1).reciprocal(), 0);
  const y = v.mul(inverted.expandDims(-2)).matmul(transposed(u));
  // Golub and Pereyra 1973, equation 4.12.
  return withPullback([y], [a], ([ct]) => {
    const g = transposed(ct);
    const yt = transposed(y);
    const inside = yt.matmul(transposed(g)).matmul(yt).neg();
    const left = g.sub(a.matmul(y).matmul(g)).matmul(y).matmul(yt);
    const right = yt.matmul(y).matmul(g.sub(g.matmul(y).matmul(a)));
    return [inside.add(left).add(right)];
  })[0];
}

/** The sum of the singular values of a [..., m, n]: [...]. Derivative u v^T, a subgradient where a value is 0. */
export function nuclearNorm(a: Tensor): Tensor {
  return svd(a)[1].sum(-1);
}

/** The largest singular value of a [..., m, n]: [...]. Derivative: its pair of vectors, one of them where several are largest. */
export function spectralNorm(a: Tensor): Tensor {
  return svd(a)[1].at(0, -1);
}
