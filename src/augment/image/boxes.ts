import { arange, type Tensor } from '../../tensor/index.js';

/** Boxes of pixels, one an image: numbers [n], from the first row and column to before the last. */
export interface Boxes {
  readonly top: Tensor;
  readonly left: Tensor;
  readonly bottom: Tensor;
  readonly right: Tensor;
}

/** Which pixels lie in the box of their image: bool [n, 1, height, width]. */
export function insideBoxes({ top, left, bottom, right }: Boxes, height: number, width: number): Tensor {
  const within = (from: Tensor, to: Tensor, length: number) => {
    const at = arange(length).cast(from.dtype);
    return at.greaterEqual(from.expandDims(1)).and(at.less(to.expandDims(1)));
  };
  return within(top, bottom, height)
    .expandDims(2)
    .and(within(left, right, width).expandDims(1))
    .expandDims(1);
}
