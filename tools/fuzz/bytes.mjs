const extremes = [
  0n,
  1n,
  -1n,
  0x7fn,
  0xffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x7fff_ffff_ffff_ffffn,
  1n << 63n,
];

/** Damage that knows nothing of the format. Each takes bytes and gives new ones. `other` is some other file of the same format. */
const damages = {
  flip(bytes, random) {
    const result = bytes.slice();
    for (let i = 0; i <= random.below(4); i++) result[random.below(result.length)] ^= 1 << random.below(8);
    return result;
  },
  overwrite(bytes, random) {
    const result = bytes.slice();
    const at = random.below(result.length);
    for (let i = at; i < Math.min(result.length, at + 1 + random.below(16)); i++) result[i] = random.below(256);
    return result;
  },
  extreme(bytes, random) {
    const result = bytes.slice();
    const word = new DataView(new ArrayBuffer(8));
    word.setBigUint64(0, BigInt.asUintN(64, random.pick(extremes)), true);
    const width = random.pick([1, 4, 8]);
    const at = random.below(result.length);
    for (let i = 0; i < width && at + i < result.length; i++) result[at + i] = word.getUint8(i);
    return result;
  },
  remove(bytes, random) {
    const [from, to] = range(bytes, random);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    const fresh = Uint8Array.from({ length: 1 + random.below(16) }, () => random.below(256));
    return joined(bytes.subarray(0, at), fresh, bytes.subarray(at));
  },
  repeat(bytes, random) {
    const [from, to] = range(bytes, random);
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  cut: (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  splice(bytes, random, other) {
    const [from, to] = range(other, random);
    const at = random.below(bytes.length + 1);
    return joined(
      bytes.subarray(0, at),
      other.subarray(from, to),
      bytes.subarray(at + (random.chance(0.5) ? to - from : 0)),
    );
  },
};

/** A short piece, now and then a long one. */
function range(bytes, random) {
  const from = random.below(bytes.length + 1);
  const most = random.chance(0.2) ? bytes.length : 32;
  return [from, Math.min(bytes.length, from + 1 + random.below(most))];
}

function joined(...parts) {
  const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** The bytes with one to three damages. */
export function damaged(bytes, random, other) {
  let result = bytes;
  for (let i = 0; i <= random.below(3); i++) {
    if (result.length === 0) break;
    result = random.pick(Object.values(damages))(result, random, other);
  }
  return result;
}
