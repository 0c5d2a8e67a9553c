/** What a measure of results owes, shown at arguments of which the first that are lists have one length, that of the samples. */
export interface MetricEntry {
  readonly of: (...args: never[]) => unknown;
  /** Usual arguments. */
  readonly typical: readonly unknown[];
  /** Arguments that could not be better, and what it says to them. */
  readonly best?: readonly [args: readonly unknown[], value: unknown];
  /** Arguments that could not be worse. */
  readonly worst?: readonly [args: readonly unknown[], value: unknown];
  /** Arguments without samples: what it says, or how it refuses. */
  readonly empty: readonly [args: readonly unknown[], result: unknown];
  /** Arguments that do not fit. */
  readonly wrong?: readonly unknown[];
  /** Why the order of the samples makes a difference. */
  readonly ordered?: string;
  /** Why its arguments are no arrays of numbers. */
  readonly plain?: string;
}

export const classes = [
  [0, 1, 2, 2, 1, 0],
  [0, 1, 1, 2, 0, 0],
] as const;
export const labels = [0, 1, 2, 1];
export const probabilities = [
  [0.625, 0.25, 0.125],
  [0.25, 0.625, 0.125],
  [0.125, 0.25, 0.625],
  [0.625, 0.25, 0.125],
];
/** One-hot rows of the labels, and of labels that are wrong. */
export const sure = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0, 1, 0],
];
export const wrongButSure = [
  [0, 1, 0],
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
export const numbers = [
  [1, 2.5, 3, 0.5],
  [1.5, 2, 4, 0.5],
] as const;
export const embeddings = [
  [1, 0],
  [0.75, 0.25],
  [0, 1],
  [0.25, 0.5],
  [0.5, 0.5],
];
export const groups = [0, 0, 1, 1, 0];
/** Two groups far apart. */
export const apart = [
  [1, 0],
  [1, 0.125],
  [0, 1],
  [0.125, 1],
];

/** No rows of three numbers. */
export const emptyRows = { data: new Float64Array(0), shape: [0, 3], dtype: 'float64' };
