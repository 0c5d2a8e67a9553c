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
