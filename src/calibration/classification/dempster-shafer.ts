import { showShape, type Tensor } from '../../tensor/index.js';

/**
 * How unsure a classifier is of anything at all: K / (K + sum over c of e^z_c) for logits z of K classes, in (0, 1); near 1 where no class has
 * evidence, as it should be far from the training data. Unlike the entropy it changes when a number is added to all logits. Sensoy et al. 2018,
 * with evidence e^z.
 *
 * @param logits [n, classes, ...].
 * @returns [n, ...].
 * @throws RangeError for logits without classes.
 */
export function dempsterShaferUncertainty(logits: Tensor): Tensor {
  if (logits.rank < 2 || logits.shape[1] === 0)
    throw new RangeError(
      `dempsterShaferUncertainty: logits ${showShape(logits.shape)} must be [n, classes, ...], with classes`,
    );
  return logits.logSumExp(1).neg().add(Math.log(logits.shape[1])).sigmoid();
}
