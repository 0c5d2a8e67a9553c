import type { Tensor } from '../tensor/index.js';

/** Where the labels of samples lie among the classes. */
export interface LabelPlaces {
  /** The class of each label, or any where there is none, integers [..., 1]. */
  readonly index: Tensor;
  /** Whether a label is one of the classes, bool [..., 1]. */
  readonly inside: Tensor;
}

/** @param labels integers [...]. */
export function labelPlaces(labels: Tensor, classes: number): LabelPlaces {
  const given = labels.dtype === 'int64' ? labels : labels.cast('int32');
  const index = given.clip(0, classes - 1);
  return { index: index.expandDims(-1), inside: index.equal(given).expandDims(-1) };
}

/** The elements of x [..., classes] at the labels, [..., 1]; 0 where a label is no class. */
export function readLabels(x: Tensor, { index, inside }: LabelPlaces): Tensor {
  return inside.where(x.takeAlongAxis(index), 0);
}

/** x [..., classes] with the values [..., 1] at the labels; a label that is no class changes nothing. */
export function writeLabels(x: Tensor, { index, inside }: LabelPlaces, values: Tensor): Tensor {
  return x.scatterElements(index, inside.where(values, x.takeAlongAxis(index)));
}
