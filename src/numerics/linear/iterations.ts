import { bernoulli, split } from '../../runtime/random/index.js';
import { dot, type Shape, showShape, stack, type Tensor } from '../../tensor/index.js';

/** A symmetric linear map, known by what it makes of vectors: a matrix product, or a Hessian-vector product. */
export type LinearMap = (v: Tensor) => Tensor;

function requireSteps(who: string, steps: number): void {
  if (!Number.isInteger(steps) || steps < 1) throw new RangeError(`${who}: steps ${steps} must be a positive integer`);
}

/** The eigenvalue of largest absolute value of a symmetric map and its vector, by `steps` multiplications from `start`. */
export function powerIteration(
  map: LinearMap,
  start: Tensor,
  { steps = 20 }: { readonly steps?: number } = {},
): { value: Tensor; vector: Tensor } {
  requireSteps('powerIteration', steps);
  const unit = (v: Tensor) => v.div(v.norm().maximum(1e-30));
  let vector = unit(start);
  for (let i = 0; i < steps; i++) vector = unit(map(vector));
  return { value: dot(vector, map(vector)), vector };
}

/**
 * Lanczos's tridiagonal form of a symmetric map on vectors [n]: after k steps the diagonal [k] and off-diagonal [k - 1] of T = Q^T A Q and the
 * orthonormal basis Q [k, n]. Every vector is made orthogonal to all earlier ones, twice, so that none of them comes back. When the space is
 * exhausted the remaining vectors and entries are 0.
 */
export function lanczos(
  map: LinearMap,
  start: Tensor,
  { steps }: { readonly steps: number },
): { diagonal: Tensor; offDiagonal: Tensor; basis: Tensor } {
  requireSteps('lanczos', steps);
  if (start.rank !== 1 || steps > start.shape[0])
    throw new RangeError(`lanczos: start ${showShape(start.shape)} must be a vector of at least ${steps} numbers`);
  const vectors: Tensor[] = [start.div(start.norm())];
  const diagonal: Tensor[] = [];
  const offDiagonal: Tensor[] = [];
  for (let k = 0; k < steps; k++) {
    let next = map(vectors[k]);
    diagonal.push(dot(vectors[k], next));
    if (k === steps - 1) break;
    for (let pass = 0; pass < 2; pass++) for (const q of vectors) next = next.sub(q.mul(dot(q, next)));
    const length = next.norm();
    const scale = diagonal
      .map((d) => d.abs())
      .reduce((a, b) => a.maximum(b))
      .maximum(1);
    const ended = length.lessEqual(scale.mul(start.dtype === 'float64' ? 1e-12 : 1e-5));
    offDiagonal.push(ended.where(0, length));
    vectors.push(ended.where(0, next.div(ended.where(1, length))));
  }
  return {
    diagonal: stack(diagonal),
    offDiagonal: offDiagonal.length > 0 ? stack(offDiagonal) : start.slice([[0, 0]]),
    basis: stack(vectors),
  };
}

/** An unbiased estimate of the trace of a map on tensors of `shape`: the mean of v . A v over random signs v. Hutchinson 1990. */
export function hutchinsonTrace(
  map: LinearMap,
  key: Tensor,
  shape: Shape,
  { samples = 10, dtype = 'float32' }: { readonly samples?: number; readonly dtype?: 'float32' | 'float64' } = {},
): Tensor {
  requireSteps('hutchinsonTrace', samples);
  const estimates = split(key, samples).map((each) => {
    const signs = bernoulli(each, shape).cast(dtype).mul(2).sub(1);
    return dot(signs, map(signs));
  });
  return stack(estimates).mean();
}

/**
 * x with A x = b for a symmetric positive definite map, by `steps` of conjugate gradients from 0. Once the residual is below `tolerance`
 * (default 1e-10) times |b| nothing moves any more. Hestenes and Stiefel 1952.
 */
export function conjugateGradient(
  map: LinearMap,
  b: Tensor,
  { steps, tolerance = 1e-10 }: { readonly steps: number; readonly tolerance?: number },
): Tensor {
  requireSteps('conjugateGradient', steps);
  let x = b.zerosLike();
  let residual = b;
  let direction = b;
  let square = dot(b, b);
  const enough = square.mul(tolerance * tolerance);
  for (let k = 0; k < steps; k++) {
    const image = map(direction);
    const curvature = dot(direction, image);
    const still = square.lessEqual(enough).or(curvature.lessEqual(0));
    const step = still.where(0, square.div(still.where(1, curvature)));
    x = x.add(direction.mul(step));
    residual = residual.sub(image.mul(step));
    const next = dot(residual, residual);
    direction = residual.add(direction.mul(still.where(0, next.div(still.where(1, square)))));
    square = next;
  }
  return x;
}
