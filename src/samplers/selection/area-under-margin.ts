import { quantile } from '../../numerics/index.js';
import { type Key, permutation } from '../../runtime/random/index.js';
import {
  isInteger,
  type NDArray,
  onesLike,
  segmentSum,
  showShape,
  stack,
  type Tensor,
  zerosArray,
} from '../../tensor/index.js';

/**
 * The margin of each sample, z_y - max over j != y of z_j, for logits z and the label y that the sample has been given, right or wrong:
 * positive where the model predicts the label, the same when a number is added to all logits. Pleiss et al. 2020 (arXiv 2001.10528).
 *
 * @param logits before the softmax, [n, classes], at least two classes.
 * @param labels integers [n].
 * @returns [n].
 * @throws RangeError where shapes do not fit.
 */
export function assignedMargin(logits: Tensor, labels: Tensor): Tensor {
  if (logits.rank !== 2 || logits.shape[1] < 2)
    throw new RangeError(
      `assignedMargin: logits ${showShape(logits.shape)} must be [n, classes] of at least 2 classes`,
    );
  if (!isInteger(labels.dtype) || labels.shape.join() !== `${logits.shape[0]}`)
    throw new RangeError(
      `assignedMargin: labels ${labels.dtype}${showShape(labels.shape)} must be integers [${logits.shape[0]}]`,
    );
  const assigned = labels.oneHot(logits.shape[1], 'bool');
  const others = assigned.where(-Infinity, logits).max(1);
  return assigned.where(logits, 0).sum(1).sub(others);
}

/** Margins seen so far of every example of a data set: their sum and their number, float32 [examples] both. */
export interface Margins<L = Tensor> {
  readonly sum: L;
  readonly count: L;
}

/** The state before the first margin. @throws RangeError for a number of examples that is none. */
export function noMargins(examples: number): Margins<NDArray> {
  if (!Number.isInteger(examples) || examples < 1)
    throw new RangeError(`noMargins: examples ${examples} must be a positive integer`);
  return { sum: zerosArray([examples]), count: zerosArray([examples]) };
}

/**
 * The state with the margins of a batch, from the forward pass that trains on it: with augmentation, before the update. An example that
 * stands in a batch more than once counts as often. Stop before the learning rate first drops: what is memorised after that says little.
 * Pleiss et al. 2020.
 *
 * @param logits as for {@link assignedMargin}; no derivative flows into the state.
 * @param labels as for {@link assignedMargin}.
 * @param indices of the examples, integers [n], as a loader's batches carry them.
 * @throws RangeError where shapes do not fit.
 */
export function recordMargins(state: Margins, logits: Tensor, labels: Tensor, indices: Tensor): Margins {
  const margins = assignedMargin(logits, labels).stopGradient().cast(state.sum.dtype);
  if (!isInteger(indices.dtype) || indices.shape.join() !== margins.shape.join())
    throw new RangeError(
      `recordMargins: indices ${indices.dtype}${showShape(indices.shape)} must be integers ${showShape(margins.shape)}`,
    );
  const examples = state.sum.shape[0];
  return {
    sum: state.sum.add(segmentSum(margins, indices, examples)),
    count: state.count.add(segmentSum(onesLike(margins), indices, examples)),
  };
}

/**
 * The area under the margin of every example, the mean of its margins, [examples]; 0 for one that was never seen. Low, as a rule negative,
 * where a label is wrong: the margin that its class teaches fights the one that memorising it does. Comparable within one run alone.
 * Pleiss et al. 2020.
 */
export function areaUnderMargin({ sum, count }: Margins): Tensor {
  return sum.div(count.maximum(1));
}

export interface ThresholdSampleOptions {
  /** Number of examples N. */
  readonly examples: number;
  /** Number of classes c, without the extra one. */
  readonly classes: number;
  /** Which set: those of runs 0, 1, ... of one key share no example. Default 0. */
  readonly run?: number;
}

/**
 * Examples drawn to be threshold samples: floor(N / (c + 1)) of them, int32. Trained with the label c of a class that does not exist
 * ({@link withExtraClass}) they are wrong by construction, and show what the margins of wrong labels are. Pleiss et al. 2020.
 *
 * @throws RangeError where there are too few examples for the run, or no classes.
 */
export function thresholdSamples(key: Key, { examples, classes, run = 0 }: ThresholdSampleOptions): NDArray<'int32'> {
  const count = Number.isInteger(classes) && classes >= 1 ? Math.floor(examples / (classes + 1)) : 0;
  if (!(count >= 1 && Number.isInteger(run) && run >= 0 && (run + 1) * count <= examples))
    throw new RangeError(
      `thresholdSamples: ${examples} examples of ${classes} classes have no set of threshold samples for run ${run}`,
    );
  const data = permutation(key, examples).data.slice(run * count, (run + 1) * count);
  return { data, shape: [count], dtype: 'int32' };
}

/** Labels [examples] with those at `indices` replaced by the extra class `classes`; the model needs `classes` + 1 outputs. */
export function withExtraClass(labels: NDArray<'int32'>, indices: NDArray<'int32'>, classes: number): NDArray<'int32'> {
  const data = labels.data.slice();
  for (const i of indices.data) {
    if (i < 0 || i >= data.length)
      throw new RangeError(`withExtraClass: index ${i} is none of ${data.length} examples`);
    data[i] = classes;
  }
  return { data, shape: labels.shape, dtype: 'int32' };
}

/** What one run found: the area under the margin of every example, and which of them were threshold samples in it. */
export interface MarginRun {
  /** [examples]. */
  readonly areas: Tensor;
  /** Indices, integers [samples]. */
  readonly threshold: Tensor;
}

export interface Mislabeled {
  /** Which examples are taken to be mislabelled: boolean, [examples]. */
  readonly flagged: Tensor;
  /** Area under the margin of each example, the mean over the runs in which it was no threshold sample, [examples]; 0 where it always was. */
  readonly areas: Tensor;
  /** The threshold alpha of each run, [runs]. */
  readonly thresholds: Tensor;
}

/**
 * The examples whose labels are taken to be wrong: those whose area under the margin is at most the 99th percentile alpha of the threshold
 * samples' in every run in which they were none of those. An example that was one in every run is not judged. With two runs of disjoint
 * threshold samples all are. (The published code flags where more than 1% of the threshold samples have a larger area, the same but for what lies
 * between two of them, where a percentile interpolates.) Pleiss et al. 2020.
 *
 * @param runs at least one, of one data set.
 * @param options `percentile`, in [0, 100], default 99.
 * @throws RangeError where shapes do not fit or the percentile is out of range.
 */
export function findMislabeled(
  runs: readonly MarginRun[],
  { percentile = 99 }: { readonly percentile?: number } = {},
): Mislabeled {
  const examples = runs[0]?.areas.size;
  if (!examples || runs.some(({ areas }) => areas.rank !== 1 || areas.size !== examples))
    throw new RangeError(
      `findMislabeled: areas ${runs.map(({ areas }) => showShape(areas.shape)).join(', ')} must be [examples], of one data set`,
    );
  const bad = runs.find(({ threshold }) => threshold.rank !== 1 || threshold.size === 0);
  if (bad) throw new RangeError(`findMislabeled: threshold ${showShape(bad.threshold.shape)} must be indices, some`);
  if (!(percentile >= 0 && percentile <= 100))
    throw new RangeError(`findMislabeled: percentile ${percentile} must lie in [0, 100]`);
  const thresholds = runs.map(({ areas, threshold }) => quantile(areas.gather(threshold), percentile / 100));
  const judged = runs.map(({ areas, threshold }) =>
    segmentSum(onesLike(areas.gather(threshold)), threshold, examples).equal(0),
  );
  const times = sum(judged.map((is, k) => is.cast(runs[k].areas.dtype)));
  const total = sum(judged.map((is, k) => is.where(runs[k].areas, 0)));
  const low = runs.map(({ areas }, k) => areas.lessEqual(thresholds[k]).or(judged[k].not()));
  return {
    flagged: low.reduce((a, b) => a.and(b)).and(times.greater(0)),
    areas: total.div(times.maximum(1)),
    thresholds: stack(thresholds),
  };
}

const sum = (terms: readonly Tensor[]) => terms.reduce((a, b) => a.add(b));
