import { constant, showShape, type Tensor } from '../../tensor/index.js';

/** Rows of the orthonormal DCT-II: sqrt(2/n) cos(pi (j + 1/2) k / n), the first divided by sqrt(2). */
function basis(n: number, x: Tensor): Tensor {
  const rows = Array.from({ length: n }, (_, k) =>
    Array.from({ length: n }, (_, j) => Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos((Math.PI * (j + 0.5) * k) / n)),
  );
  return constant(rows, x.dtype);
}

function requireAxis(who: string, x: Tensor): number {
  if (x.rank < 1 || x.shape[x.rank - 1] === 0)
    throw new RangeError(`${who}: x ${showShape(x.shape)} has nothing along its last axis`);
  return x.shape[x.rank - 1];
}

/** The orthonormal discrete cosine transform of type II along the last axis. Its inverse is {@link idct}, its transpose too. */
export function dct(x: Tensor): Tensor {
  return x.matmul(basis(requireAxis('dct', x), x).transpose());
}

/** The inverse of {@link dct}: the orthonormal transform of type III. */
export function idct(x: Tensor): Tensor {
  return x.matmul(basis(requireAxis('idct', x), x));
}

/** {@link dct} along the last two axes: of each block [..., h, w]. */
export const dct2 = (x: Tensor): Tensor => dct(dct(x).swapAxes(-1, -2)).swapAxes(-1, -2);
/** The inverse of {@link dct2}. */
export const idct2 = (x: Tensor): Tensor => idct(idct(x).swapAxes(-1, -2)).swapAxes(-1, -2);
