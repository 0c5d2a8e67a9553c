import { concat as concatOf, type Tensor } from '../../tensor/index.js';
import { int64s, integersOf } from '../../tensor/ops/constant.js';
import { applyAll } from '../../tensor/tensor.js';
import { aligned, type BatchRule, spread } from './rule.js';

/** Operators along an axis given as an attribute: it moves up by one. */
export const alongAttribute: BatchRule = ({ operator, attributes }, [x, ...rest]) =>
  applyAll(operator, [x.value, ...rest.map((r) => r.value)], { ...attributes, axis: (attributes.axis as number) + 1 });

/** Operators over axes given as a constant input: they move up by one. */
export const alongInput: BatchRule = ({ operator, attributes, inputs }, [x]) => {
  const axes = inputs[1];
  const moved = int64s(integersOf(operator.type, axes).map((axis) => axis + 1)).reshape(axes.shape);
  return applyAll(operator, [x.value, moved], attributes);
};

export const reshape: BatchRule = ({ output }, [x], n) => [x.value.reshape([n, ...output.shape])];

export const transpose: BatchRule = ({ attributes }, [x]) => [
  x.value.transpose([0, ...(attributes.perm as number[]).map((axis) => axis + 1)]),
];

export const expand: BatchRule = ({ output }, [x], n) => [aligned(x, output.rank).broadcastTo([n, ...output.shape])];

export const slice: BatchRule = ({ operator, attributes, inputs: [, starts, ends, axes, steps] }, [x]) =>
  applyAll(
    operator,
    [x.value, starts, ends, int64s(integersOf('Slice', axes).map((axis) => axis + 1)), steps],
    attributes,
  );

export const concat: BatchRule = ({ attributes }, inputs, n) => [
  concatOf(
    inputs.map((x) => spread(x, n)),
    (attributes.axis as number) + 1,
  ),
];

export const pad: BatchRule = ({ inputs: [x, pads] }, [value, , filling], n) => {
  const widths = integersOf('Pad', pads);
  const pairs = x.shape.map((_, i): [number, number] => [widths[i], widths[x.rank + i]]);
  const data = spread(value, n);
  if (!filling.batched) return [data.pad([[0, 0], ...pairs], filling.value)];
  // A border of its own for each example: zeros outside, plus the filling where the data is not.
  const inside = data.onesLike().pad([[0, 0], ...pairs]);
  const border = filling.value.reshape([n, ...x.shape.map(() => 1)]);
  return [data.pad([[0, 0], ...pairs]).add(inside.neg().add(1).mul(border))];
};

/** Operators on the last two axes. */
export const onMatrices: BatchRule = ({ operator, attributes }, inputs) =>
  applyAll(operator, inputs.map((x) => x.value) as readonly Tensor[], attributes);

/** Leading axes of a product broadcast: the batch goes in front of them. */
export const matmul: BatchRule = ({ operator, attributes, inputs }, pair) => {
  const rank = Math.max(...inputs.map((x) => x.rank));
  return applyAll(
    operator,
    pair.map((x) => aligned(x, rank)),
    attributes,
  );
};
