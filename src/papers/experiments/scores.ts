import type { NDArray } from '../../tensor/index.js';

/** Numbers that tell how good predictions are. */
export interface Scores {
  /** Share of examples whose largest logit is the label's. */
  readonly accuracy: number;
  /** Mean of -log softmax at the label, in nats. */
  readonly nll: number;
  /** Expected calibration error in 15 bins of confidence: mean |accuracy - confidence| over bins, weighted by their examples. Guo et al. 2017. */
  readonly ece: number;
}

/** Scores of logits [n, classes] against labels [n]. */
export function scoresOf(logits: NDArray, labels: NDArray): Scores {
  const [n, classes] = logits.shape;
  const bins = Array.from({ length: 15 }, () => ({ hits: 0, confidence: 0 }));
  let [hits, nll] = [0, 0];
  for (let i = 0; i < n; i++) {
    const row = Array.from(logits.data.slice(i * classes, (i + 1) * classes) as Float32Array);
    const top = Math.max(...row);
    const sum = row.reduce((total, z) => total + Math.exp(z - top), 0);
    const label = Number(labels.data[i]);
    const hit = row.indexOf(top) === label ? 1 : 0;
    const confidence = 1 / sum;
    const bin = bins[Math.min(14, Math.floor(15 * confidence))];
    bin.hits += hit;
    bin.confidence += confidence;
    hits += hit;
    nll += Math.log(sum) + top - row[label];
  }
  const ece = bins.reduce((total, bin) => total + Math.abs(bin.hits - bin.confidence), 0) / n;
  return { accuracy: hits / n, nll: nll / n, ece };
}
