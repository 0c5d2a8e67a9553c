import { arange, type Tensor } from '../../tensor/index.js';
import { apply, applyAll } from '../../tensor/tensor.js';
import { type Batched, type BatchRule, spread } from './rule.js';

/** The batch merged into the samples. */
function merged(x: Tensor): Tensor {
  const [n, samples, ...rest] = x.shape;
  return x.reshape([n * samples, ...rest]);
}

/**
 * With one weight for all, the batch joins the samples. With a weight for each example the examples become groups of channels.
 *
 * @param outputsOf outputs of one group, by the weight's shape.
 */
function convolution(outputsOf: (weight: Tensor, group: number) => number): BatchRule {
  return ({ operator, attributes, inputs: [data, weight] }, [x, w, bias], n) => {
    const shifted = (y: Tensor, b: Batched | undefined) =>
      b ? y.add(b.value.reshape([...(b.batched ? [n] : [1]), 1, -1, ...y.shape.slice(3).map(() => 1)])) : y;
    if (!w.batched) {
      const y = apply(operator, [merged(spread(x, n)), w.value], attributes);
      return [shifted(y.reshape([n, data.shape[0], ...y.shape.slice(1)]), bias)];
    }
    const [samples, channels, ...lengths] = data.shape;
    const side = spread(x, n)
      .swapAxes(0, 1)
      .reshape([samples, n * channels, ...lengths]);
    const group = attributes.group as number;
    const y = apply(operator, [side, merged(w.value)], { ...attributes, group: group * n });
    const outputs = outputsOf(weight, group);
    return [shifted(y.reshape([samples, n, outputs, ...y.shape.slice(2)]).swapAxes(0, 1), bias)];
  };
}

export const conv = convolution((weight) => weight.shape[0]);
export const convTranspose = convolution((weight, group) => weight.shape[1] * group);

export const convInputGradient = convTranspose;

/** The gradient of a weight for each example: the examples are groups of channels. */
export const convWeightGradient: BatchRule = ({ operator, attributes, output }, pair, n) => {
  const [x, ct] = pair.map((input) => {
    const [, samples, channels, ...lengths] = spread(input, n).shape;
    return spread(input, n)
      .swapAxes(0, 1)
      .reshape([samples, n * channels, ...lengths]);
  });
  const each = apply(operator, [x, ct], { ...attributes, group: (attributes.group as number) * n });
  return [each.reshape([n, ...output.shape])];
};

export const averagePool: BatchRule = ({ operator, attributes, inputs: [data] }, [x], n) => {
  const y = apply(operator, [merged(x.value)], attributes);
  return [y.reshape([n, data.shape[0], ...y.shape.slice(1)])];
};

export const maxPool: BatchRule = ({ operator, attributes, inputs: [data], outputs: [y] }, [x], n) => {
  const [values, positions] = applyAll(operator, [merged(x.value)], attributes);
  // Positions count from the first element of the whole; in the batch each example counts from its own.
  const starts = arange(0, n * data.size, data.size)
    .cast('int64')
    .reshape([n, ...y.shape.map(() => 1)]);
  return [values.reshape([n, ...y.shape]), positions.reshape([n, ...y.shape]).sub(starts)];
};
