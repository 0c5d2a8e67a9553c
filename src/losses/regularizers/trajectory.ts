import { isInteger, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';

export interface TrajectoryOptions {
  /** Softens both distributions. Default 5, the paper's. */
  readonly temperature?: number;
}

/**
 * How far the outputs for the same examples have moved since earlier epochs: tau^2 / n times the sum over examples of
 * KL(softmax(past / tau) || softmax(logits / tau)). Sudden drops of the loss, as into sharp minima, are penalised at the price of no further
 * pass. Du, Zhou, Feng, Tan and Zhou 2022, equation 6. No gradient goes to `past`.
 *
 * @param logits [n, classes]; past [n, classes], those of the same examples some epochs ago (SAF) or of an averaged model (MESA).
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function trajectoryLoss(logits: Tensor, past: Tensor, { temperature = 5 }: TrajectoryOptions = {}): Tensor {
  requireFloats('trajectoryLoss', { logits, past });
  if (logits.rank !== 2 || logits.shape.join() !== past.shape.join())
    throw new RangeError(
      `trajectoryLoss: logits ${showShape(logits.shape)} and past ${showShape(past.shape)} must be one shape [n, classes]`,
    );
  if (!(temperature > 0)) throw new RangeError(`trajectoryLoss: temperature ${temperature} must be positive`);
  const before = past.stopGradient().div(temperature).logSoftmax(1);
  const now = logits.div(temperature).logSoftmax(1);
  return before
    .exp()
    .mul(before.sub(now))
    .sum()
    .mul(temperature ** 2 / Math.max(1, logits.shape[0]));
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
 * The store with the logits of a batch of this epoch, in the slot epoch mod slots. A store for a lag of L epochs has L + 1 slots, zeros at first.
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
