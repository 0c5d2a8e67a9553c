import { stack, type Tensor } from '../../tensor/index.js';

/**
 * A similarity of every layer of one network with every layer of another, on the same items: [layers of the first, layers of the second].
 * What the similarity makes of one layer alone, such as its Gram matrix, is computed once.
 *
 * @param first what each layer makes of the n items, [n, ...]; at least one layer.
 * @param second the same of the other network.
 * @param similarity such as `cka`, or `(a, b) => deconfoundedCka(a, b, inputs).value`.
 * @throws RangeError where a network has no layers.
 */
export function layerSimilarity(
  first: readonly Tensor[],
  second: readonly Tensor[],
  similarity: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  if (first.length === 0 || second.length === 0)
    throw new RangeError(`layerSimilarity: ${first.length} and ${second.length} layers; both must have some`);
  return stack(first.map((a) => stack(second.map((b) => similarity(a, b)))));
}
