import { isFloat, showShape, type Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';

export interface ClassCorrelationOptions {
  /** Divides the logits (T). Positive. Default 1. */
  readonly temperature?: number;
  /** Weigh samples by 1 + exp(-entropy), brought to mean 1, a constant: sure predictions count more. Default false. */
  readonly entropyWeights?: boolean;
}

/**
 * How much the predictions of different classes go together over a batch: with P [n, classes] the softmax of logits / T and R = P^T P, each row
 * divided by its sum,
 *
 *   L = 1/C sum over i of sum over j != i of R_ij,
 *
 * from 0, where every sample is sure and every class has some, to 1 - 1/C, where all predictions are uniform. Needs no labels. With a temperature
 * of 2 and entropy weights it is minimum class confusion (Jin et al. 2020); plain, the loss of Core. You et al. 2021 (arXiv 2110.04065) describe
 * a pairwise class correlation; that it is normalised like this is our reading.
 *
 * @param logits [n, classes], at least one of each. A class that no sample gives any probability adds nothing.
 * @returns a scalar.
 * @throws RangeError for other shapes or a temperature that is not positive.
 */
export function classCorrelationLoss(
  logits: Tensor,
  { temperature = 1, entropyWeights = false }: ClassCorrelationOptions = {},
): Tensor {
  requireNumber('classCorrelationLoss', 'temperature', temperature, { low: 0, open: true });
  if (logits.rank !== 2 || logits.size === 0 || !isFloat(logits.dtype))
    throw new RangeError(
      `classCorrelationLoss: logits ${logits.dtype}${showShape(logits.shape)} must be floats [n, classes], not empty`,
    );
  const classes = logits.shape[1];
  const logP = logits.div(temperature).logSoftmax(1);
  const p = logP.exp();
  const certainty = p.mul(logP).sum(1, { keepDims: true }).exp().add(1).stopGradient();
  const weighted = entropyWeights ? p.mul(certainty.div(certainty.mean())) : p;
  const correlation = weighted.transpose().matmul(p);
  const rows = correlation.div(correlation.sum(1, { keepDims: true }).maximum(1e-12));
  return rows.sum().sub(rows.diagonal().sum()).div(classes);
}
