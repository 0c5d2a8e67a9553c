import type { Scenes } from '../../data/index.js';
import { detectorStride } from '../../nn/index.js';
import { arange, type NDArray, stack, type Tensor } from '../../tensor/index.js';

/** What a detector says of each cell of its grid, row by row. */
export interface GridPrediction {
  /** Left, top, right and bottom of the cell's box, in pixels, [n, cells, 4]. */
  readonly boxes: Tensor;
  /** The same box: where its centre lies in the cell, across and down, in [0, 1], and the logarithms of width and height over 16 pixels, [n, cells, 4]. */
  readonly offsets: Tensor;
  /** Logits that an object has its centre in the cell, [n, cells]. */
  readonly confidence: Tensor;
  /** Of the object's class, [n, cells, classes]. */
  readonly logits: Tensor;
}

/** What it should have said: the object whose centre lies in a cell, read where `responsible`. */
export interface GridTarget {
  /** As {@link GridPrediction} has them; the cell itself where there is no object. */
  readonly boxes: Tensor;
  readonly offsets: Tensor;
  /** Integers [n, cells]; 0 where there is no object. */
  readonly labels: Tensor;
  /** bool [n, cells]. */
  readonly responsible: Tensor;
}

/** The arrays of a {@link GridTarget}. */
export interface GridTargetArrays {
  readonly boxes: NDArray<'float32'>;
  readonly offsets: NDArray<'float32'>;
  readonly labels: NDArray<'int32'>;
  readonly responsible: NDArray<'bool'>;
}

/** Width and height that a box has where the detector says nothing, in pixels. */
const typicalSize = 2 * detectorStride;
/** Bounds of the logarithms of width and height over the typical ones: from 16 / 20 of a pixel to 320. */
const mostLogSize = 3;

/** The answers of a grid detector, [n, 5 + classes, rows, columns], read as boxes, confidence and classes. */
export function readGrid(answers: Tensor): GridPrediction {
  const [n, channels, rows, columns] = answers.shape;
  const cells = rows * columns;
  // [n, cells, 5 + classes]
  const each = answers.reshape([n, channels, cells]).swapAxes(1, 2);
  const centre = each.slice([null, null, [0, 2]]).sigmoid();
  const logSize = each.slice([null, null, [2, 4]]).clip(-mostLogSize, mostLogSize);
  const number = arange(cells);
  const corner = stack([number.mod(columns), number.div(columns)], 1).cast(answers.dtype);
  const middle = centre.add(corner).mul(detectorStride);
  const half = logSize.exp().mul(typicalSize / 2);
  return {
    boxes: middle.sub(half).concat(middle.add(half), 2),
    offsets: centre.concat(logSize, 2),
    confidence: each.at(4, 2),
    logits: each.slice([null, null, [5, channels]]),
  };
}

/**
 * The targets of a grid from the objects of scenes. Of two objects with their centres in one cell the cell is responsible for the one that is
 * named first; one whose centre lies beyond the last whole cell belongs to no cell.
 */
export function gridTargets({ images, boxes, labels }: Pick<Scenes, 'images' | 'boxes' | 'labels'>): GridTargetArrays {
  const [n, , ...size] = images.shape;
  const [rows, columns] = size.map((length) => Math.floor(length / detectorStride));
  const cells = rows * columns;
  const most = labels.shape[1];
  const target = {
    boxes: new Float32Array(n * cells * 4),
    offsets: new Float32Array(n * cells * 4),
    labels: new Int32Array(n * cells),
    responsible: new Uint8Array(n * cells),
  };
  const put = (at: number, box: ArrayLike<number>, row: number, column: number) => {
    const [left, top, right, bottom] = Array.from(box);
    const [x, y] = [(left + right) / 2 / detectorStride - column, (top + bottom) / 2 / detectorStride - row];
    target.boxes.set(box, at * 4);
    target.offsets.set([x, y, ...[right - left, bottom - top].map((v) => Math.log(v / typicalSize))], at * 4);
  };
  for (let i = 0; i < n; i++) {
    for (let cell = 0; cell < cells; cell++) {
      const [row, column] = [Math.floor(cell / columns), cell % columns];
      const [left, top] = [column * detectorStride, row * detectorStride];
      put(i * cells + cell, [left, top, left + detectorStride, top + detectorStride], row, column);
    }
    for (let j = 0; j < most; j++) {
      const label = labels.data[i * most + j];
      const box = boxes.data.subarray((i * most + j) * 4, (i * most + j + 1) * 4);
      const column = Math.floor((box[0] + box[2]) / 2 / detectorStride);
      const row = Math.floor((box[1] + box[3]) / 2 / detectorStride);
      const at = i * cells + row * columns + column;
      if (label < 0 || row >= rows || column >= columns || target.responsible[at]) continue;
      put(at, box, row, column);
      target.labels[at] = label;
      target.responsible[at] = 1;
    }
  }
  return {
    boxes: { data: target.boxes, shape: [n, cells, 4], dtype: 'float32' },
    offsets: { data: target.offsets, shape: [n, cells, 4], dtype: 'float32' },
    labels: { data: target.labels, shape: [n, cells], dtype: 'int32' },
    responsible: { data: target.responsible, shape: [n, cells], dtype: 'bool' },
  };
}
