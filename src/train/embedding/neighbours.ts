import type { Dataset } from '../../data/index.js';
import type { NDArray } from '../../tensor/index.js';
import type { Labelled } from './scores.js';

/** A picture with its class. */
export interface Picture {
  /** [channels, height, width], 0 to 255. */
  readonly image: NDArray<'uint8'>;
  readonly label: number;
}

/** A picture and those most like it, nearest first, with their cosines. */
export interface Neighbourhood extends Picture {
  readonly nearest: readonly (Picture & { readonly cosine: number })[];
}

/** The nearest others of some images by the cosines of their embeddings: the first of each class in turn. */
export function neighboursOf(
  { embeddings, labels }: Labelled,
  { images }: Pick<Dataset, 'images'>,
  { queries = 10, count = 8 } = {},
): Neighbourhood[] {
  const [n, d] = embeddings.shape;
  const unit = unitRows(embeddings);
  const of = Array.from(labels.data, Number);
  const first = new Map<number, number[]>();
  of.forEach((label, i) => {
    first.set(label, [...(first.get(label) ?? []), i].slice(0, queries));
  });
  const inTurn = Array.from({ length: queries }, (_, k) =>
    [...first.keys()].sort((a, b) => a - b).flatMap((label) => first.get(label)?.slice(k, k + 1) ?? []),
  );
  const picture = (i: number): Picture => ({ image: imageOf(images, i), label: of[i] });
  return inTurn
    .flat()
    .slice(0, queries)
    .map((i) => {
      const cosines = Float64Array.from({ length: n }, (_, j) => {
        let sum = 0;
        for (let k = 0; k < d; k++) sum += unit[i * d + k] * unit[j * d + k];
        return j === i ? -Infinity : sum;
      });
      const order = Array.from(cosines.keys()).sort((a, b) => cosines[b] - cosines[a]);
      return {
        ...picture(i),
        nearest: order.slice(0, Math.min(count, n - 1)).map((j) => ({ ...picture(j), cosine: cosines[j] })),
      };
    });
}

function unitRows({ data, shape: [n, d] }: NDArray): Float64Array {
  const rows = Float64Array.from(data as ArrayLike<number>);
  for (let i = 0; i < n; i++) {
    const row = rows.subarray(i * d, (i + 1) * d);
    const length = Math.max(Math.hypot(...row), 1e-12);
    row.forEach((v, k) => {
      row[k] = v / length;
    });
  }
  return rows;
}

function imageOf({ data, shape: [, ...shape] }: NDArray<'uint8'>, i: number): NDArray<'uint8'> {
  const size = shape.reduce((a, b) => a * b, 1);
  return { data: data.slice(i * size, (i + 1) * size), shape, dtype: 'uint8' };
}
