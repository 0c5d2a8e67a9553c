import { padReflect, showShape, stack, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber, requireSameShape } from '../checks.js';
import { ssimMaps } from '../image/ssim.js';
import { type ReductionOptions, reduce } from '../reduction.js';
import { difference } from './scale-invariant.js';
import { sampledAlongRows } from './stereo.js';

export interface PhotometricOptions extends ReductionOptions {
  /** Share of the structural part, in [0, 1]. Default 0.85. */
  readonly alpha?: number;
}

/**
 * How unlike two images are at each pixel: alpha (1 - SSIM) / 2 + (1 - alpha) |x - y|, averaged over channels, with SSIM of even 3 x 3 windows
 * (borders reflected) clipped to [-1, 1]. Godard et al. 2017.
 *
 * @param predictions images in [0, 1], [n, channels, height, width]; `targets` of the same shape.
 * @returns a scalar, or [n, height, width] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function photometricLoss(predictions: Tensor, targets: Tensor, options: PhotometricOptions = {}): Tensor {
  const { alpha = 0.85, reduction } = options;
  requireNumber('photometricLoss', 'alpha', alpha, { low: 0, high: 1 });
  requireSameShape('photometricLoss', predictions, targets);
  const [x, y] = [predictions, targets].map((image) =>
    padReflect(image, [
      [1, 1],
      [1, 1],
    ]),
  );
  const { luminance, contrast } = ssimMaps(x, y, { windowSize: 3, sigma: Infinity });
  const structure = luminance.mul(contrast).neg().add(1).mul(0.5).clip(0, 1);
  const error = predictions.sub(targets).abs();
  return reduce(
    structure
      .mul(alpha)
      .add(error.mul(1 - alpha))
      .mean(1),
    reduction,
  );
}

/**
 * The least of several photometric errors at each pixel, so that a pixel hidden in one view is judged by another. Godard et al. 2019.
 *
 * @param errors maps of one shape, such as `photometricLoss` gives with reduction `none`.
 * @returns a scalar, or that shape with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function minimumReprojection(errors: readonly Tensor[], options: ReductionOptions = {}): Tensor {
  if (errors.length === 0) throw new RangeError('minimumReprojection: errors must have a map of at least one view');
  for (const map of errors) requireSameShape('minimumReprojection', map, errors[0]);
  return reduce(stack(errors).min(0), options.reduction);
}

/**
 * Edge-aware smoothness of disparities d, image by image: mean |dx d| exp(-|dx I|) + mean |dy d| exp(-|dy I|), with |dx I| averaged over the
 * image's channels: steps cost less where the image has an edge. Godard et al. 2017. Divide disparities by their mean first if they
 * may shrink (Godard et al. 2019).
 *
 * @param disparities [n, 1, height, width]; `images` [n, channels, height, width].
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function edgeAwareSmoothness(disparities: Tensor, images: Tensor, options: ReductionOptions = {}): Tensor {
  requireFloats('edgeAwareSmoothness', { disparities, images });
  const [n, , height, width] = images.shape;
  if (images.rank !== 4 || disparities.shape.join() !== [n, 1, height, width].join() || Math.min(height, width) < 2)
    throw new RangeError(
      `edgeAwareSmoothness: disparities ${showShape(disparities.shape)} must be [n, 1, height, width] for images ${showShape(images.shape)}`,
    );
  const along = (axis: number) => {
    const edge = difference(images, axis).abs().mean(1, { keepDims: true });
    return difference(disparities, axis).abs().mul(edge.neg().exp()).mean([1, 2, 3]);
  };
  return reduce(along(3).add(along(2)), options.reduction);
}

/**
 * How far the disparities of a left image are from those of the right one at the pixels they point to, image by image: mean
 * |d_l(x) - d_r(x - d_l(x))|, sampled linearly, borders repeated. Godard et al. 2017 (who write the disparity with the other sign).
 *
 * @param left disparities in pixels, at least 0, [n, 1, height, width]: the pixel x of the left image is x - d in the right one.
 * @param right of the same shape. For its own loss give the two flipped along the width, the other way round.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function leftRightConsistency(left: Tensor, right: Tensor, options: ReductionOptions = {}): Tensor {
  requireSameShape('leftRightConsistency', left, right);
  const [, channels, height, width] = left.shape;
  if (left.rank !== 4 || channels !== 1 || width < 2 || height < 2)
    throw new RangeError(`leftRightConsistency: left ${showShape(left.shape)} must be [n, 1, height, width]`);
  const sampled = sampledAlongRows(right, left);
  return reduce(left.sub(sampled).abs().mean([1, 2, 3]), options.reduction);
}
