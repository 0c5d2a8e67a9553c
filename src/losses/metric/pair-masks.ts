import { arange, eye, isInteger, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';

/** Which of the pairs of n anchors and m others belong together and which do not, bool [n, m]; a pair may be neither. */
export interface Pairs {
  readonly positive: Tensor;
  readonly negative: Tensor;
}

/** Embeddings [m, d] with labels [m] to compare with: a memory of earlier batches, another view, a gallery. */
export interface Reference {
  readonly embeddings: Tensor;
  readonly labels: Tensor;
}

/**
 * Pairs by labels: positive where they are the same, negative where not. Without a reference the others are the anchors themselves, and an
 * anchor with itself is neither.
 *
 * @param labels integers [n]; `reference` integers [m].
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function labelPairs(labels: Tensor, reference?: Tensor): Pairs {
  for (const y of [labels, reference ?? labels])
    if (!isInteger(y.dtype) || y.rank !== 1)
      throw new RangeError(`labelPairs: labels ${y.dtype}${showShape(y.shape)} must be integers [n]`);
  const same = labels.expandDims(1).equal((reference ?? labels).cast(labels.dtype).expandDims(0));
  const [n] = labels.shape;
  return { positive: reference ? same : same.and(eye(n, n, 'bool').not()), negative: same.not() };
}

/**
 * What anchors are compared with, and the pairs of some of them, given their numbers, int32 [rows], or of all.
 *
 * @throws RangeError or TypeError naming `who` where shapes do not fit.
 */
export function comparedWith(
  who: string,
  embeddings: Tensor,
  labels: Tensor,
  reference?: Reference,
): { readonly others: Tensor; readonly pairsOf: (rows?: Tensor) => Pairs } {
  const others = reference?.embeddings ?? embeddings;
  if (embeddings.rank !== 2 || others.rank !== 2 || embeddings.shape[1] !== others.shape[1])
    throw new RangeError(
      `${who}: embeddings ${showShape(embeddings.shape)} and reference ${showShape(others.shape)} must be [n, d] and [m, d]`,
    );
  for (const [x, y] of [
    [embeddings, labels],
    [others, reference?.labels ?? labels],
  ])
    if (!isInteger(y.dtype) || y.shape.join() !== `${x.shape[0]}`)
      throw new RangeError(
        `${who}: labels ${y.dtype}${showShape(y.shape)} must be integers [${x.shape[0]}] for embeddings ${showShape(x.shape)}`,
      );
  requireFloats(who, { embeddings, reference: others });
  const pairsOf = (rows?: Tensor): Pairs => {
    if (!rows) return labelPairs(labels, reference?.labels);
    const { positive, negative } = labelPairs(labels.gather(rows), reference?.labels ?? labels);
    const itself = rows.expandDims(1).equal(arange(others.shape[0]));
    return { positive: reference ? positive : positive.and(itself.not()), negative };
  };
  return { others, pairsOf };
}
