import type { NDArray } from '../../src/index.js';
import type { Variables } from '../../src/nn/index.js';

/** The tree whose leaves have these dotted paths: a state_dict as variables. */
export function nested(flat: Readonly<Record<string, NDArray>>): Variables {
  type Branch = { [name: string]: NDArray | Branch };
  const root: Branch = {};
  for (const [path, value] of Object.entries(flat)) {
    const names = path.split('.');
    const last = names.pop() as string;
    let branch = root;
    for (const name of names) {
      branch[name] ??= {};
      branch = branch[name] as Branch;
    }
    branch[last] = value;
  }
  return root;
}
