import type { Tensor } from '../../tensor/index.js';

/** KL(softmax(target / T) || softmax(logits / T)) of each row of [n, classes], [n]. No gradient goes to the target. */
export function softenedDivergence(logits: Tensor, target: Tensor, temperature: number): Tensor {
  const wanted = target.stopGradient().div(temperature).logSoftmax(1);
  const now = logits.div(temperature).logSoftmax(1);
  return wanted.exp().mul(wanted.sub(now)).sum(1);
}
