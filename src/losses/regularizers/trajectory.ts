import { isInteger, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber } from '../checks.js';
import { softenedDivergence } from '../distillation/softened-divergence.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface TrajectoryOptions extends ReductionOptions {
  /** Softens both distributions (tau), above 0. Default 5, the authors'. */
  readonly temperature?: number;
}

/**
 * How far the outputs for an example have moved since earlier epochs: tau^2 KL(softmax(past / tau) || softmax(logits / tau)), in nats. Sudden
 * drops of the loss, as into sharp minima, are penalised at the price of no further pass. Du, Zhou, Feng, Tan and Zhou 2022 (arXiv
 * 2205.14083); the factor tau^2 is that of their code. No gradient goes to `past`.
 *
 * Added to the loss with a weight, the authors' lambda: for SAF 0.3, from the epoch after their epoch 5 on (counted from 0), with the outputs of 3
 * epochs before; for MESA 0.8.
 *
 * @param logits [n, classes].
 * @param past [n, classes], the logits of the same examples some epochs ago (SAF, see {@link readTrajectory}), or now those of a model whose
 * parameters are an average over time (MESA, see `exponentialMovingAverage`; the authors' decay is 0.9998).
 * @returns the mean over examples, 0 for none, or [n] with reduction `none`; never negative but for rounding.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function trajectoryLoss(
  logits: Tensor,
  past: Tensor,
  { temperature = 5, reduction }: TrajectoryOptions = {},
): Tensor {
  requireFloats('trajectoryLoss', { logits, past });
  if (logits.rank !== 2 || logits.shape.join() !== past.shape.join())
    throw new RangeError(
      `trajectoryLoss: logits ${showShape(logits.shape)} and past ${showShape(past.shape)} must be one shape [n, classes]`,
    );
  requireNumber('trajectoryLoss', 'temperature', temperature, { low: 0, open: true });
  return reduce(softenedDivergence(logits, past, temperature).mul(temperature ** 2), reduction);
}

function requireStore(who: string, store: Tensor, indices: Tensor, logits?: Tensor): void {
  requireFloats(who, logits ? { store, logits } : { store });
  const [, , classes] = store.shape;
  if (store.rank !== 3 || !isInteger(indices.dtype) || indices.rank !== 1)
    throw new RangeError(
      `${who}: store ${showShape(store.shape)} and indices ${indices.dtype}${showShape(indices.shape)} must be [slots, examples, classes] and integers [batch]`,
    );
  if (logits && logits.shape.join() !== [indices.shape[0], classes].join())
    throw new RangeError(
      `${who}: logits ${showShape(logits.shape)} must be [${indices.shape[0]}, ${classes}] for indices ${showShape(indices.shape)} and store ${showShape(store.shape)}`,
    );
}

/** Rows of the store [slots, examples, classes] of an epoch's examples, as places in [slots * examples]. */
function rows(store: Tensor, epoch: Tensor, indices: Tensor): Tensor {
  const [slots, examples] = store.shape;
  return epoch.cast('int64').mod(slots).mul(examples).add(indices.cast('int64'));
}

/**
 * The store with the logits of a batch of this epoch, without derivative, in the slot epoch mod slots. A store for a lag of L epochs has L + 1
 * slots, zeros at first: 4 (L + 1) examples classes bytes in float32. Du et al. 2022.
 *
 * @param store [slots, examples, classes]; epoch an integer scalar; indices [batch], those of the examples in the data set; logits [batch, classes].
 * @throws RangeError where arguments or options do not fit.
 */
export function writeTrajectory(store: Tensor, epoch: Tensor, indices: Tensor, logits: Tensor): Tensor {
  requireStore('writeTrajectory', store, indices, logits);
  const [slots, examples, classes] = store.shape;
  const flat = store.reshape([slots * examples, classes]);
  return flat.scatterND(rows(store, epoch, indices).expandDims(1), logits.stopGradient()).reshape(store.shape);
}

/**
 * The logits that the examples had `lag` epochs before: [batch, classes]. Before epoch `lag` there are none; what comes out then is
 * meaningless.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function readTrajectory(store: Tensor, epoch: Tensor, indices: Tensor, lag: number): Tensor {
  requireStore('readTrajectory', store, indices);
  const [slots, examples, classes] = store.shape;
  if (!Number.isInteger(lag) || lag < 1 || lag >= slots)
    throw new RangeError(
      `readTrajectory: lag ${lag} must be an integer from 1 to ${slots - 1}, the store having ${slots} slots`,
    );
  return store.reshape([slots * examples, classes]).gather(rows(store, epoch.sub(lag), indices));
}
