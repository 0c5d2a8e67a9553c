import { grad } from '../../autodiff/index.js';
import { isInteger, showShape, type Tensor } from '../../tensor/index.js';

/** What each element of a batch of inputs x [n, ...] has to do with their scores: a tensor of the shape of x. Samples must not mix. */
export type AttributionMap = (x: Tensor) => Tensor;

/**
 * The gradient of the score of a class by the input, dS_c(x) / dx: the saliency map of Simonyan et al. 2014.
 *
 * @param model from inputs [n, ...] to scores [n, classes] before the softmax, whose probabilities saturate; as in evaluation (running
 * statistics, no dropout), so that samples do not mix.
 * @param classes whose score is explained, integers [n]; for the predicted ones `model(x).argmax(-1)`, taken once from the clean input.
 * @returns the map: x [n, ...] to its gradient. A derivative of it flows to the parameters of the model.
 * @throws RangeError where the classes or the scores do not fit.
 */
export function gradientMap(model: (x: Tensor) => Tensor, classes: Tensor): AttributionMap {
  if (classes.rank !== 1 || !isInteger(classes.dtype))
    throw new RangeError(`gradientMap: classes ${classes.dtype}${showShape(classes.shape)} must be integers [n]`);
  return grad((x: Tensor) => {
    const scores = model(x);
    if (scores.rank !== 2 || scores.shape[0] !== classes.shape[0])
      throw new RangeError(
        `gradientMap: scores ${showShape(scores.shape)} must be [n, classes] for classes ${showShape(classes.shape)}`,
      );
    return scores.takeAlongAxis(classes.expandDims(-1), -1).sum();
  });
}
