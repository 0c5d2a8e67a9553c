import {
  arange,
  gatherND as gatherNDOf,
  scatterElements as scatterElementsOf,
  scatterND as scatterNDOf,
  type Tensor,
} from '../../tensor/index.js';
import { applyAll } from '../../tensor/tensor.js';
import { type Batched, type BatchRule, spread } from './rule.js';

export const gather: BatchRule = ({ attributes, inputs: [x, indices] }, [data, at], n) => {
  const axis = attributes.axis as number;
  if (!at.batched) return [data.value.gather(at.value, axis + 1)];
  if (!data.batched) return [data.value.gather(at.value, axis).moveAxis(axis, 0)];
  // Both: the axis of every example one after the other, and indices that point into their own example.
  const length = x.shape[axis];
  const rows = data.value.moveAxis(axis + 1, 1);
  const flat = rows.reshape([n * length, ...rows.shape.slice(2)]);
  const wrapped = at.value.less(0).where(at.value.add(length), at.value);
  const offsets = arange(0, n * length, length)
    .cast(at.value.dtype)
    .reshape([n, ...indices.shape.map(() => 1)]);
  const taken = flat.gather(wrapped.add(offsets), 0);
  // [n, ...indices, ...rest] with the axes in front of the gathered one to be put before the indices again.
  const k = indices.rank;
  const before = Array.from({ length: axis }, (_, i) => 1 + k + i);
  const middle = Array.from({ length: k }, (_, i) => 1 + i);
  const after = Array.from({ length: x.rank - axis - 1 }, (_, i) => 1 + k + axis + i);
  return [taken.transpose([0, ...before, ...middle, ...after])];
};

export const elements: BatchRule = ({ operator, attributes }, inputs, n) =>
  applyAll(
    operator,
    inputs.map((x) => spread(x, n)),
    { ...attributes, axis: (attributes.axis as number) + 1 },
  );

export const scatterElements: BatchRule = ({ attributes }, inputs, n) => {
  const [x, indices, updates] = inputs.map((input) => spread(input, n));
  return [
    scatterElementsOf(x, indices, updates, (attributes.axis as number) + 1, attributes.reduction as 'none' | 'add'),
  ];
};

/** Index tuples with the number of their example in front. */
function withExample(indices: Batched, n: number): Tensor {
  const tuples = spread(indices, n);
  const example = arange(n)
    .cast(tuples.dtype)
    .reshape([n, ...tuples.shape.slice(1).map(() => 1)]);
  return example.broadcastTo([...tuples.shape.slice(0, -1), 1]).concat(tuples, -1);
}

export const gatherND: BatchRule = (_, [x, indices], n) => [
  x.batched ? gatherNDOf(x.value, withExample(indices, n)) : gatherNDOf(x.value, indices.value),
];

export const scatterND: BatchRule = (_, [x, indices, updates], n) => [
  scatterNDOf(spread(x, n), withExample(indices, n), spread(updates, n)),
];
