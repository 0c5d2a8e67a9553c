/** Matrix decompositions, on the host, with derivatives of any order; leading axes are stacks of matrices. */
export { cholesky, eigh, qr, svd } from './factors.js';
export { matrixSqrt, nuclearNorm, pseudoInverse, spectralNorm } from './functions.js';
export { determinant, inverse, logDeterminant, solve } from './solve.js';
