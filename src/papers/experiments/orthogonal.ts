import { type Key, normal } from '../../runtime/random/index.js';

/** A random orthonormal basis as rows, by Gram and Schmidt. */
export function orthogonalRows(key: Key, n: number): Float64Array[] {
  const rows: Float64Array[] = [];
  const draws = normal(key, [n, n]).data;
  for (let i = 0; i < n; i++) {
    const row = Float64Array.from(draws.subarray(i * n, (i + 1) * n));
    for (const before of rows) {
      const along = before.reduce((sum, v, j) => sum + v * row[j], 0);
      before.forEach((v, j) => {
        row[j] -= along * v;
      });
    }
    const length = Math.hypot(...row);
    rows.push(row.map((v) => v / length));
  }
  return rows;
}
