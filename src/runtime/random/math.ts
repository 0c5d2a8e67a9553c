/**
 * Logarithm and exponential that give the same bits on every platform: engines differ in the last bits of `Math.log` and `Math.exp`,
 * while + - * / and square roots are exact everywhere.
 */

const bits = new DataView(new ArrayBuffer(8));
// ln 2 in two parts: the first has enough trailing zeros that its product with an exponent is exact.
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;
const smallestNormal = 2.2250738585072014e-308;

/** Natural logarithm, to within 1 unit in the last place; -Infinity at 0 and NaN below, as `Math.log` has it. */
export function log(x: number): number {
  if (x < smallestNormal) return x > 0 ? log(x * 18014398509481984) - 54 * Math.LN2 : x === 0 ? -Infinity : Number.NaN;
  if (!(x < Infinity)) return x;
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent += 1;
  }
  // log m = 2 atanh s with s = (m - 1) / (m + 1), |s| < 0.172: the odd series converges fast.
  const f = m - 1;
  const s = f / (m + 1);
  const z = s * s;
  let series = 0;
  for (let k = 23; k >= 3; k -= 2) series = z * (2 / k + series);
  // 2 s + s series, with 2 s = f - s f so that the large part is exact.
  return exponent * ln2High + (f - (s * (f - series) - exponent * ln2Low));
}

/** e^x, to within 2 units in the last place; 0 below -708, Infinity above 709, where results would be subnormal or near overflow. */
export function exp(x: number): number {
  if (x < -708) return 0;
  if (x > 709) return Infinity;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - k * ln2High - k * ln2Low;
  let sum = 1;
  for (let n = 14; n >= 1; n--) sum = 1 + (r / n) * sum;
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return sum * bits.getFloat64(0);
}
