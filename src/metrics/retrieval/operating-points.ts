import { type NDArray, ndarray } from '../../tensor/index.js';
import { mean, type Values } from '../values.js';
import { queriesOf } from './neighbours.js';

export interface OperatingPointOptions {
  /** Share of the pairs of different classes that the least distance of the range accepts, in (0, 1]. Default 0.01. */
  readonly leastFalseAcceptRate?: number;
  /** Share that the greatest one accepts, at least as much. Default 0.1. */
  readonly greatestFalseAcceptRate?: number;
  /** How many distances of the range are looked at, both ends among them, at least 2. Default 101. */
  readonly points?: number;
}

/** How each class fares where two embeddings match that are at most so far from one another. */
export interface OperatingPoints {
  /** Euclidean distances of embeddings of length 1, evenly spread over the range, [points]. */
  readonly distances: NDArray<'float64'>;
  /** Labels of the classes with two embeddings or more, ascending, [classes]. */
  readonly classes: NDArray<'float64'>;
  /** Share of the pairs with one of the class and one of another that match, [classes, points]. */
  readonly falseAcceptRate: NDArray<'float64'>;
  /** Share of the pairs of the class that do not, [classes, points]. */
  readonly falseRejectRate: NDArray<'float64'>;
  /** Harmonic mean of the shares that are judged rightly, 1 less each of those, [classes, points]; 0 where both are 0. */
  readonly utility: NDArray<'float64'>;
}

/**
 * What each class gets of common thresholds: false accepts, false rejects and the utility of both, over the range of distances at which so
 * many of all pairs of different classes match. Zhang et al. 2024.
 *
 * @param embeddings [n, d]; `labels` [n].
 * @throws RangeError where arguments or options do not fit.
 */
export function operatingPoints(
  embeddings: Values,
  labels: Values,
  options: OperatingPointOptions = {},
): OperatingPoints {
  return pointsOf('operatingPoints', embeddings, labels, options);
}

/**
 * Operating-point inconsistency score (OPIS): the variance of the classes' utilities around their mean at a distance, averaged over the distances
 * of {@link operatingPoints}. 0 where one threshold serves all classes alike, however well. Zhang et al. 2024.
 *
 * @param embeddings [n, d]; `labels` [n]. A score of few samples a class is that of their noise.
 * @returns at least 0 and at most 0.25; 0 where there are fewer than two classes with two samples.
 * @throws RangeError where arguments or options do not fit.
 */
export function operatingPointInconsistency(
  embeddings: Values,
  labels: Values,
  options: OperatingPointOptions = {},
): number {
  const { utility } = pointsOf('operatingPointInconsistency', embeddings, labels, options);
  return inconsistency(utility);
}

/** The mean over points of the variance over classes of utilities [classes, points]. */
export function inconsistency({ data, shape: [classes, points] }: NDArray<'float64'>): number {
  const variances = Array.from({ length: points }, (_, k) => {
    const own = Array.from({ length: classes }, (_, c) => data[c * points + k]);
    const middle = mean(own);
    return mean(own.map((u) => (u - middle) ** 2));
  });
  return mean(variances);
}

/** Harmonic mean of 1 - FRR and 1 - FAR. */
export function utilityOf(falseAcceptRate: number, falseRejectRate: number): number {
  const [right, refused] = [1 - falseRejectRate, 1 - falseAcceptRate];
  return right + refused === 0 ? 0 : (2 * right * refused) / (right + refused);
}

function pointsOf(who: string, embeddings: Values, labels: Values, options: OperatingPointOptions): OperatingPoints {
  const { leastFalseAcceptRate: least = 0.01, greatestFalseAcceptRate: greatest = 0.1, points = 101 } = options;
  if (!(least > 0 && least <= greatest && greatest <= 1))
    throw new RangeError(`${who}: false accept rates ${least} and ${greatest} must lie in (0, 1], the least first`);
  if (!Number.isInteger(points) || points < 2)
    throw new RangeError(`${who}: points ${points} must be an integer of at least 2`);

  /** Each pair once: its distance and the labels of both. */
  function* pairs(): Generator<readonly [distance: number, a: number, b: number]> {
    let i = 0;
    for (const { label, labels: others, nearness } of queriesOf(who, embeddings, labels, {})) {
      for (let j = i + 1; j < nearness.length; j++)
        yield [Math.sqrt(Math.max(0, 2 - 2 * nearness[j])), label, others[j]];
      i++;
    }
  }
  const counts = new Map<number, number>();
  for (const { label } of queriesOf(who, embeddings, labels, {})) counts.set(label, (counts.get(label) ?? 0) + 1);
  const n = [...counts.values()].reduce((a, b) => a + b, 0);
  const classes = [...counts].flatMap(([label, own]) => (own > 1 ? [label] : [])).sort((a, b) => a - b);
  const rowOf = new Map(classes.map((label, row) => [label, row]));

  const apart: number[] = [];
  for (const [distance, a, b] of pairs()) if (a !== b) apart.push(distance);
  const ordered = Float64Array.from(apart).sort();
  const accepting = (share: number) => ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? 0;
  const [low, high] = [accepting(least), accepting(greatest)];
  const distances = Float64Array.from({ length: points }, (_, k) =>
    k === points - 1 ? high : low + ((high - low) * k) / (points - 1),
  );
  /** The first point that accepts a distance, or `points`. */
  const firstAccepting = (distance: number) => {
    let [from, to] = [0, points];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (distances[middle] >= distance) to = middle;
      else from = middle + 1;
    }
    return from;
  };
  // How many pairs begin to match at each point.
  const [matching, mistaken] = [0, 1].map(() => new Float64Array(classes.length * (points + 1)));
  for (const [distance, a, b] of pairs()) {
    const at = firstAccepting(distance);
    for (const label of a === b ? [a] : [a, b]) {
      const row = rowOf.get(label);
      if (row !== undefined) (a === b ? matching : mistaken)[row * (points + 1) + at]++;
    }
  }
  const [accepts, rejects, utility] = [0, 1, 2].map(() => new Float64Array(classes.length * points));
  classes.forEach((label, row) => {
    const own = counts.get(label) as number;
    const [positives, negatives] = [(own * (own - 1)) / 2, own * (n - own)];
    let [right, wrong] = [0, 0];
    for (let k = 0; k < points; k++) {
      right += matching[row * (points + 1) + k];
      wrong += mistaken[row * (points + 1) + k];
      const at = row * points + k;
      accepts[at] = negatives === 0 ? 0 : wrong / negatives;
      rejects[at] = 1 - right / positives;
      utility[at] = utilityOf(accepts[at], rejects[at]);
    }
  });
  const curves = (data: Float64Array) => ndarray(data, { shape: [classes.length, points] });
  return {
    distances: ndarray(distances),
    classes: ndarray(Float64Array.from(classes)),
    falseAcceptRate: curves(accepts),
    falseRejectRate: curves(rejects),
    utility: curves(utility),
  };
}
