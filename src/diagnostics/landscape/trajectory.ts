import { eigh, mapTree, pseudoInverse, showShape, stack, type Tensor } from '../../tensor/index.js';
import { leavesOf } from '../../tensor/tree.js';
import type { DirectionOptions } from './directions.js';
import { flattened, hasFilters, isParameter } from './weights.js';

export interface PrincipalDirections<P> {
  /** Two orthogonal directions of length 1, trees of the structure of the variables. Their signs are arbitrary. */
  readonly directions: readonly [P, P];
  /** The share of the variance of the checkpoints that lies along each, [2]; 0 where they do not vary. */
  readonly explained: Tensor;
}

/**
 * The plane in which training moved most: the first two principal components of theta_i - theta_n over checkpoints i, centred by their mean.
 * Their direction is found from the inner products of checkpoints, which costs O(checkpoints^2 parameters). Where the checkpoints span less
 * than a plane, what is missing is a direction of zeros. Li et al. 2018, section 7.
 *
 * @param checkpoints trees of tensors, at least 3, of the structure of `final`.
 * @param options `vectors`: whether parameters of one axis or none take part (`copy`) or not (`zero`, the default).
 * @throws RangeError for fewer than 3 checkpoints, TypeError where trees differ.
 */
export function principalDirections<P>(
  checkpoints: readonly P[],
  final: P,
  options: Pick<DirectionOptions, 'vectors'> = {},
): PrincipalDirections<P> {
  if (checkpoints.length < 3)
    throw new RangeError(`principalDirections: ${checkpoints.length} checkpoints; there must be at least 3`);
  const path = pathOf('principalDirections', checkpoints, final, options);
  const centred = path.sub(path.mean(0));
  const [values, vectors] = eigh(centred.matmul(centred.transpose()));
  const total = centred.square().sum();
  const component = (k: number) => {
    // What is left of variances of 0 by rounding is no direction.
    const variance = values.at(-k);
    const none = variance.lessEqual(total.mul(path.dtype === 'float64' ? 1e-14 : 1e-6));
    const direction = vectors.at(-k, 1).matmul(centred).div(none.where(1, variance).sqrt());
    return {
      direction: treeOf(none.where(0, direction), final, options),
      explained: none.where(0, variance.div(none.where(1, total))),
    };
  };
  const [first, second] = [component(1), component(2)];
  return {
    directions: [first.direction, second.direction],
    explained: stack([first.explained, second.explained]),
  };
}

/**
 * Where checkpoints lie along two directions, each by itself: <theta_i - theta_n, d> / ||d||, [checkpoints, 2]. Right for directions that are
 * orthogonal; for others {@link fitTrajectory}. A direction of zeros has coordinates 0.
 *
 * Arguments as for {@link principalDirections}.
 */
export function projectTrajectory<P>(
  checkpoints: readonly P[],
  final: P,
  directions: readonly [P, P],
  options: Pick<DirectionOptions, 'vectors'> = {},
): Tensor {
  const path = pathOf('projectTrajectory', checkpoints, final, options);
  const axes = axesOf('projectTrajectory', directions, final, options);
  const lengths = axes.square().sum(1).sqrt();
  const none = lengths.equal(0);
  return none.where(0, path.matmul(axes.transpose()).div(none.where(1, lengths)));
}

/**
 * The coordinates of checkpoints in the plane of two directions, [checkpoints, 2]: the least squares solution of
 * theta_i - theta_n = x d1 + y d2, in units of the directions, which need not be orthogonal. Of directions that are parallel both take a share.
 *
 * Arguments as for {@link principalDirections}.
 */
export function fitTrajectory<P>(
  checkpoints: readonly P[],
  final: P,
  directions: readonly [P, P],
  options: Pick<DirectionOptions, 'vectors'> = {},
): Tensor {
  const path = pathOf('fitTrajectory', checkpoints, final, options);
  const axes = axesOf('fitTrajectory', directions, final, options);
  return path.matmul(axes.transpose()).matmul(pseudoInverse(axes.matmul(axes.transpose())));
}

type Chosen = Pick<DirectionOptions, 'vectors'>;

/** theta_i - theta_n, a row each. */
function pathOf(who: string, checkpoints: readonly unknown[], final: unknown, options: Chosen): Tensor {
  const end = vectorOf(who, final, options);
  return stack(checkpoints.map((at) => sameSize(who, vectorOf(who, at, options), end).sub(end)));
}

function axesOf(who: string, directions: readonly unknown[], final: unknown, options: Chosen): Tensor {
  const end = vectorOf(who, final, options);
  return stack(directions.map((each) => sameSize(who, vectorOf(who, each, options), end)));
}

function sameSize(who: string, x: Tensor, like: Tensor): Tensor {
  if (x.size !== like.size)
    throw new RangeError(
      `${who}: trees of ${showShape(x.shape)} and ${showShape(like.shape)} parameters must be alike`,
    );
  return x;
}

function takesPart({ vectors = 'zero' }: Chosen): (path: string, leaf: Tensor) => boolean {
  return vectors === 'copy' ? isParameter : hasFilters;
}

function vectorOf(who: string, tree: unknown, options: Chosen): Tensor {
  const chosen = takesPart(options);
  return flattened(
    who,
    leavesOf<Tensor>(tree).flatMap(({ path, value }) => (chosen(path, value) ? [value] : [])),
  );
}

/** The tree of `like`'s structure with the numbers of a vector in the leaves that take part and zeros elsewhere. */
function treeOf<P>(vector: Tensor, like: P, options: Chosen): P {
  const chosen = takesPart(options);
  let next = 0;
  return mapTree(like, (leaf: Tensor, path) => {
    if (!chosen(path, leaf)) return leaf.zerosLike();
    next += leaf.size;
    return vector.slice([[next - leaf.size, next]]).reshape(leaf.shape);
  }) as P;
}
