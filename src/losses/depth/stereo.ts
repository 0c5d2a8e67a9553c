import { gridSample, linspace, stack, type Tensor } from '../../tensor/index.js';

/**
 * What stands in images at x - d(x), for disparities d: of a right view, the left one; with -d the other way round. Sampled linearly, borders
 * repeated.
 *
 * @param images [n, channels, height, width], height and width at least 2; `disparities` in pixels, [n, 1, height, width].
 */
export function sampledAlongRows(images: Tensor, disparities: Tensor): Tensor {
  const [n, , height, width] = disparities.shape;
  const column = linspace(-1, 1, width, disparities.dtype).sub(disparities.squeeze(1).mul(2 / (width - 1)));
  const row = linspace(-1, 1, height, disparities.dtype).expandDims(1).broadcastTo([n, height, width]);
  return gridSample(images, stack([column, row], -1), { padding: 'border', alignCorners: true });
}
