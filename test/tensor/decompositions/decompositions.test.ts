import { describe, expect, it } from 'vitest';
import * as ct from '../../../src/index.js';
import {
  cholesky,
  compile,
  determinant,
  eigh,
  eye,
  grad,
  inverse,
  logDeterminant,
  matrixSqrt,
  type NDArray,
  ndarray,
  nuclearNorm,
  pseudoInverse,
  qr,
  solve,
  spectralNorm,
  svd,
  type Tensor,
  toNumbers,
  vmap,
} from '../../../src/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';

const run = (fn: (a: Tensor) => Tensor, a: NDArray) => compile(fn)(a);
const t = (x: Tensor) => x.swapAxes(-1, -2);
/** A positive definite matrix of a general one. */
const spd = (x: Tensor) => x.matmul(t(x)).add(eye(x.shape[x.rank - 2], undefined, x.dtype).mul(0.5));
const square = random64([2, 4, 4], { stream: 1 });
const tall = random64([5, 3], { stream: 2 });
const wide = random64([2, 3, 4], { stream: 3 });
const identity = (n: number) => Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));

describe('what they decompose comes back', () => {
  it.each<[string, (a: Tensor) => [Tensor, Tensor], NDArray]>([
    ['cholesky', (a) => [cholesky(spd(a)).matmul(t(cholesky(spd(a)))), spd(a)], square],
    [
      'eigh',
      (a) => {
        const s = spd(a);
        const [d, v] = eigh(s);
        return [v.mul(d.expandDims(-2)).matmul(t(v)), s];
      },
      square,
    ],
    [
      'svd, tall',
      (a) => {
        const [u, s, v] = svd(a);
        return [u.mul(s.expandDims(-2)).matmul(t(v)), a];
      },
      tall,
    ],
    [
      'svd, wide',
      (a) => {
        const [u, s, v] = svd(a);
        return [u.mul(s.expandDims(-2)).matmul(t(v)), a];
      },
      wide,
    ],
    [
      'qr',
      (a) => {
        const [q, r] = qr(a);
        return [q.matmul(r), a];
      },
      tall,
    ],
    [
      'qr, orthonormal',
      (a) => {
        const [q] = qr(a);
        return [t(q).matmul(q), eye(3, 3, 'float64')];
      },
      tall,
    ],
    [
      'qr, triangular',
      (a) => {
        const [, r] = qr(a);
        return [
          r.tril(-1).add(r.diagonal().sign().expandDims(-1)),
          eye(3, 3, 'float64').sum(1, { keepDims: true }).broadcastTo([3, 3]),
        ];
      },
      tall,
    ],
    ['solve', (a) => [a.matmul(solve(a, a.add(1))), a.add(1)], square],
    ['inverse', (a) => [a.matmul(inverse(a)), eye(4, 4, 'float64').broadcastTo([2, 4, 4])], square],
    [
      'matrixSqrt',
      (a) => {
        const y = matrixSqrt(spd(a));
        return [y.matmul(y), spd(a)];
      },
      square,
    ],
    ['pseudoInverse', (a) => [a.matmul(pseudoInverse(a)).matmul(a), a], tall],
    [
      'determinant',
      (a) => {
        const [sign, l] = logDeterminant(a);
        return [sign.mul(l.exp()), determinant(a)];
      },
      square,
    ],
  ])('%s', async (_, fn, a) => {
    const f = compile((x: Tensor) => {
      const [left, right] = fn(x);
      return left.sub(right).abs().max();
    });
    expect(Number((await f(a)).data[0])).toBeLessThan(1e-12);
    const single = await compile((x: Tensor) => {
      const [left, right] = fn(x.cast('float64'));
      return left.sub(right).abs().max();
    })(ct.castArray(a, 'float32'));
    expect(Number(single.data[0])).toBeLessThan(1e-10);
  });
});

describe('values', () => {
  it('of small matrices', async () => {
    const a = ndarray(
      [
        [4, 2],
        [2, 3],
      ],
      { dtype: 'float64' },
    );
    const got = await compile((x: Tensor) => ({
      l: cholesky(x),
      d: determinant(x),
      i: inverse(x),
      e: eigh(x)[0],
      n: nuclearNorm(x),
      s: spectralNorm(x),
      ld: logDeterminant(x.neg().add(0))[1],
      x: solve(x, x.at(0)),
    }))(a);
    allClose(got.l, [2, 0, 1, Math.SQRT2], 1e-14, 'cholesky');
    allClose(got.d, [8], 1e-14, 'determinant');
    allClose(got.i, [0.375, -0.25, -0.25, 0.5], 1e-14, 'inverse');
    const root = Math.sqrt(17);
    allClose(got.e, [(7 - root) / 2, (7 + root) / 2], 1e-14, 'eigenvalues');
    allClose(got.n, [7], 1e-13, 'nuclear norm');
    allClose(got.s, [(7 + root) / 2], 1e-14, 'spectral norm');
    allClose(got.ld, [Math.log(8)], 1e-14, 'log determinant');
    allClose(got.x, [1, 0], 1e-14, 'solve');
  });

  it('of matrices at the edge: singular, of rank one, empty', async () => {
    const one = ndarray(
      [
        [1, 2],
        [2, 4],
      ],
      { dtype: 'float64' },
    );
    const got = await compile((x: Tensor) => ({
      d: determinant(x),
      ld: logDeterminant(x),
      i: inverse(x),
      p: pseudoInverse(x),
      c: cholesky(x.sub(eye(2, 2, 'float64')))
        .isNaN()
        .all(),
      r: matrixSqrt(x),
    }))(one);
    expect(toNumbers(got.d)[0] + 0).toBe(0);
    expect(got.ld.map(toNumbers)).toEqual([[0], [-Infinity]]);
    expect(toNumbers(got.i).every((v) => v === Infinity)).toBe(true);
    allClose(got.p, [0.04, 0.08, 0.08, 0.16], 1e-14, 'pseudoinverse');
    expect(toNumbers(got.c)).toEqual([1]);
    allClose(
      got.r,
      [1, 2, 2, 4].map((v) => v / Math.sqrt(5)),
      1e-14,
      'square root',
    );
    expect((await run((x) => determinant(x), ndarray(new Float64Array(0), { shape: [3, 0, 0] }))).data).toEqual(
      Float64Array.of(1, 1, 1),
    );
  });
});

describe('derivatives', () => {
  it.each<[string, (a: Tensor) => Tensor, NDArray]>([
    ['solve', (a) => solve(a, a.square().slice([null, null, [0, 2]])), random64([2, 3, 3], { stream: 5 })],
    ['solve, one matrix and a vector', (a) => solve(a, a.at(0).add(2)), random64([3, 3], { stream: 6 })],
    ['inverse', (a) => inverse(a), random64([3, 3], { stream: 8 })],
    ['determinant', (a) => determinant(a), random64([2, 3, 3], { stream: 7 })],
    ['logDeterminant', (a) => logDeterminant(a)[1], random64([3, 3], { stream: 8 })],
    ['cholesky', (a) => cholesky(spd(a)), random64([2, 3, 3], { stream: 9 })],
    ['eigenvalues', (a) => eigh(spd(a))[0], random64([3, 3], { stream: 10 })],
    ['eigenvectors', (a) => eigh(spd(a))[1].square(), random64([3, 3], { stream: 11 })],
    ['singular values', (a) => svd(a)[1], random64([2, 3, 4], { stream: 12 })],
    ['left singular vectors', (a) => svd(a)[0].square(), random64([4, 3], { stream: 13 })],
    ['right singular vectors', (a) => svd(a)[2].square(), random64([2, 4], { stream: 14 })],
    [
      'all of svd',
      (a) => {
        const [u, s, v] = svd(a);
        return u.mul(s.square().expandDims(-2)).matmul(t(v));
      },
      random64([4, 3], { stream: 15 }),
    ],
    [
      'qr',
      (a) => {
        const [q, r] = qr(a);
        return q.sin().concat(r);
      },
      random64([4, 3], { stream: 16 }),
    ],
    ['matrixSqrt', (a) => matrixSqrt(spd(a)), random64([3, 3], { stream: 17 })],
    ['pseudoInverse, tall', (a) => pseudoInverse(a), random64([4, 2], { stream: 18 })],
    ['pseudoInverse, wide', (a) => pseudoInverse(a), random64([2, 2, 3], { stream: 19 })],
    ['nuclearNorm', (a) => nuclearNorm(a), random64([3, 2], { stream: 20 })],
    ['spectralNorm', (a) => spectralNorm(a), random64([3, 2], { stream: 21 })],
  ])('%s', async (_, fn, a) => {
    await checkDerivatives(fn, [a], { tolerance: 2e-5 });
  });

  it('are finite and right where eigenvalues or singular values are equal, for functions that have one', async () => {
    const g = async (fn: (a: Tensor) => Tensor, a: NDArray) =>
      toNumbers(await compile((x: Tensor) => grad((p: Tensor) => fn(p).sum())(x))(a));
    const i3 = ndarray(Float64Array.from(identity(3)), { shape: [3, 3] });
    // trace(a^2), the sum of squared eigenvalues: gradient 2 a.
    (await g((a) => eigh(a)[0].square(), i3)).forEach((v, i) => expect(v).toBeCloseTo(2 * identity(3)[i], 12));
    // The square root is smooth at the identity: d trace(sqrt(a)) = 1/2 I.
    (await g((a) => ct.trace(matrixSqrt(a)), i3)).forEach((v, i) => expect(v).toBeCloseTo(identity(3)[i] / 2, 12));
    // Rebuilt from its parts a matrix is itself, whatever basis was chosen.
    (
      await g((a) => {
        const [u, s, v] = svd(a);
        return u.mul(s.expandDims(-2)).matmul(t(v));
      }, i3)
    ).forEach((v) => expect(Number.isFinite(v)).toBe(true));
    (await g((a) => nuclearNorm(a), ndarray(new Float64Array(9), { shape: [3, 3] }))).forEach((v) =>
      expect(Number.isFinite(v)).toBe(true),
    );
  });

  it('of the determinant of a singular matrix are its cofactors', async () => {
    const a = ndarray(
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
      { dtype: 'float64' },
    );
    const got = await compile((x: Tensor) => grad((p: Tensor) => determinant(p))(x))(a);
    allClose(got, [-3, 6, -3, 6, -12, 6, -3, 6, -3], 1e-9, 'cofactors');
  });

  it('go with vmap', async () => {
    const got = await compile((x: Tensor) => [
      vmap((a: Tensor) => determinant(a))(x),
      determinant(x),
      vmap((a: Tensor) => grad((p: Tensor) => inverse(p).sum())(a))(x),
      grad((p: Tensor) => inverse(p).sum())(x),
    ])(square);
    allClose(got[0], toNumbers(got[1]), 1e-14, 'vmap of determinant');
    allClose(got[2], toNumbers(got[3]), 1e-12, 'gradients of the examples');
    // The stack is computed by one operator, not by one an example.
    const f = compile((x: Tensor) => vmap((a: Tensor) => determinant(a))(x));
    await f(square);
    expect(f.stats()[0].nodes).toBe(1);
  });
});

describe('errors', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['inverse', () => inverse(ct.zeros([2, 3])), /inverse: a \[2, 3\] must be square matrices/],
    ['svd', () => svd(ct.zeros([3])), /svd: a \[3\] must be matrices/],
    ['qr', () => qr(ct.zeros([2, 3])), /qr: a \[2, 3\] must have at least as many rows as columns/],
    ['solve', () => solve(ct.zeros([3, 3]), ct.zeros([2, 1])), /solve: b float32\[2, 1\] must have 3 rows/],
    ['dtype', () => cholesky(ct.constant([[1]], 'int32')), /cholesky: a must be float32 or float64, not int32/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
