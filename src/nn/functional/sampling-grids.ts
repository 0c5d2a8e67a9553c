import { LuDecomposition, Matrix } from 'ml-matrix';
import { affineGrid, constant, linspace, type Shape, showShape, stack, type Tensor } from '../../tensor/index.js';

export interface GridOptions {
  /** Whether -1 and 1 are the centres of the corner pixels (true, the default, as in the paper) or their outer edges. */
  readonly alignCorners?: boolean;
}

/** @throws RangeError unless theta is [n, parameters] and the size two lengths. */
function requireParameters(who: string, theta: Tensor, count: number, size: Shape): void {
  if (theta.rank !== 2 || theta.shape[1] !== count)
    throw new RangeError(`${who}: theta ${showShape(theta.shape)} must be [n, ${count}]`);
  if (size.length !== 2 || size.some((n) => !Number.isInteger(n) || n < 1))
    throw new RangeError(`${who}: size ${showShape(size)} must be a height and a width`);
}

/** Columns of theta [n, p], each [n]. */
const columns = (theta: Tensor): Tensor[] => Array.from({ length: theta.shape[1] }, (_, i) => theta.at(i, 1));

/** The grid of the rows (a, b, c) and (d, e, f), x = a x_t + b y_t + c and y = d x_t + e y_t + f, each [n]. */
function affineOf(rows: readonly (readonly Tensor[])[], size: Shape, { alignCorners = true }: GridOptions): Tensor {
  const matrix = stack(
    rows.map((row) => stack([...row], 1)),
    1,
  );
  return affineGrid(matrix, [matrix.shape[0], 1, ...size], { alignCorners });
}

/** Positions (x, y) of the pixels of an image in [-1, 1], each [height * width]; a side of one pixel is at 0. */
function targets([height, width]: Shape, dtype: Tensor['dtype'], alignCorners: boolean): [x: Tensor, y: Tensor] {
  const along = (length: number): Tensor => {
    const edge = alignCorners ? 1 : 1 - 1 / length;
    return length === 1 ? constant([0], dtype) : linspace(-edge, edge, length, dtype as 'float32');
  };
  const over = (axis: Tensor): Tensor => axis.broadcastTo([height, width]).reshape([height * width]);
  return [over(along(width)), over(along(height).expandDims(1))];
}

/**
 * Grids for `gridSample` that crop, zoom and shift: x = s x_t + t_x, y = s y_t + t_y with theta = (s, t_x, t_y). |s| < 1 zooms in. Jaderberg
 * et al. 2015.
 *
 * @param theta [n, 3].
 * @param size height and width of what is sampled.
 * @returns [n, height, width, 2].
 * @throws RangeError where shapes do not fit.
 */
export function attentionGrid(theta: Tensor, size: Shape, options: GridOptions = {}): Tensor {
  requireParameters('attentionGrid', theta, 3, size);
  const [s, x, y] = columns(theta);
  const zero = s.zerosLike();
  return affineOf(
    [
      [s, zero, x],
      [zero, s, y],
    ],
    size,
    options,
  );
}

/**
 * Grids that turn, zoom and shift: A = [[s cos a, -s sin a, t_x], [s sin a, s cos a, t_y]] with theta = (s, a, t_x, t_y), a in radians.
 *
 * @param theta [n, 4].
 * The size, what is returned and what is thrown are those of {@link attentionGrid}.
 */
export function similarityGrid(theta: Tensor, size: Shape, options: GridOptions = {}): Tensor {
  requireParameters('similarityGrid', theta, 4, size);
  const [s, a, x, y] = columns(theta);
  const [cos, sin] = [a.cos().mul(s), a.sin().mul(s)];
  return affineOf(
    [
      [cos, sin.neg(), x],
      [sin, cos, y],
    ],
    size,
    options,
  );
}

/**
 * Grids in perspective: z = H (x_t, y_t, 1), x = z_0 / z_2, y = z_1 / z_2, with H the rows of theta, its last entry 1. Where |z_2| is below
 * 1e-6 that takes its place, with its sign.
 *
 * @param theta [n, 8].
 * The size, what is returned and what is thrown are those of {@link attentionGrid}.
 */
export function projectiveGrid(theta: Tensor, size: Shape, { alignCorners = true }: GridOptions = {}): Tensor {
  requireParameters('projectiveGrid', theta, 8, size);
  const [x, y] = targets(size, theta.dtype, alignCorners);
  const h = columns(theta).map((column) => column.expandDims(1));
  const row = (i: number): Tensor => h[3 * i].mul(x).add(h[3 * i + 1].mul(y));
  const depth = row(2).add(1);
  const least = depth.less(0).where(depth.zerosLike().sub(1e-6), 1e-6);
  const kept = depth.abs().less(1e-6).where(least, depth);
  const position = [row(0).add(h[2]), row(1).add(h[5])].map((z) => z.div(kept));
  return stack(position, 2).reshape([theta.shape[0], ...size, 2]);
}

/** Control points in [-1, 1]^2, (x, y) each, in rows. */
export type ControlPoints = readonly (readonly [x: number, y: number])[];

/** side x side control points, evenly spread from corner to corner. */
export function controlGrid(side: number): ControlPoints {
  if (!Number.isInteger(side) || side < 2) throw new RangeError(`controlGrid: side ${side} must be an integer from 2`);
  const along = (i: number) => -1 + (2 * i) / (side - 1);
  return Array.from({ length: side * side }, (_, k) => [along(k % side), along(Math.floor(k / side))] as const);
}

/**
 * Grids of thin-plate splines: the smoothest map that takes each control point c_k to its image d_k,
 *
 *   q -> sum over k of w_k phi(|q - c_k|) + a_0 + a_1 x + a_2 y,   phi(r) = r^2 log r,
 *
 * with sum w_k = 0 and sum w_k c_k = 0. It is linear in the images: the grid is a constant matrix times them. Jaderberg et al. 2015; Bookstein
 * 1989.
 *
 * @param images [n, points, 2], (x, y) of each control point.
 * The size and what is returned are those of {@link attentionGrid}.
 * @throws RangeError where shapes do not fit, there are fewer than three control points, or they lie on one line.
 */
export function thinPlateSplineGrid(
  images: Tensor,
  size: Shape,
  { controlPoints, alignCorners = true }: GridOptions & { readonly controlPoints: ControlPoints },
): Tensor {
  const count = controlPoints.length;
  if (images.rank !== 3 || images.shape[1] !== count || images.shape[2] !== 2)
    throw new RangeError(
      `thinPlateSplineGrid: images ${showShape(images.shape)} must be [n, ${count}, 2] for ${count} control points`,
    );
  requireParameters('thinPlateSplineGrid', images.reshape([images.shape[0], 2 * count]), 2 * count, size);
  const [x, y] = targets(size, images.dtype, alignCorners);
  const radial = (dx: Tensor, dy: Tensor): Tensor => {
    const squared = dx.square().add(dy.square());
    // r^2 log r = r^2 log(r^2) / 2, 0 at 0.
    return squared.mul(squared.equal(0).where(1, squared).log()).mul(0.5);
  };
  const terms = [...controlPoints.map(([cx, cy]) => radial(x.sub(cx), y.sub(cy))), x.onesLike(), x, y];
  const solution = constant(splineMatrix(controlPoints), images.dtype);
  return stack(terms, 1)
    .matmul(solution.matmul(images))
    .reshape([images.shape[0], ...size, 2]);
}

/** The coefficients [points + 3, points] of the spline as a linear map of the images of its control points: columns of the inverse of its system. */
function splineMatrix(points: ControlPoints): number[][] {
  const count = points.length;
  const order = count + 3;
  const phi = ([ax, ay]: readonly [number, number], [bx, by]: readonly [number, number]) => {
    const squared = (ax - bx) ** 2 + (ay - by) ** 2;
    return squared === 0 ? 0 : (squared * Math.log(squared)) / 2;
  };
  const rows = Array.from({ length: order }, (_, i) =>
    Array.from({ length: order }, (_, j) => {
      if (i < count && j < count) return phi(points[i], points[j]);
      if (i >= count && j >= count) return 0;
      const [point, term] = i < count ? [points[i], j - count] : [points[j], i - count];
      return [1, point[0], point[1]][term];
    }),
  );
  const system = new LuDecomposition(new Matrix(rows));
  const inverse = count >= 3 && !system.isSingular() ? system.solve(Matrix.eye(order)).to2DArray() : [[Infinity]];
  if (inverse.some((row) => row.some((v) => !(Math.abs(v) < 1e12))))
    throw new RangeError(`thinPlateSplineGrid: ${count} control points must be three or more, not on one line`);
  return inverse.map((row) => row.slice(0, count));
}
