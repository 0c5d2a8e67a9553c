import { concat, showShape, stack, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';
import {
  overPairs,
  type PairwiseOptions,
  requirePairs,
  requireTemperature,
  unitRows,
  withoutSelf,
} from './pairwise.js';

export interface InfoNceOptions extends ReductionOptions, PairwiseOptions {
  /** A positive number, or a scalar, which may be learned: as exp of what is. Default 0.1. */
  readonly temperature?: number | Tensor;
  /** Also find each x among all for each y, and average the two: the loss of CLIP (Radford et al. 2021). Default false. */
  readonly symmetric?: boolean;
  /**
   * Find y_i among itself and these, [m, d], the same for every x, in place of all rows of y: the keys of earlier batches, see {@link enqueue}
   * (MoCo, He et al. 2020). Not for both ways. Default: the rows of y.
   */
  readonly negatives?: Tensor;
  /** Give rows length 1 first, so that products are cosines. Default true. */
  readonly normalize?: boolean;
}

/**
 * InfoNCE: cross-entropy of finding the partner y_i of x_i among all y_j, -log of exp(x_i . y_i / tau) / sum over j of exp(x_i . y_j / tau). Van
 * den Oord, Li and Vinyals 2018.
 *
 * @param x [n, d]; `y` of the same shape, row i belonging to row i.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function infoNCE(x: Tensor, y: Tensor, options: InfoNceOptions = {}): Tensor {
  const { temperature = 0.1, symmetric = false, normalize = true, negatives, chunk, reduction } = options;
  requirePairs('infoNCE', x, y);
  requireTemperature('infoNCE', temperature);
  if (negatives && symmetric) throw new TypeError('infoNCE: symmetric and negatives do not go together');
  if (negatives && (negatives.rank !== 2 || negatives.shape[1] !== x.shape[1]))
    throw new RangeError(`infoNCE: negatives ${showShape(negatives.shape)} must be [m, ${x.shape[1]}]`);
  if (negatives) requireFloats('infoNCE', { x, negatives });
  const [a, b] = [x, y].map((t) => unitRows(t, normalize));
  const oneWay = (p: Tensor, q: Tensor) => {
    const scaled = p.div(temperature);
    const own = scaled.mul(q).sum(1);
    const others = negatives ? unitRows(negatives, normalize) : q;
    const all = overPairs('infoNCE', scaled, others, (scores) => scores.logSumExp(1), { chunk });
    return (negatives ? stack([own, all]).logSumExp(0) : all).sub(own);
  };
  return reduce(symmetric ? oneWay(a, b).add(oneWay(b, a)).mul(0.5) : oneWay(a, b), reduction);
}

/**
 * The normalised temperature-scaled cross-entropy of two views of each of n items: each of the 2 n rows finds its partner among the 2 n - 1
 * others. Chen, Kornblith, Norouzi and Hinton 2020, equation 1 (SimCLR).
 *
 * @param x [n, d]; `y` of the same shape.
 * @returns a scalar, the mean over both views, or [2 n] with reduction `none`, those of x first.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function ntXent(x: Tensor, y: Tensor, options: Omit<InfoNceOptions, 'symmetric' | 'negatives'> = {}): Tensor {
  const { temperature = 0.5, normalize = true, chunk, reduction } = options;
  requirePairs('ntXent', x, y);
  requireTemperature('ntXent', temperature);
  const [a, b] = [x, y].map((t) => unitRows(t, normalize));
  const all = concat([a, b]);
  const scaled = all.div(temperature);
  const partner = concat([b, a]);
  const among = overPairs('ntXent', scaled, all, (scores, rows) => withoutSelf(scores, rows).logSumExp(1), { chunk });
  return reduce(among.sub(scaled.mul(partner).sum(1)), reduction);
}

/**
 * A queue of keys of earlier batches after one more: the new ones in front, the oldest gone, without derivative. MoCo, He et al. 2020.
 *
 * @param queue [m, d]; `keys` [n, d], n at most m.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function enqueue(queue: Tensor, keys: Tensor): Tensor {
  requireFloats('enqueue', { queue, keys });
  const [m] = queue.shape;
  if (queue.rank !== 2 || keys.rank !== 2 || keys.shape[1] !== queue.shape[1] || keys.shape[0] > m)
    throw new RangeError(
      `enqueue: queue ${showShape(queue.shape)} must be [m, d] and keys ${showShape(keys.shape)} [n, d], n at most m`,
    );
  return concat([keys, queue])
    .slice([[0, m]])
    .stopGradient();
}
