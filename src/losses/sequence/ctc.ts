import { scan } from '../../numerics/index.js';
import { arange, concat, full, isInteger, showShape, stack, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface CtcOptions extends ReductionOptions {
  /** Class that stands for no output. Default 0. */
  readonly blank?: number;
  /** Steps of each sequence that count, integers [n] of at least 1. Default: all. */
  readonly inputLengths?: Tensor;
  /** Labels of each sequence that count, integers [n]. Default: all. */
  readonly labelLengths?: Tensor;
}

/** Stands for the logarithm of 0 where infinities would make NaN in derivatives. */
const impossible = -1e30;

/**
 * Connectionist temporal classification: minus the log of the total probability of all paths that give the labels when repeats are merged and
 * blanks dropped, in nats, by the forward recursion in the log domain. Graves et al. 2006.
 *
 * Sequences too short for their labels cost Infinity, with derivative 0. The mean is over sequences; PyTorch's divides each by its number of
 * labels first.
 *
 * @param logProbabilities [n, steps, classes], the logarithm of probabilities (`logits.logSoftmax(-1)`).
 * @param labels integers [n, labels], none of them the blank.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function ctcLoss(logProbabilities: Tensor, labels: Tensor, options: CtcOptions = {}): Tensor {
  const { blank = 0, reduction } = options;
  const [n, steps, classes] = logProbabilities.shape;
  requireFloats('ctcLoss', { logProbabilities });
  const given = `logProbabilities ${showShape(logProbabilities.shape)}`;
  if (logProbabilities.rank !== 3 || steps === 0)
    throw new RangeError(`ctcLoss: ${given} must be [n, steps, classes], with steps`);
  if (!isInteger(labels.dtype) || labels.rank !== 2 || labels.shape[0] !== n)
    throw new RangeError(`ctcLoss: labels ${labels.dtype}${showShape(labels.shape)} must be integers [${n}, labels]`);
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
    throw new RangeError(`ctcLoss: blank ${blank} must be one of the ${classes} classes of ${given}`);
  const lengths = (name: 'inputLengths' | 'labelLengths', all: number) => {
    const value = options[name] ?? full([n], all, 'int32');
    if (!isInteger(value.dtype) || value.shape.join() !== `${n}`)
      throw new RangeError(`ctcLoss: ${name} ${value.dtype}${showShape(value.shape)} must be integers [${n}]`);
    return value.cast('int32');
  };
  const inputLengths = lengths('inputLengths', steps);
  const count = labels.shape[1];
  const labelLengths = lengths('labelLengths', count);

  // A blank before, between and after the labels: states 0 .. 2 count.
  const symbols = labels.cast('int32');
  const blanks = full([n, count, 1], blank, 'int32');
  const states = 2 * count + 1;
  const path = concat([blanks, symbols.expandDims(-1)], 2)
    .reshape([n, 2 * count])
    .concat(full([n, 1], blank, 'int32'), 1);
  const emissions = logProbabilities
    .takeAlongAxis(path.expandDims(1).broadcastTo([n, steps, states]))
    .transpose([1, 0, 2]);
  // A blank may be left out between labels that differ.
  const skips = shifted(path, 2, blank).notEqual(path).and(path.notEqual(blank));
  const first = arange(states).less(2).where(emissions.at(0), impossible);
  const step = (reached: Tensor, { emission, time }: { emission: Tensor; time: Tensor }): [Tensor, Tensor] => {
    const ways = [reached, shifted(reached, 1, impossible), skips.where(shifted(reached, 2, impossible), impossible)];
    const next = stack(ways).logSumExp(0).add(emission).maximum(impossible);
    const kept = time.less(inputLengths).expandDims(-1).where(next, reached);
    return [kept, time];
  };
  const rest = { emission: emissions.slice([[1, steps]]), time: arange(1, steps) };
  const reached = steps === 1 ? first : scan(step, first, rest)[0];
  // Paths end in the last label or the blank after it.
  const state = arange(states);
  const end = labelLengths.mul(2).expandDims(-1);
  const ends = state.equal(end).or(state.equal(end.sub(1)));
  const total = ends.where(reached, impossible).logSumExp(-1);
  const losses = total.greater(impossible / 2).where(total.neg(), Infinity);
  return reduce(losses, reduction);
}

/** Elements moved `by` places to the right along the last axis, `fill` moving in. */
function shifted(x: Tensor, by: number, fill: number): Tensor {
  const width = x.shape[x.rank - 1];
  const moved = Math.min(by, width);
  return full([x.shape[0], moved], fill, x.dtype).concat(x.slice([null, [0, width - moved]]), 1);
}
