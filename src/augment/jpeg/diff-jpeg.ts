import { requireFloats } from '../../losses/checks.js';
import { dct2, idct2 } from '../../numerics/index.js';
import { concat, padReplicate, type Shape, showShape, type Tensor } from '../../tensor/index.js';
import { requireImages } from '../image/checks.js';
import { type JpegArithmetic, softArithmetic } from './arithmetic.js';
import { doubled, fromYcc, halved, toYcc } from './colour-space.js';
import { chrominanceTable, luminanceTable, qualitiesOf, scaledTable } from './tables.js';

export interface JpegOptions {
  /** How it rounds, floors and clips. Default {@link softArithmetic}. */
  readonly arithmetic?: JpegArithmetic;
  /** [8, 8], before it is scaled by the quality. Default: annex K of ITU-T T.81, here and below. */
  readonly luminanceTable?: Tensor;
  /** [8, 8], that of the colour differences. Default: annex K's. */
  readonly chrominanceTable?: Tensor;
  /** From red, green, blue to luminance, blue and red difference, [3, 3]. Default: that of JFIF. */
  readonly colourMatrix?: Tensor;
  /** Blur the colour differences before they are halved, as the authors' code; libjpeg does not. Default false. */
  readonly blurChroma?: boolean;
}

/** What an encoder makes of images: quantised coefficients of blocks, [n, blocks, 8, 8]. */
export interface JpegCoefficients {
  readonly luminance: Tensor;
  /** Of the blue and red differences, of a quarter as many blocks. */
  readonly blueDifference: Tensor;
  readonly redDifference: Tensor;
}

/** Planes [n, height, width] as blocks [n, blocks, 8, 8], row after row. */
function blocksOf(planes: Tensor): Tensor {
  const [n, height, width] = planes.shape;
  return planes
    .reshape([n, height / 8, 8, width / 8, 8])
    .transpose([0, 1, 3, 2, 4])
    .reshape([n, -1, 8, 8]);
}

/** The inverse of {@link blocksOf}. */
function planesOf(blocks: Tensor, height: number, width: number): Tensor {
  const n = blocks.shape[0];
  return blocks
    .reshape([n, height / 8, width / 8, 8, 8])
    .transpose([0, 1, 3, 2, 4])
    .reshape([n, height, width]);
}

const upTo16 = (length: number): number => 16 * Math.ceil(length / 16);

function requireColour(who: string, images: Tensor): void {
  requireImages(who, images);
  if (images.shape[1] !== 3)
    throw new RangeError(`${who}: images ${showShape(images.shape)} must have 3 channels: red, green, blue`);
}

/**
 * The encoder of {@link diffJpeg}: with X a block of 8 x 8 pixels less 128, C the orthonormal cosine transform and T the table scaled by the
 * quality, round(C X C^T / T), of luminance and of the halved colour differences. What an entropy coder would be given.
 *
 * @param images [n, 3, height, width] in [0, 255].
 * @param quality as for {@link diffJpeg}.
 * @throws as {@link diffJpeg}.
 */
export function jpegEncode(images: Tensor, quality: Tensor | number, options: JpegOptions = {}): JpegCoefficients {
  requireColour('jpegEncode', images);
  const { arithmetic = softArithmetic, colourMatrix, blurChroma = false } = options;
  const [, , height, width] = images.shape;
  const q = qualitiesOf('jpegEncode', quality, images);
  const whole = padReplicate(images, [
    [0, upTo16(height) - height],
    [0, upTo16(width) - width],
  ]);
  const [y, blue, red] = [0, 1, 2].map((c) => toYcc(whole, colourMatrix).at(c, 1));
  const tables = tablesFor(q, options);
  const quantised = (planes: Tensor, table: Tensor) => arithmetic.round(dct2(blocksOf(planes).sub(128)).div(table));
  return {
    luminance: quantised(y, tables.luminance),
    blueDifference: quantised(halved(blue, blurChroma), tables.chrominance),
    redDifference: quantised(halved(red, blurChroma), tables.chrominance),
  };
}

/**
 * The decoder of {@link diffJpeg}: C^T (z T) C + 128 for coefficients z, colour differences at twice the size bilinearly, and clipped to [0, 255].
 *
 * @param size height and width of the images.
 * @param quality as they were encoded with.
 * @param options as they were encoded with.
 * @returns [n, 3, height, width].
 * @throws RangeError where the coefficients are not those of such images.
 */
export function jpegDecode(
  coefficients: JpegCoefficients,
  size: Shape,
  quality: Tensor | number,
  options: JpegOptions = {},
): Tensor {
  const { arithmetic = softArithmetic, colourMatrix } = options;
  const { luminance, blueDifference, redDifference } = coefficients;
  requireFloats('jpegDecode', { luminance, blueDifference, redDifference });
  const [height, width] = size.map(upTo16);
  const blocks = (height * width) / 64;
  for (const [name, x, count] of [
    ['luminance', luminance, blocks],
    ['blueDifference', blueDifference, blocks / 4],
    ['redDifference', redDifference, blocks / 4],
  ] as const) {
    if (x.rank !== 4 || x.shape.join() !== `${luminance.shape[0]},${count},8,8`)
      throw new RangeError(
        `jpegDecode: ${name} ${showShape(x.shape)} must be [${luminance.shape[0]}, ${count}, 8, 8] for luminance ${showShape(luminance.shape)} and images of ${showShape(size)}`,
      );
  }
  const tables = tablesFor(qualitiesOf('jpegDecode', quality, luminance), options);
  const plane = (z: Tensor, table: Tensor, by: number) =>
    planesOf(idct2(z.mul(table)).add(128), height / by, width / by);
  const ycc = [
    plane(luminance, tables.luminance, 1),
    doubled(plane(blueDifference, tables.chrominance, 2)),
    doubled(plane(redDifference, tables.chrominance, 2)),
  ];
  const images = fromYcc(
    concat(
      ycc.map((x) => x.expandDims(1)),
      1,
    ),
    colourMatrix,
  );
  return arithmetic.clip(images.slice([null, null, [0, size[0]], [0, size[1]]]), 0, 255);
}

/**
 * Images as they come back from JPEG, differentiable in the images, the quality, the tables and the colour matrix: encoding and decoding with
 * 4:2:0 colour, whose rounding, floors and clipping are smooth ones unless `arithmetic` says otherwise. With {@link straightThroughArithmetic} the
 * values are those of JPEG itself; with {@link exactArithmetic} too, but no derivatives. Reich et al. 2024 (arXiv 2309.06978).
 *
 * Sides that are no multiples of 16 are continued by their last pixels, and cut off again. Soft clipping leaves pixels a little outside of 0
 * to 255: clip them where it matters. At whole numbers, which qualities and tables mostly are, a soft floor is 1/8 off, which may move
 * an entry of a table by 1: where the values are to be those of JPEG, take the straight-through arithmetic.
 *
 * @param images [n, 3, height, width], red, green, blue in [0, 255].
 * @param quality a number in [1, 99], or a tensor [] or [n]; tensors are limited to [1, 99].
 * @returns [n, 3, height, width].
 * @throws TypeError or RangeError for other images, RangeError for another quality or tables that are not [8, 8].
 */
export function diffJpeg(images: Tensor, quality: Tensor | number, options: JpegOptions = {}): Tensor {
  requireColour('diffJpeg', images);
  const q = qualitiesOf('diffJpeg', quality, images);
  return jpegDecode(jpegEncode(images, q, options), images.shape.slice(2), q, options);
}

function tablesFor(
  quality: Tensor,
  options: JpegOptions,
): { readonly luminance: Tensor; readonly chrominance: Tensor } {
  const { arithmetic = softArithmetic } = options;
  return {
    luminance: scaledTable(options.luminanceTable ?? luminanceTable, quality, arithmetic),
    chrominance: scaledTable(options.chrominanceTable ?? chrominanceTable, quality, arithmetic),
  };
}
