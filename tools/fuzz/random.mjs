/** Repeatable choices: the stream that a seed and the number of a case determine. */
export class Random {
  #state;

  constructor(seed, stream) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b);
  }

  /** Uniform in [0, 2^32): a Weyl sequence through the fmix32 finaliser of MurmurHash3. */
  bits() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let h = this.#state;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform() {
    return this.bits() / 2 ** 32;
  }

  /** A whole number in [0, end). */
  below(end) {
    return Math.floor(this.uniform() * end);
  }

  chance(probability) {
    return this.uniform() < probability;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** A key of an object whose values are weights. */
  weighted(weights) {
    let at = this.uniform() * Object.values(weights).reduce((a, b) => a + b, 0);
    for (const [key, weight] of Object.entries(weights)) {
      at -= weight;
      if (at < 0) return key;
    }
    return Object.keys(weights).at(-1);
  }
}
