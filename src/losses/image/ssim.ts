import { averagePool, concat, constant, conv, isFloat, showShape, split, type Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface SsimOptions {
  /** Width of the Gaussian window, odd. Default 11. */
  readonly windowSize?: number;
  /** Standard deviation of the window, in pixels. Default 1.5. */
  readonly sigma?: number;
  /** Largest possible value less smallest (L): 1 for images in [0, 1], 2 for [-1, 1], 255 for bytes. Default 1. */
  readonly dataRange?: number;
  /** C1 = (k1 L)^2, above 0, keeps the luminance term finite. Default 0.01. */
  readonly k1?: number;
  /** C2 = (k2 L)^2, above 0, keeps the contrast term finite. Default 0.03. */
  readonly k2?: number;
}

export interface SsimMaps {
  /** Luminance (2 mu_x mu_y + C1) / (mu_x^2 + mu_y^2 + C1). */
  readonly luminance: Tensor;
  /** Contrast and structure (2 v_xy + C2) / (v_x + v_y + C2). */
  readonly contrast: Tensor;
}

/**
 * The two factors of structural similarity at every place where the window fits, [n, channels, height - size + 1, width - size + 1], each
 * channel on its own: means mu, variances v_x, v_y and covariance v_xy are weighted by the window, not corrected for bias. Wang et al. 2004,
 * equations 6, 9 and 10 (contrast and structure merged by C3 = C2 / 2).
 *
 * @param x images [n, channels, height, width]; `y` of the same shape.
 * @throws RangeError when the shapes differ or the window does not fit.
 */
export function ssimMaps(x: Tensor, y: Tensor, options: SsimOptions = {}): SsimMaps {
  requireImages('ssimMaps', x, y, options.windowSize, options);
  return mapsOf(x, y, options);
}

/** {@link ssimMaps} of images that are known to fit. */
function mapsOf(x: Tensor, y: Tensor, options: SsimOptions): SsimMaps {
  const { windowSize = 11, sigma = 1.5, dataRange = 1, k1 = 0.01, k2 = 0.03 } = options;
  const [c1, c2] = [(k1 * dataRange) ** 2, (k2 * dataRange) ** 2];
  // Variances do not change with a number subtracted; without it their digits drown in the squares of bright images.
  const [a, b] = [x, y].map((image) => image.sub(image.mean([2, 3], { keepDims: true }).stopGradient()));
  const fields = [x, y, a, b, a.square(), b.square(), a.mul(b)];
  const [meanX, meanY, meanA, meanB, squareA, squareB, product] = split(
    windowMean(concat(fields), windowSize, sigma),
    fields.length,
  );
  const variances = squareA.sub(meanA.square()).add(squareB.sub(meanB.square()));
  const covariance = product.sub(meanA.mul(meanB));
  return {
    luminance: meanX.mul(meanY).mul(2).add(c1).div(meanX.square().add(meanY.square()).add(c1)),
    contrast: covariance.mul(2).add(c2).div(variances.add(c2)),
  };
}

/**
 * Structural similarity of two images, at most 1 and 1 for equal ones: the mean of luminance times contrast over places and channels, [n].
 * Wang et al. 2004, equations 13 and 17.
 *
 * @param x images [n, channels, height, width]; `y` of the same shape. See {@link ssimMaps}.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function ssim(x: Tensor, y: Tensor, options: SsimOptions = {}): Tensor {
  requireImages('ssim', x, y, options.windowSize, options);
  const { luminance, contrast } = mapsOf(x, y, options);
  return luminance.mul(contrast).mean([1, 2, 3]);
}

export interface MsSsimOptions extends SsimOptions {
  /**
   * Exponents of the scales, finest first; their number is that of the scales. Default (0.0448, 0.2856, 0.3001, 0.2363, 0.1333), Wang et al.
   * 2003. For small images take fewer, with a smaller window: three of (0.0711, 0.4530, 0.4760) with window 5 and sigma 1 suit 32 x 32.
   */
  readonly weights?: readonly number[];
}

/** The exponents of the five scales of Wang et al. 2003. */
const fiveScales = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/**
 * Structural similarity over scales, [n], at most 1 and 1 for equal images: the product over scales, each half the one before by averaging 2 x 2
 * pixels (an odd last row or column is left out), of the mean contrast to the scale's exponent, at the coarsest scale the mean of luminance
 * times contrast. Per channel, then averaged over channels. Wang et al. 2003, equation 7; training on it: Snell et al. 2017.
 *
 * A scale whose mean is not positive makes the product 0, with derivative 0.
 *
 * @param x images [n, channels, height, width]; `y` of the same shape.
 * @throws RangeError when the images are too small for the window at the coarsest scale.
 */
export function msSsim(x: Tensor, y: Tensor, options: MsSsimOptions = {}): Tensor {
  const { weights = fiveScales, windowSize = 11 } = options;
  requireImages('msSsim', x, y, windowSize, options);
  if (weights.length === 0) throw new RangeError('msSsim: weights must have a number for each scale');
  for (const w of weights) requireNumber('msSsim', 'weights', w, { low: 0 });
  const least = windowSize * 2 ** (weights.length - 1);
  if (Math.min(x.shape[2], x.shape[3]) < least)
    throw new RangeError(
      `msSsim: images ${showShape(x.shape)} must be at least ${least} pixels high and wide for ${weights.length} scales of window ${windowSize}`,
    );
  let [finer, other] = [x, y];
  const factors = weights.map((weight, scale) => {
    if (scale > 0) [finer, other] = [finer, other].map((image) => averagePool(image, 2, { stride: 2 }));
    const { luminance, contrast } = mapsOf(finer, other, options);
    const map = scale === weights.length - 1 ? luminance.mul(contrast) : contrast;
    return positivePower(map.mean([2, 3]), weight);
  });
  return factors.reduce((product, factor) => product.mul(factor)).mean(-1);
}

/**
 * {@link msSsim} of every pixel with the windows that are centred on it, averaged: in place of halving the images, scale j has a Gaussian window of
 * 2^(j - 1) sigma (and as many times the half width), and the powers are multiplied pixel by pixel where the largest window fits, [n]. One scale
 * of weight 1 is {@link ssim}. After Zhao et al. 2017; the windows' cost grows with the scale.
 *
 * @param x images [n, channels, height, width]; `y` of the same shape.
 * @throws RangeError when the largest window does not fit.
 */
export function pixelwiseMsSsim(x: Tensor, y: Tensor, options: MsSsimOptions = {}): Tensor {
  const { weights = fiveScales, windowSize = 11, sigma = 1.5 } = options;
  const widths = weights.map((_, scale) => (windowSize - 1) * 2 ** scale + 1);
  const largest = widths[widths.length - 1];
  if (weights.length === 0) throw new RangeError('pixelwiseMsSsim: weights must have a number for each scale');
  for (const w of weights) requireNumber('pixelwiseMsSsim', 'weights', w, { low: 0 });
  requireImages('pixelwiseMsSsim', x, y, largest, options);
  const factors = weights.map((weight, scale) => {
    const window = { ...options, windowSize: widths[scale], sigma: sigma * 2 ** scale };
    const { luminance, contrast } = mapsOf(x, y, window);
    const map = scale === weights.length - 1 ? luminance.mul(contrast) : contrast;
    const border = (largest - widths[scale]) / 2;
    return positivePower(
      map.pad([
        [0, 0],
        [0, 0],
        [-border, -border],
        [-border, -border],
      ]),
      weight,
    );
  });
  return factors.reduce((product, factor) => product.mul(factor)).mean([1, 2, 3]);
}

/** x^w, 0 for x that is not positive; below 1e-8 the slope, which grows without bound, is taken as 0. */
function positivePower(x: Tensor, w: number): Tensor {
  return x.greater(0).where(x.maximum(1e-8).pow(w), 0);
}

/**
 * 1 - {@link ssim}, image by image.
 *
 * @param predictions images [n, channels, height, width]; `targets` of the same shape.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function ssimLoss(predictions: Tensor, targets: Tensor, options: SsimOptions & ReductionOptions = {}): Tensor {
  requireImages('ssimLoss', predictions, targets, options.windowSize, options);
  return reduce(ssim(predictions, targets, options).neg().add(1), options.reduction);
}

/**
 * 1 - {@link msSsim}, image by image: what Snell et al. 2017 train autoencoders with.
 *
 * @param predictions images [n, channels, height, width]; `targets` of the same shape.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function msSsimLoss(
  predictions: Tensor,
  targets: Tensor,
  options: MsSsimOptions & ReductionOptions = {},
): Tensor {
  requireImages('msSsimLoss', predictions, targets, options.windowSize, options);
  return reduce(msSsim(predictions, targets, options).neg().add(1), options.reduction);
}

export interface MsSsimL1Options extends MsSsimOptions, ReductionOptions {
  /** Share of the structural part, in [0, 1]. Default 0.84. */
  readonly alpha?: number;
}

/**
 * alpha (1 - MS-SSIM) + (1 - alpha) mean |x - y| / L, image by image: structure from the first part, colour and brightness, which it hardly sees,
 * from the second. Zhao et al. 2017; the Gaussian weight that they put on the absolute error of a patch is even over a whole image.
 *
 * @param predictions images [n, channels, height, width]; `targets` of the same shape.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function msSsimL1Loss(predictions: Tensor, targets: Tensor, options: MsSsimL1Options = {}): Tensor {
  const { alpha = 0.84, dataRange = 1, reduction } = options;
  requireNumber('msSsimL1Loss', 'alpha', alpha, { low: 0, high: 1 });
  requireImages('msSsimL1Loss', predictions, targets, options.windowSize, options);
  const structure = msSsim(predictions, targets, options).neg().add(1);
  const error = predictions.sub(targets).abs().mean([1, 2, 3]).div(dataRange);
  return reduce(structure.mul(alpha).add(error.mul(1 - alpha)), reduction);
}

/** The mean under a Gaussian window at every place where it fits: a convolution along each axis. */
function windowMean(x: Tensor, size: number, sigma: number): Tensor {
  const [n, channels, height, width] = x.shape;
  const weights = Array.from({ length: size }, (_, i) => Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((a, b) => a + b);
  const window = constant(
    weights.map((w) => w / total),
    x.dtype,
  );
  const rows = conv(x.reshape([n * channels, 1, height, width]), window.reshape([1, 1, size, 1]));
  const both = conv(rows, window.reshape([1, 1, 1, size]));
  return both.reshape([n, channels, height - size + 1, width - size + 1]);
}

function requireImages(who: string, x: Tensor, y: Tensor, windowSize = 11, options: SsimOptions = {}): void {
  if (!isFloat(x.dtype) || x.rank !== 4)
    throw new RangeError(`${who}: images ${x.dtype}${showShape(x.shape)} must be float [n, channels, height, width]`);
  requireSameShape(who, x, y);
  if (!Number.isInteger(windowSize) || windowSize < 1 || windowSize % 2 === 0)
    throw new RangeError(`${who}: windowSize ${windowSize} must be an odd positive integer`);
  requireNumber(who, 'sigma', options.sigma ?? 1.5, { low: 0, open: true });
  requireNumber(who, 'dataRange', options.dataRange ?? 1, { low: 0, open: true });
  requireNumber(who, 'k1', options.k1 ?? 0.01, { low: 0, open: true });
  requireNumber(who, 'k2', options.k2 ?? 0.03, { low: 0, open: true });
  if (Math.min(x.shape[2], x.shape[3]) < windowSize)
    throw new RangeError(`${who}: images ${showShape(x.shape)} are smaller than the window of ${windowSize}`);
}
