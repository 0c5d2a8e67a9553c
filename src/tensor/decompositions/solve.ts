import { LuDecomposition, Matrix } from 'ml-matrix';
import { hostOp } from '../ops/host.js';
import { showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { eachMatrix, requireMatrices, stacked, transposed } from './matrices.js';

const solveOp = hostOp({
  name: 'Solve',
  stacked: true,
  infer: ([, b]) => ({ shape: b.shape, dtype: b.dtype }),
  run: ([a, b]) => eachMatrix([a, b], [b.shape.slice(-2)], (matrix, right) => [solution(matrix, right)]),
  vjp: ([ct], { inputs: [a], output: x }) => {
    const right = solve(transposed(a), ct);
    return [right.matmul(transposed(x)).neg(), right];
  },
});

function solution(a: Matrix, b: Matrix): Matrix {
  if (a.rows === 0 || b.columns === 0) return b;
  const lu = new LuDecomposition(a);
  // Infinity where there is no solution, as a division by zero gives, not an exception in the middle of a program.
  return lu.isSingular() ? Matrix.zeros(b.rows, b.columns).fill(Number.POSITIVE_INFINITY) : lu.solve(b);
}

/**
 * x with a x = b, for square matrices a [..., n, n] and right sides b [..., n, k] or, where a is one matrix, [n]. By LU decomposition with
 * pivoting, in double precision. All infinite where a is singular.
 *
 * Derivative: with y the solution of a^T y = dL/dx, dL/db = y and dL/da = -y x^T.
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  requireMatrices('solve', a, { square: true });
  if (b.rank === 1) return solve(a, b.expandDims(-1)).squeeze(-1);
  const n = a.shape[a.rank - 1];
  if (b.shape[b.rank - 2] !== n || b.dtype !== a.dtype) {
    throw new RangeError(
      `solve: b ${b.dtype}${showShape(b.shape)} must have ${n} rows and the dtype of a ${a.dtype}${showShape(a.shape)}`,
    );
  }
  const [left, right] = sameStack(a, b);
  return solveOp([left, right], {})[0];
}

function sameStack(a: Tensor, b: Tensor): [Tensor, Tensor] {
  const stack = a.rank >= b.rank ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
  return [a.broadcastTo([...stack, ...a.shape.slice(-2)]), b.broadcastTo([...stack, ...b.shape.slice(-2)])];
}

const inverseOp = hostOp({
  name: 'Inverse',
  stacked: true,
  infer: ([a]) => ({ shape: a.shape, dtype: a.dtype }),
  run: ([a]) => eachMatrix([a], [a.shape.slice(-2)], (matrix) => [solution(matrix, Matrix.eye(matrix.rows))]),
  vjp: ([ct], { output: y }) => [transposed(y).matmul(ct).matmul(transposed(y)).neg()],
});

/** The inverse of each square matrix of a [..., n, n]; all infinite where it is singular. Derivative: -a^-T (dL/dy) a^-T. */
export function inverse(a: Tensor): Tensor {
  requireMatrices('inverse', a, { square: true });
  return inverseOp([a], {})[0];
}

const determinantOp = hostOp({
  name: 'Determinant',
  stacked: true,
  infer: ([a]) => stacked(a, []),
  run: ([a]) => eachMatrix([a], [[]], (matrix) => [matrix.rows === 0 ? 1 : new LuDecomposition(matrix).determinant]),
  vjp: ([ct], { inputs: [a] }) => [cofactors(a).mul(ct.expandDims([-1, -2]))],
});

const cofactorsOp = hostOp({
  name: 'Cofactors',
  stacked: true,
  infer: ([a]) => ({ shape: a.shape, dtype: a.dtype }),
  run: ([a]) => eachMatrix([a], [a.shape.slice(-2)], (matrix) => [cofactorMatrix(matrix)]),
  vjp: ([ct], { inputs: [a], output: c }) => {
    const y = transposed(inverse(a));
    const scaled = ct.mul(c).sum([-1, -2], { keepDims: true });
    return [y.mul(scaled).sub(c.matmul(transposed(ct)).matmul(y))];
  },
});

/** Determinants of the minors, with their signs: the derivative of the determinant, exact for singular matrices too. */
function cofactorMatrix(a: Matrix): Matrix {
  const n = a.rows;
  const lu = n > 0 ? new LuDecomposition(a) : undefined;
  if (n > 1 && lu && !lu.isSingular()) return lu.solve(Matrix.eye(n)).transpose().mul(lu.determinant);
  const result = Matrix.zeros(n, n);
  const all = Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const minor =
        n === 1
          ? 1
          : new LuDecomposition(
              a.selection(
                all.filter((k) => k !== i),
                all.filter((k) => k !== j),
              ),
            ).determinant;
      result.set(i, j, (i + j) % 2 === 0 ? minor : -minor);
    }
  }
  return result;
}

/** The matrix of cofactors of a [..., n, n]. Its own derivative needs an invertible matrix. */
function cofactors(a: Tensor): Tensor {
  return cofactorsOp([a], {})[0];
}

/** The determinant of each square matrix: [..., n, n] to [...]. Derivative: the cofactors, finite for singular matrices too. */
export function determinant(a: Tensor): Tensor {
  requireMatrices('determinant', a, { square: true });
  return determinantOp([a], {})[0];
}

const logDeterminantOp = hostOp({
  name: 'LogDeterminant',
  stacked: true,
  infer: ([a]) => [stacked(a, []), stacked(a, [])],
  run: ([a]) =>
    eachMatrix([a], [[], []], (matrix) => {
      if (matrix.rows === 0) return [1, 0];
      const { upperTriangularMatrix: upper, pivotPermutationVector: pivots } = new LuDecomposition(matrix);
      const diagonal = upper.diagonal();
      const negative = diagonal.filter((v) => v < 0).length + inversions(pivots);
      const zero = diagonal.includes(0);
      return [
        zero ? 0 : negative % 2 === 0 ? 1 : -1,
        zero ? -Infinity : diagonal.reduce((sum, v) => sum + Math.log(Math.abs(v)), 0),
      ];
    }),
  vjp: ([, ct], { inputs: [a] }) => [ct && transposed(inverse(a)).mul(ct.expandDims([-1, -2]))],
});

function inversions(order: readonly number[]): number {
  return order.reduce((count, v, i) => count + order.slice(i + 1).filter((w) => w < v).length, 0);
}

/**
 * Sign and logarithm of the absolute value of the determinant, [..., n, n] to two of [...], without overflow. Singular: 0 and -infinity.
 * Derivative of the logarithm: a^-T; of the sign: none.
 */
export function logDeterminant(a: Tensor): [sign: Tensor, logAbsolute: Tensor] {
  requireMatrices('logDeterminant', a, { square: true });
  const [sign, logAbsolute] = logDeterminantOp([a], {});
  return [sign, logAbsolute];
}
