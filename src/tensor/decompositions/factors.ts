import {
  CholeskyDecomposition,
  EigenvalueDecomposition,
  Matrix,
  QrDecomposition,
  SingularValueDecomposition,
} from 'ml-matrix';
import { eye } from '../ops/constant.js';
import { hostOp } from '../ops/host.js';
import type { Tensor } from '../tensor.js';
import { diagonalMatrix, eachMatrix, requireMatrices, stacked, transposed } from './matrices.js';
import { solve } from './solve.js';

/** The lower triangle with half the diagonal. */
function halfLower(x: Tensor): Tensor {
  return x.tril().sub(x.mul(eye(x.shape[x.rank - 1], undefined, x.dtype)).mul(0.5));
}

function symmetric(x: Tensor): Tensor {
  return x.add(transposed(x)).mul(0.5);
}

const choleskyOp = hostOp({
  name: 'Cholesky',
  stacked: true,
  infer: ([a]) => ({ shape: a.shape, dtype: a.dtype }),
  run: ([a]) =>
    eachMatrix([a], [a.shape.slice(-2)], (matrix) => {
      if (matrix.rows === 0) return [matrix];
      const sym = Matrix.add(matrix, matrix.transpose()).mul(0.5);
      const factor = new CholeskyDecomposition(sym);
      return [
        factor.isPositiveDefinite()
          ? factor.lowerTriangularMatrix
          : Matrix.zeros(matrix.rows, matrix.rows).fill(Number.NaN),
      ];
    }),
  // Murray 2016, equation 10, with solves in place of inverses.
  vjp: ([ct], { output: l }) => {
    const inner = halfLower(transposed(l).matmul(ct.tril()));
    const left = solve(transposed(l), inner);
    return [symmetric(transposed(solve(transposed(l), transposed(left))))];
  },
});

/**
 * The lower triangular l with l l^T = a for symmetric positive definite matrices a [..., n, n] (only the symmetric part is read). NaN where
 * a is not positive definite: test with `isNaN`. Derivative: symmetric.
 */
export function cholesky(a: Tensor): Tensor {
  requireMatrices('cholesky', a, { square: true });
  return choleskyOp([a], {})[0];
}

/** 1 / (d_j - d_i), 0 where the two are equal to working precision: there the derivative of a function that has one does not need it. */
function inverseGaps(d: Tensor): Tensor {
  const gaps = d.expandDims(-2).sub(d.expandDims(-1));
  const size = d.abs().max(-1, { keepDims: true }).expandDims(-1).stopGradient();
  const equal = gaps.abs().lessEqual(size.mul(d.dtype === 'float64' ? 1e-12 : 1e-6));
  return equal.where(0, equal.where(1, gaps).reciprocal());
}

const eighOp = hostOp({
  name: 'EigenSymmetric',
  stacked: true,
  infer: ([a]) => [stacked(a, [a.shape[a.rank - 1]]), { shape: a.shape, dtype: a.dtype }],
  run: ([a]) => {
    const n = a.shape[a.shape.length - 1];
    return eachMatrix([a], [[n], [n, n]], (matrix) => {
      if (n === 0) return [[], matrix];
      const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
        Matrix.add(matrix, matrix.transpose()).mul(0.5),
        { assumeSymmetric: true },
      );
      const order = realEigenvalues.map((_, i) => i).sort((i, j) => realEigenvalues[i] - realEigenvalues[j]);
      return [order.map((i) => realEigenvalues[i]), signed(eigenvectorMatrix.subMatrixColumn(order))];
    });
  },
  vjp: ([forValues, forVectors], { outputs: [values, vectors] }) => {
    let inner = forValues ? diagonalMatrix(forValues) : undefined;
    if (forVectors) {
      const turned = inverseGaps(values).mul(transposed(vectors).matmul(forVectors));
      inner = inner ? inner.add(turned) : turned;
    }
    return [inner && symmetric(vectors.matmul(inner).matmul(transposed(vectors)))];
  },
});

/** Columns with their largest component positive, so that the sign does not depend on the algorithm. */
function signed(columns: Matrix): Matrix {
  for (let j = 0; j < columns.columns; j++) {
    const column = columns.getColumn(j);
    const largest = column.reduce((best, v) => (Math.abs(v) > Math.abs(best) * (1 + 1e-9) ? v : best), 0);
    if (largest < 0) columns.mulColumn(j, -1);
  }
  return columns;
}

/**
 * Eigenvalues [..., n], ascending, and eigenvectors [..., n, n], in columns, of symmetric matrices a [..., n, n] (only the symmetric part is
 * read). Each vector's largest component is positive.
 *
 * Derivative: exact for distinct eigenvalues. Where some are equal that of the values is one of the subgradients, and that of the vectors
 * leaves out the pairs that are equal, which is right for every function that does not depend on the basis chosen among them.
 */
export function eigh(a: Tensor): [values: Tensor, vectors: Tensor] {
  requireMatrices('eigh', a, { square: true });
  const [values, vectors] = eighOp([a], {});
  return [values, vectors];
}

const svdOp = hostOp({
  name: 'SingularValues',
  stacked: true,
  infer: ([a]) => {
    const [m, n] = a.shape.slice(-2);
    const k = Math.min(m, n);
    return [stacked(a, [m, k]), stacked(a, [k]), stacked(a, [n, k])];
  },
  run: ([a]) => {
    const [m, n] = a.shape.slice(-2);
    const k = Math.min(m, n);
    return eachMatrix([a], [[m, k], [k], [n, k]], (matrix) => {
      if (k === 0) return [Matrix.zeros(m, 0), [], Matrix.zeros(n, 0)];
      const wide = m < n;
      const made = new SingularValueDecomposition(wide ? matrix.transpose() : matrix, { autoTranspose: false });
      const columns = Array.from({ length: k }, (_, i) => i);
      const [left, right] = [made.leftSingularVectors, made.rightSingularVectors].map((v) =>
        v.subMatrixColumn(columns),
      );
      return wide ? [right, made.diagonal.slice(0, k), left] : [left, made.diagonal.slice(0, k), right];
    });
  },
  vjp: ([forLeft, forValues, forRight], { inputs: [a], outputs: [u, s, v] }) => {
    const row = s.expandDims(-2);
    const terms: Tensor[] = [];
    if (forValues) terms.push(u.mul(forValues.expandDims(-2)).matmul(transposed(v)));
    // Townsend 2016, equations 14 and 15: turns within the space of the vectors, then out of it.
    const gaps = inverseGaps(s.square());
    const positive = row.greater(0);
    const inverseRow = positive.where(positive.where(row, 1).reciprocal(), 0);
    if (forLeft) {
      const turn = transposed(u).matmul(forLeft);
      const within = u.matmul(gaps.mul(turn.sub(transposed(turn)))).mul(row);
      const out = forLeft.sub(u.matmul(turn)).mul(inverseRow);
      terms.push(within.add(out).matmul(transposed(v)));
    }
    if (forRight) {
      const turn = transposed(v).matmul(forRight);
      const within = v.matmul(transposed(gaps.mul(turn.sub(transposed(turn))).mul(s.expandDims(-1))));
      const out = forRight.sub(v.matmul(turn)).mul(inverseRow);
      terms.push(u.matmul(transposed(within.add(out))));
    }
    return [terms.length === 0 ? a.zerosLike() : terms.reduce((x, y) => x.add(y))];
  },
});

/**
 * Thin singular value decomposition a = u diag(s) v^T of a [..., m, n]: u [..., m, k], s [..., k] descending, v [..., n, k] with
 * k = min(m, n).
 *
 * Derivative: exact for distinct positive singular values. The one of `s` alone is u diag(ds) v^T, finite everywhere; those of `u` and `v`
 * leave out pairs of equal values and directions of value 0, which is right for functions that do not depend on the basis chosen there.
 */
export function svd(a: Tensor): [u: Tensor, s: Tensor, v: Tensor] {
  requireMatrices('svd', a);
  const [u, s, v] = svdOp([a], {});
  return [u, s, v];
}

const qrOp = hostOp({
  name: 'QR',
  stacked: true,
  infer: ([a]) => {
    const [m, n] = a.shape.slice(-2);
    return [stacked(a, [m, n]), stacked(a, [n, n])];
  },
  run: ([a]) => {
    const [m, n] = a.shape.slice(-2);
    return eachMatrix(
      [a],
      [
        [m, n],
        [n, n],
      ],
      (matrix) => {
        if (n === 0) return [matrix, Matrix.zeros(0, 0)];
        const made = new QrDecomposition(matrix);
        const [q, r] = [made.orthogonalMatrix.subMatrix(0, m - 1, 0, n - 1), made.upperTriangularMatrix];
        for (let i = 0; i < n; i++) {
          if (r.get(i, i) >= 0) continue;
          r.mulRow(i, -1);
          q.mulColumn(i, -1);
        }
        return [q, r];
      },
    );
  },
  // Walter, Lehmann and Lamour 2012, with the triangular part of R's cotangent alone.
  vjp: ([forQ, forR], { outputs: [q, r] }) => {
    const upper = (forR ?? r.zerosLike()).triu();
    const m = r.matmul(transposed(upper)).sub(transposed(forQ ?? q.zerosLike()).matmul(q));
    const copied = m.tril().add(transposed(m.tril(-1)));
    const right = q.matmul(copied).add(forQ ?? q.zerosLike());
    return [transposed(solve(r, transposed(right)))];
  },
});

/**
 * Thin QR decomposition a = q r of a [..., m, n] with m >= n: q [..., m, n] with orthonormal columns, r [..., n, n] upper triangular with a
 * diagonal that is not negative. Derivative: exact where the columns of a are independent.
 */
export function qr(a: Tensor): [q: Tensor, r: Tensor] {
  requireMatrices('qr', a);
  const [m, n] = a.shape.slice(-2);
  if (m < n) throw new RangeError(`qr: a [${a.shape.join(', ')}] must have at least as many rows as columns`);
  const [q, r] = qrOp([a], {});
  return [q, r];
}
