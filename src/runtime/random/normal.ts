/** The standard normal distribution: its distribution function and quantiles, with the same bits on every platform. */
import { exp, log } from './math.js';

/** Horner's rule; highest power first. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let value = 0;
  for (const c of coefficients) value = value * x + c;
  return value;
}

// Wichura's algorithm AS 241 (1988), PPND16: rational approximations to about 1 part in 10^16.
const centreTop = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
  133.14166789178438, 3.3871328727963665,
];
const centreBottom = [
  5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
  42.31333070160091, 1,
];
const middleTop = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const middleBottom = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
  1.6763848301838038, 2.053191626637759, 1,
];
const tailTop = [
  2.0103343992922881e-7, 0.000027115555687434876, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
  1.7848265399172913, 5.463784911164114, 6.657904643501103,
];
const tailBottom = [
  2.0442631033899397e-15, 1.421511758316446e-7, 0.000018463183175100548, 0.0007868691311456133, 0.014875361290850615,
  0.1369298809227358, 0.599832206555888, 1,
];

/**
 * The quantile of the standard normal at p in (0, 1): the x with P(X <= x) = p, to about 15 digits. 1 - p is formed where p is above
 * 0.925, so quantiles very near 1 have the precision that p itself has there.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(r, centreTop)) / polynomial(r, centreBottom);
  }
  const r = Math.sqrt(-log(q < 0 ? p : 1 - p));
  const x =
    r <= 5
      ? polynomial(r - 1.6, middleTop) / polynomial(r - 1.6, middleBottom)
      : polynomial(r - 5, tailTop) / polynomial(r - 5, tailBottom);
  return q < 0 ? -x : x;
}

/** Beyond this the series below cancels, and the continued fraction converges fast. */
const tailFrom = 3;
const rootOfTwoPi = Math.sqrt(2 * Math.PI);

/**
 * The distribution function of the standard normal, P(X <= x), to 12 digits, in the lower tail too.
 *
 * In the middle 1/2 + density(x) (x + x^3/3 + x^5/(3 5) + ...); in the tails Laplace's continued fraction for the ratio of
 * P(X > x) to density(x), 1/(x + 1/(x + 2/(x + 3/(x + ...)))). 0 below -37.6, where the density underflows.
 */
export function normalCumulative(x: number): number {
  const height = exp((-x * x) / 2);
  if (Math.abs(x) > tailFrom) {
    const distance = Math.abs(x);
    let fraction = distance;
    for (let k = 60; k >= 1; k--) fraction = distance + k / fraction;
    const tail = height / rootOfTwoPi / fraction;
    return x < 0 ? tail : 1 - tail;
  }
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * height) / rootOfTwoPi;
}
