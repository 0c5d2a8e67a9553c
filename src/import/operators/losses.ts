import { showShape, type Tensor } from '../../tensor/index.js';
import { type OnnxOperator, type OperatorCall, type Results, results } from '../operator.js';

/** -weight[label] logProbabilities[label] of each element; nothing, and no weight in the mean, where the label is the one to ignore. */
function negativeLogLikelihood(call: OperatorCall, logProbabilities: Tensor): Tensor {
  const labels = call.tensor(1);
  const weights = call.optional(2);
  if (labels.shape.join() !== logProbabilities.shape.filter((_, i) => i !== 1).join())
    throw new RangeError(`labels ${showShape(labels.shape)} do not fit scores ${showShape(logProbabilities.shape)}`);
  const ignored = call.has('ignore_index') ? labels.equal(call.integer('ignore_index', 0)) : undefined;
  const known = ignored ? ignored.where(0, labels) : labels;
  const picked = logProbabilities.takeAlongAxis(known.expandDims(1), 1).squeeze(1).neg();
  const unit = weights ? weights.gather(known) : picked.onesLike();
  const weight = ignored ? ignored.where(0, unit) : unit;
  const losses = ignored ? ignored.where(0, picked.mul(weight)) : picked.mul(weight);
  switch (call.string('reduction', 'mean')) {
    case 'none':
      return losses;
    case 'sum':
      return losses.sum();
    default:
      return losses.sum().div(weight.sum());
  }
}

function crossEntropy(call: OperatorCall): Results {
  const logProbabilities = call.tensor(0).logSoftmax(1);
  return results(negativeLogLikelihood(call, logProbabilities), logProbabilities);
}

/** Losses of classifiers. */
export const losses: readonly OnnxOperator[] = [
  {
    type: 'NegativeLogLikelihoodLoss',
    gradient: 'yes',
    since: 12,
    controls: [1, 2],
    build: (call) => negativeLogLikelihood(call, call.tensor(0)),
  },
  { type: 'SoftmaxCrossEntropyLoss', gradient: 'yes', since: 12, controls: [1, 2], build: crossEntropy },
];
