import type { NDArray } from '../../tensor/index.js';

/** Classes without repeats and blanks: what a path through connectionist temporal classification says. */
export function collapsed(path: ArrayLike<number>, blank: number): number[] {
  const symbols: number[] = [];
  for (let i = 0; i < path.length; i++)
    if (path[i] !== blank && (i === 0 || path[i] !== path[i - 1])) symbols.push(path[i]);
  return symbols;
}

/** Rows [n, length] as texts. @param lengths of each row; all of it where absent. */
export function textsOf(
  rows: { readonly data: ArrayLike<number>; readonly shape: readonly number[] },
  lengths: ArrayLike<number>,
  characters: readonly string[],
): string[] {
  const width = rows.shape[1];
  return Array.from(lengths, (length, i) =>
    Array.from({ length }, (_, j) => characters[rows.data[i * width + j]]).join(''),
  );
}

/** Texts as rows of indices, [n, most], 0 after the last character, with the length of each: what {@link textsOf} reads. */
export function labelled(
  texts: readonly string[],
  characters: readonly string[],
): { readonly labels: NDArray<'int32'>; readonly lengths: NDArray<'int32'> } {
  const rows = texts.map((text) => [...text].map((character) => characters.indexOf(character)));
  const most = Math.max(1, ...rows.map((row) => row.length));
  const data = new Int32Array(texts.length * most);
  rows.forEach((row, i) => {
    data.set(row, i * most);
  });
  const lengths = Int32Array.from(rows, (row) => row.length);
  return {
    labels: { data, shape: [texts.length, most], dtype: 'int32' },
    lengths: { data: lengths, shape: [texts.length], dtype: 'int32' },
  };
}
