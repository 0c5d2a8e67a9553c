/**
 * The names that may be meant, at most three, nearest first: those that take the fewest changes to become, and those that take up to twice as
 * many. A change is a letter too many, missing, wrong, or in the place of its neighbour; a name that holds all that is wanted is one away.
 */
export function nearest(wanted: string, names: readonly string[]): string[] {
  const low = wanted.toLowerCase();
  const ranked = names
    .map((name) => ({ name, changes: changes(low, name.toLowerCase()) }))
    .sort((a, b) => a.changes - b.changes);
  return ranked
    .filter(({ changes }) => changes <= 2 * ranked[0].changes)
    .slice(0, 3)
    .map(({ name }) => name);
}

function changes(wanted: string, name: string): number {
  const distance = editDistance(wanted, name);
  return wanted.length > 2 && name.includes(wanted) ? Math.min(1, distance) : distance;
}

/** Damerau and Levenshtein's distance, no part of a text changed twice. */
function editDistance(a: string, b: string): number {
  let [before, row]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(
        row[j] + 1,
        next[j - 1] + 1,
        row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1),
        swapped ? before[j - 2] + 1 : Infinity,
      );
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
