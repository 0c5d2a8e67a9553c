/**
 * The names that may be meant, at most three, nearest first: those that take the fewest changes to become, and those that take up to twice as
 * many. A change is a letter too many, missing, wrong, or in the place of its neighbour; a name that holds all that is wanted counts as one
 * away, after those that are.
 */
export function nearest(wanted: string, names: readonly string[]): string[] {
  const low = wanted.toLowerCase();
  const ranked = names
    .map((name) => {
      const distance = editDistance(low, name.toLowerCase());
      const held = low.length > 2 && name.toLowerCase().includes(low);
      return { name, distance, changes: held ? Math.min(1, distance) : distance };
    })
    .sort((a, b) => a.changes - b.changes || a.distance - b.distance);
  return ranked
    .filter(({ changes }) => changes <= 2 * ranked[0].changes)
    .slice(0, 3)
    .map(({ name }) => name);
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
