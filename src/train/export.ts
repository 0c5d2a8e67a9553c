import { exportOnnx } from '../runtime/index.js';
import type { NDArray, Tensor } from '../tensor/index.js';
import type { Arrays, Tensors } from './step.js';

/**
 * A model of images with its normalisation, for any batch size: input `images` [batch, channels, height, width] in [0, 1], one output.
 *
 * @param images [n, channels, height, width], for their size alone.
 */
export function exportInference(
  infer: (variables: Tensors, images: Tensor) => Tensor,
  variables: Arrays,
  images: NDArray,
  { name, output }: { readonly name: string; readonly output: string },
): Uint8Array {
  const shape = [1, ...images.shape.slice(1)];
  const example: NDArray = { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape, dtype: 'float32' };
  const network = (weights: Arrays, x: { images: NDArray }) => ({
    [output]: infer(weights as never, x.images as never),
  });
  return exportOnnx(network as never, variables, { images: example }, { name, dynamic: { name: 'batch', axis: 0 } });
}
