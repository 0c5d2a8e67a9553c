/** A paper, as the catalogue knows it. */
export interface PaperEntry {
  readonly slug: string;
  readonly title: string;
  /** Authors, year, venue, arXiv number. */
  readonly source: string;
  readonly arxiv?: string;
  /** What it brings: loss, optimizer, metric, ... */
  readonly kinds: readonly string[];
  /** What it is for: classification, retrieval, ... */
  readonly tasks: readonly string[];
  readonly family: string;
}

/** What implements a paper. */
export interface Method {
  /** Functions that a user imports, with the subpath they come from: `losses.crossEntropy`. */
  readonly exports: readonly string[];
}
