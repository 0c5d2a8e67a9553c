/** Repeatable numbers for tests: uniform in [low, high), the fmix32 finaliser of MurmurHash3 on a counter. */
export function numbers(stream: number, count: number, low = -1, high = 1): number[] {
  return Array.from({ length: count }, (_, i) => {
    let h = (i + Math.imul(0x9e3779b1, stream + 1)) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return low + ((high - low) * ((h ^ (h >>> 16)) >>> 0)) / 2 ** 32;
  });
}
