import type { Tensor } from '../../tensor/index.js';

/** The last layer of a classifier, as its logits were made: x [n, d] times weight transposed, [classes, d], and a bias [classes] where it has one. */
export interface LastLayer {
  readonly features: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor;
}

/** The linear layer that logits [n, classes] come out of; undefined where they come out of something else. */
export function lastLayer(logits: Tensor): LastLayer | undefined {
  const product = (x: Tensor): LastLayer | undefined => {
    const { operator, inputs } = x.node;
    if (operator.type !== 'MatMul' || inputs[0].rank !== 2 || inputs[1].rank !== 2) return undefined;
    return { features: inputs[0], weight: inputs[1].transpose() };
  };
  const { operator, inputs } = logits.node;
  if (operator.type !== 'Add') return product(logits);
  const [x, bias] = inputs[0].rank === 2 ? inputs : [inputs[1], inputs[0]];
  const found = product(x);
  return found && bias.rank === 1 ? { ...found, bias } : undefined;
}
