import type { Values } from '../values.js';
import { type NeighbourOptions, queriesOf } from './neighbours.js';

export interface VerificationOptions extends Pick<NeighbourOptions, 'by'> {
  /** Share of the pairs of different classes that may pass, in (0, 1]. Default 0.01. */
  readonly falseAcceptRate?: number;
}

/**
 * True accept rate at a false accept rate (TAR@FAR), over all pairs of the embeddings: with M pairs of different classes the threshold is
 * the nearness of the floor(rate M)-th nearest of them (the nearest where that is 0), and the result is the share of pairs of one class
 * that are nearer.
 *
 * @param embeddings [n, d]; `labels` [n].
 * @returns a share; 0 where there are no pairs of one class, 1 where there are none of different classes.
 * @throws RangeError where arguments or options do not fit.
 */
export function trueAcceptRate(embeddings: Values, labels: Values, options: VerificationOptions = {}): number {
  const { falseAcceptRate = 0.01, by } = options;
  if (!(falseAcceptRate > 0 && falseAcceptRate <= 1))
    throw new RangeError(`trueAcceptRate: falseAcceptRate ${falseAcceptRate} must lie in (0, 1]`);
  const [genuine, impostor]: [number[], number[]] = [[], []];
  let i = 0;
  for (const { label, labels: others, nearness } of queriesOf('trueAcceptRate', embeddings, labels, { by })) {
    for (let j = i + 1; j < nearness.length; j++) (others[j] === label ? genuine : impostor).push(nearness[j]);
    i++;
  }
  if (genuine.length === 0) return 0;
  if (impostor.length === 0) return 1;
  const passing = Math.floor(falseAcceptRate * impostor.length);
  const threshold = Float64Array.from(impostor).sort().reverse()[Math.max(0, passing - 1)];
  return genuine.filter((near) => near > threshold).length / genuine.length;
}
