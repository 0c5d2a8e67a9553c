import { hostOp, type NDArray, type Tensor } from '../../tensor/index.js';
import { type DeconfoundedSimilarity, requireItems } from './cka.js';
import { deconfound } from './deconfound.js';

/**
 * The Euclidean distances of all pairs i < j of items, row by row: [n (n - 1) / 2]. No derivative: they are there to be ranked.
 *
 * @param x [n, ...], at least two items.
 */
export function pairDistances(x: Tensor): Tensor {
  requireItems('pairDistances', x);
  const n = x.shape[0];
  if (n < 2) throw new RangeError(`pairDistances: ${n} item(s) have no pairs`);
  return distancesOp([x.stopGradient().reshape([n, x.size / n])], {})[0];
}

/**
 * Spearman's rank correlation of two lists [n], from -1 to 1: that of their ranks, equal elements sharing the mean of theirs. 0 where all
 * elements of one are equal. No derivative.
 */
export function rankCorrelation(a: Tensor, b: Tensor): Tensor {
  const [x, y] = [a, b].map((list) => {
    const [ranks] = averageRanks([list], {});
    return ranks.sub(ranks.mean());
  });
  const energy = x.square().sum().mul(y.square().sum());
  const none = energy.equal(0);
  return none.where(0, x.mul(y).sum().div(none.where(1, energy).sqrt()));
}

/**
 * Representational similarity analysis: the rank correlation of the distances between items in two representations, from -1 to 1.
 * Kriegeskorte et al. 2008.
 *
 * @param first [n, ...].
 * @param second [n, ...], of the same n items in the same order.
 * @throws RangeError where the numbers of items differ or are below two.
 */
export function rsa(first: Tensor, second: Tensor): Tensor {
  requireItems('rsa', first, second);
  return rankCorrelation(pairDistances(first), pairDistances(second));
}

/**
 * Deconfounded representational similarity analysis: the rank correlation of what a linear regression on the distances between the inputs
 * leaves of the distances in two representations. Cui et al. 2022.
 *
 * @param first [n, ...].
 * @param second [n, ...], of the same items in the same order.
 * @param inputs [n, ...], those items.
 * @throws RangeError where the numbers of items differ or are below two.
 */
export function deconfoundedRsa(first: Tensor, second: Tensor, inputs: Tensor): DeconfoundedSimilarity {
  requireItems('deconfoundedRsa', first, second, inputs);
  const confounder = pairDistances(inputs);
  const [a, b] = [first, second].map((x) => deconfound(pairDistances(x), [confounder]));
  return {
    value: rankCorrelation(a.residual, b.residual),
    explained: [a.explained, b.explained],
    slopes: [a.slopes.at(0), b.slopes.at(0)],
  };
}

/** From differences, not inner products, whose rounding would tell pairs of equal distance apart. */
const distancesOp = hostOp({
  name: 'PairDistances',
  infer: ([x]) => ({ shape: [(x.shape[0] * (x.shape[0] - 1)) / 2], dtype: x.dtype }),
  run: ([x]) => {
    const [n, size] = x.shape;
    const values = x.data as Float64Array;
    const pairs = (n * (n - 1)) / 2;
    const data = x.dtype === 'float64' ? new Float64Array(pairs) : new Float32Array(pairs);
    let pair = 0;
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        let total = 0;
        for (let k = 0; k < size; k++) total += (values[i * size + k] - values[j * size + k]) ** 2;
        data[pair++] = Math.sqrt(total);
      }
    }
    return [{ data, shape: [pairs], dtype: x.dtype } satisfies NDArray];
  },
});

/** Ranks from 1; elements that are equal share the mean of theirs. */
const averageRanks = hostOp({
  name: 'AverageRanks',
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  run: ([x]) => {
    const values = Float64Array.from(x.data as Float64Array);
    const order = Array.from(values, (_, i) => i).sort((i, j) => values[i] - values[j]);
    const ranks = (x.data as Float64Array).slice();
    for (let start = 0; start < order.length; ) {
      let end = start + 1;
      while (end < order.length && values[order[end]] === values[order[start]]) end++;
      for (let k = start; k < end; k++) ranks[order[k]] = (start + 1 + end) / 2;
      start = end;
    }
    return [{ data: ranks, shape: x.shape, dtype: x.dtype } satisfies NDArray];
  },
});
