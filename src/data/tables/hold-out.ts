import { type Key, permutation } from '../../runtime/random/index.js';

/** Which samples are trained on, and which are measured on, both in ascending order. */
export interface HeldOut {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * Holds out a share of n samples, rounded to whole ones and drawn without replacement: the first of permutation(key, n).
 *
 * @param share above 0 and below 1.
 * @throws RangeError naming `who` when that leaves nothing on one side.
 */
export function holdOut(n: number, share: number, key: Key, who = 'holdOut'): HeldOut {
  const held = Math.round(share * n);
  if (!(held >= 1 && held < n)) throw new RangeError(`${who}: a share of ${share} cannot be held out of ${n} samples`);
  const order = permutation(key, n).data;
  return { train: order.slice(held).sort(), test: order.slice(0, held).sort() };
}

/**
 * Holds out a share of the groups, each with all of its samples: those of one query, say, whose other items would give it away.
 *
 * @param groups the group of each sample.
 * @throws RangeError naming `who` when that leaves no group on one side.
 */
export function holdOutGroups(groups: ArrayLike<number>, share: number, key: Key, who = 'holdOutGroups'): HeldOut {
  const names = [...new Set(Array.from(groups))].sort((a, b) => a - b);
  const chosen = holdOut(names.length, share, key, who);
  const held = new Set(Array.from(chosen.test, (i) => names[i]));
  const rows = Int32Array.from({ length: groups.length }, (_, i) => i);
  return { train: rows.filter((i) => !held.has(groups[i])), test: rows.filter((i) => held.has(groups[i])) };
}
