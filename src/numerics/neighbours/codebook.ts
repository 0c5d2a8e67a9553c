import { straightThrough } from '../../autodiff/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';
import { nearestNeighbours } from './nearest.js';

/** A row of a codebook for each vector. */
export interface Codes {
  /** The rows chosen, [..., d]; gradients go to the codebook. */
  readonly codes: Tensor;
  /** Their numbers, int64 [...]; of rows equally near the first. */
  readonly indices: Tensor;
  /** Like `codes`, but gradients go to x as if it were the identity, and not to the codebook. */
  readonly quantized: Tensor;
}

/**
 * The row of `codebook` [k, d] nearest to each vector of x [..., d]: an arg min, and a gather at it. Distances are compared in chunks of
 * vectors. Van den Oord, Vinyals and Kavukcuoglu 2017, equations 1 and 2.
 */
export function nearestCodes(x: Tensor, codebook: Tensor): Codes {
  const d = x.shape[x.rank - 1];
  if (x.rank < 1 || codebook.rank !== 2 || codebook.shape[1] !== d)
    throw new RangeError(
      `nearestCodes: x ${showShape(x.shape)} must be [..., d] and codebook ${showShape(codebook.shape)} [k, d]`,
    );
  const [, positions] = nearestNeighbours(x.reshape([-1, d]), codebook, 1);
  const indices = positions.reshape(x.shape.slice(0, -1));
  const codes = codebook.gather(indices);
  return { codes, indices, quantized: straightThrough(() => codes.stopGradient())(x) };
}

/**
 * For each row of `scores` [n, k] the row of `values` [k, ...] where its score is least: [n, ...]. The gradient goes to the rows of `values`
 * that were taken, none to the scores.
 */
export function gatherAtMinimum(scores: Tensor, values: Tensor): Tensor {
  if (scores.rank !== 2 || scores.shape[1] !== values.shape[0])
    throw new RangeError(
      `gatherAtMinimum: scores ${showShape(scores.shape)} must be [n, k] for values ${showShape(values.shape)} of [k, ...]`,
    );
  return values.gather(scores.argmin(1));
}
