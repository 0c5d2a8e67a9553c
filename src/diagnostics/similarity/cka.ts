import { eigh, showShape, type Tensor } from '../../tensor/index.js';
import { deconfound, rounding } from './deconfound.js';

/**
 * The linear Gram matrix of representations of n items, [n, n]: phi phi^T with phi the representations less their mean over items, divided by
 * their Frobenius norm. Zeros where all items are represented alike.
 *
 * @param x [n, ...], each item in any shape.
 * @throws RangeError for fewer than two items.
 */
export function normalizedGram(x: Tensor): Tensor {
  if (x.rank < 2 || x.size === 0 || x.shape[0] < 2)
    throw new RangeError(`normalizedGram: x ${showShape(x.shape)} must be [n, ...] of at least two items, not empty`);
  const flat = x.reshape([x.shape[0], x.size / x.shape[0]]);
  const centred = flat.sub(flat.mean(0));
  const energy = centred.square().sum();
  const none = energy.lessEqual(
    flat
      .square()
      .sum()
      .mul(rounding(x) ** 2),
  );
  return none.where(0, centred.matmul(centred.transpose()).div(none.where(1, energy)));
}

/**
 * Hilbert and Schmidt's independence criterion of two similarity matrices [n, n], the sum of the elementwise product of H a H and H b H with
 * H = I - 1 1^T / n; up to a factor of (n - 1)^2 that of Gretton et al. 2005.
 *
 * @throws RangeError where the matrices are not square or not of one size.
 */
export function hsic(a: Tensor, b: Tensor): Tensor {
  if (a.rank !== 2 || a.shape[0] !== a.shape[1] || a.shape.join() !== b.shape.join() || a.size === 0)
    throw new RangeError(`hsic: a ${showShape(a.shape)} and b ${showShape(b.shape)} must both be [n, n], not empty`);
  return doublyCentred(a).mul(doublyCentred(b)).sum();
}

/**
 * The alignment of two similarity matrices [n, n], hsic(a, b) / sqrt(hsic(a, a) hsic(b, b)), from -1 to 1; 0 where one of them has nothing left
 * when it is centred. Of Gram matrices it is centred kernel alignment. Cortes et al. 2012; Kornblith et al. 2019, equation 4.
 */
export function alignment(a: Tensor, b: Tensor): Tensor {
  const energy = hsic(a, a).mul(hsic(b, b));
  const none = energy.lessEqual(0);
  return none.where(0, hsic(a, b).div(none.where(1, energy).sqrt()));
}

/**
 * Linear centred kernel alignment (CKA) of two representations of the same items, from 0 to 1: 1 where one is a rotation and scaling of the
 * other, 0 where one is constant. It does not change under orthogonal maps, common scales and shifts of either. High also for random networks
 * where the items themselves are similar: see {@link deconfoundedCka}. Kornblith et al. 2019 (arXiv 1905.00414).
 *
 * @param first [n, ...].
 * @param second [n, ...], of the same n items in the same order. Averages over small batches are biased upwards.
 * @throws RangeError where the numbers of items differ or are below two.
 */
export function cka(first: Tensor, second: Tensor): Tensor {
  requireItems('cka', first, second);
  return alignment(normalizedGram(first), normalizedGram(second));
}

export interface DeconfoundedCkaOptions {
  /** Set negative eigenvalues of the residual similarities to 0, so that the result lies in [0, 1]. Default false, as in the authors' code. */
  readonly positive?: boolean;
}

/** A similarity of representations without what the similarity of their inputs explains of it. */
export interface DeconfoundedSimilarity {
  /** From -1 to 1; negative where what is left of the two is opposed. */
  readonly value: Tensor;
  /** The share of the variance of each representation's similarities that those of the inputs explain, two numbers, from 0 to 1. */
  readonly explained: readonly [Tensor, Tensor];
  /** The slope of each regression. */
  readonly slopes: readonly [Tensor, Tensor];
}

/**
 * Deconfounded CKA of two representations of the same items: the alignment of what a linear regression on the similarity of the inputs leaves
 * of their Gram matrices,
 *
 *   D_m = K_m - b0 - b1 K_0,   dCKA = hsic(D_1, D_2) / sqrt(hsic(D_1, D_1) hsic(D_2, D_2)).
 *
 * Invariant as CKA is. 0 where a representation has no similarity but that of the inputs, or none at all. What depends on K_0 other than
 * linearly stays in. For other confounders, or several, take {@link deconfound} and {@link alignment}.
 * Cui et al. 2022 (arXiv 2202.00095).
 *
 * @param first [n, ...].
 * @param second [n, ...], of the same items in the same order.
 * @param inputs [n, ...], those items.
 * @throws RangeError where the numbers of items differ or are below two.
 */
export function deconfoundedCka(
  first: Tensor,
  second: Tensor,
  inputs: Tensor,
  { positive = false }: DeconfoundedCkaOptions = {},
): DeconfoundedSimilarity {
  requireItems('deconfoundedCka', first, second, inputs);
  const confounder = normalizedGram(inputs);
  const [a, b] = [first, second].map((x) => deconfound(normalizedGram(x), [confounder]));
  const [left, right] = [a, b].map(({ residual }) => (positive ? positivePart(residual) : residual));
  return {
    value: alignment(left, right),
    explained: [a.explained, b.explained],
    slopes: [a.slopes.at(0), b.slopes.at(0)],
  };
}

/** @throws RangeError unless all are representations of as many items. */
export function requireItems(who: string, ...all: readonly Tensor[]): void {
  if (all.some((x) => x.rank < 2 || x.shape[0] !== all[0].shape[0]))
    throw new RangeError(
      `${who}: ${all.map((x) => showShape(x.shape)).join(', ')} must be [n, ...] of the same n items`,
    );
}

function doublyCentred(a: Tensor): Tensor {
  const rows = a.sub(a.mean(0));
  return rows.sub(rows.mean(1, { keepDims: true }));
}

function positivePart(a: Tensor): Tensor {
  const [values, vectors] = eigh(a);
  return vectors.mul(values.relu()).matmul(vectors.transpose());
}
