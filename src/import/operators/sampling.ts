import { affineGrid, determinant, fold, gridSample, showShape, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';
import { forwardOnly } from './forward-only.js';
import { bounded } from './limits.js';

function sample(call: OperatorCall): Tensor {
  const mode = call.string('mode', call.version >= 20 ? 'linear' : 'bilinear').replace(/^(bilinear|linear)$/, 'linear');
  const padding = call.string('padding_mode', 'zeros');
  const kind = mode.replace(/^bicubic$/, 'cubic');
  if (kind !== 'linear' && kind !== 'nearest' && kind !== 'cubic')
    throw new TypeError(`the mode '${mode}' is not known`);
  if (padding !== 'zeros' && padding !== 'border' && padding !== 'reflection')
    throw new TypeError(`the padding '${padding}' is not known`);
  return gridSample(call.tensor(0), call.tensor(1).cast(call.tensor(0).dtype), {
    mode: kind,
    padding,
    alignCorners: call.integer('align_corners', 0) === 1,
  });
}

/** Blocks [n, channels kernel, positions] added up at their places in an image, as PyTorch's fold. */
function columnsToImage(call: OperatorCall): Tensor {
  const [lengths, kernel] = [call.numbers(1) ?? [], call.numbers(2) ?? []];
  if (lengths.length !== 2) throw new RangeError(`images of ${lengths.length} axes are not supported, only of 2`);
  const [top, left, bottom, right] = call.integers('pads') ?? [0, 0, 0, 0];
  const [height, width] = lengths;
  const whole = fold(call.tensor(0), [height + top + bottom, width + left + right], kernel, {
    stride: call.integers('strides') ?? 1,
    dilation: call.integers('dilations') ?? 1,
  });
  return whole.slice([null, null, [top, top + height], [left, left + width]]);
}

function regions(call: OperatorCall): Tensor {
  const [x, boxes, batch] = call.tensors();
  if (x.rank !== 4 || boxes.rank !== 2 || batch.rank !== 1)
    throw new RangeError(
      `x ${showShape(x.shape)}, boxes ${showShape(boxes.shape)} and images ${showShape(batch.shape)} do not fit`,
    );
  const [height, width] = [call.integer('output_height', 1), call.integer('output_width', 1)];
  const attributes = {
    mode: call.string('mode', 'avg'),
    output_height: height,
    output_width: width,
    sampling_ratio: call.integer('sampling_ratio', 0),
    spatial_scale: call.float('spatial_scale', 1),
    coordinate_transformation_mode: call.string(
      'coordinate_transformation_mode',
      call.version >= 16 ? 'half_pixel' : 'output_half_pixel',
    ),
  };
  const shape = [boxes.shape[0], x.shape[1], bounded('height', height), bounded('width', width)];
  return forwardOnly('RoiAlign', [x, boxes, batch], attributes, [{ shape, dtype: x.dtype }])[0];
}

/** What samples images at positions, and puts them together. */
export const sampling: readonly OnnxOperator[] = [
  {
    type: 'GridSample',
    gradient: 'yes',
    since: 16,
    note: 'to the grid exact between elements, one-sided at them, 0 for nearest',
    build: sample,
  },
  {
    type: 'AffineGrid',
    gradient: 'yes',
    since: 20,
    controls: [1],
    build: (call) =>
      affineGrid(call.tensor(0), call.numbers(1) ?? [], { alignCorners: call.integer('align_corners', 0) === 1 }),
  },
  {
    type: 'Col2Im',
    gradient: 'yes',
    since: 18,
    controls: [1, 2],
    note: 'of images with two axes',
    build: columnsToImage,
  },
  { type: 'RoiAlign', gradient: 'forward only', since: 10, controls: [1, 2], build: regions },
  { type: 'Det', gradient: 'yes', since: 11, build: (call) => determinant(call.tensor(0)) },
];
