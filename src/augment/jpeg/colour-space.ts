import { constant, inverse, padReflect, resize, type Tensor } from '../../tensor/index.js';

/** From red, green, blue to luminance and the differences of blue and red: JFIF 1.02, in rows. */
const jfif = [
  [0.299, 0.587, 0.114],
  [-0.168736, -0.331264, 0.5],
  [0.5, -0.418688, -0.081312],
];

const inverseOfJfif = [
  [0.9999999999999999, -1.2188941886790896e-6, 1.4019995886573404],
  [0.9999999999999999, -0.34413567816533663, -0.7141361555818124],
  [0.9999999999999998, 1.7720000660738162, 4.0629806304661396e-7],
];

/** Each pixel of images [n, 3, height, width] by a matrix [3, 3]. */
function pixelwise(matrix: Tensor, images: Tensor): Tensor {
  const [n, , height, width] = images.shape;
  return matrix.matmul(images.reshape([n, 3, height * width])).reshape([n, 3, height, width]);
}

const centre = (dtype: Tensor['dtype']): Tensor => constant([0, 128, 128], dtype).reshape([3, 1, 1]);

/** Images of red, green, blue as luminance, blue and red differences, these around 128. */
export function toYcc(images: Tensor, matrix: Tensor = constant(jfif, images.dtype)): Tensor {
  return pixelwise(matrix, images).add(centre(images.dtype));
}

/** The inverse of {@link toYcc}. */
export function fromYcc(images: Tensor, matrix?: Tensor): Tensor {
  return pixelwise(matrix ? inverse(matrix) : constant(inverseOfJfif, images.dtype), images.sub(centre(images.dtype)));
}

/** Gaussian weights of three pixels, of deviation 1/2. */
const edge = Math.exp(-2);
const blur = [edge, 1, edge].map((w) => w / (1 + 2 * edge));

/**
 * Planes [n, height, width] at half the size: the mean of each 2 x 2 pixels, after a blur with a Gaussian of deviation 1/2 over 3 x 3 pixels where
 * it is asked for.
 */
export function halved(planes: Tensor, blurred: boolean): Tensor {
  const [n, height, width] = planes.shape;
  const smooth = blurred ? [1, 2].reduce((x, axis) => blurredAlong(x, axis), planes) : planes;
  return smooth.reshape([n, height / 2, 2, width / 2, 2]).mean([2, 4]);
}

function blurredAlong(planes: Tensor, axis: number): Tensor {
  const length = planes.shape[axis];
  const padded = padReflect(
    planes,
    axis === 1
      ? [
          [1, 1],
          [0, 0],
        ]
      : [[1, 1]],
  );
  return blur
    .map((weight, k) => padded.slice(planes.shape.map((_, i) => (i === axis ? [k, k + length] : null))).mul(weight))
    .reduce((a, b) => a.add(b));
}

/** Planes [n, height, width] at twice the size, bilinearly. */
export function doubled(planes: Tensor): Tensor {
  const [, height, width] = planes.shape;
  return resize(planes.expandDims(1), [2 * height, 2 * width]).squeeze(1);
}
