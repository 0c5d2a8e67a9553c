import { foldIn, normal } from '../../runtime/random/index.js';
import { isFloat, mapTree, type Tensor, zipTrees } from '../../tensor/index.js';
import { hasFilters, isParameter } from './weights.js';

/**
 * What a direction is scaled to:
 * - `filter`: each filter d_j to the norm of the filter theta_j that it moves, d_j ||theta_j|| / ||d_j||;
 * - `layer`: each tensor to the norm of the tensor that it moves;
 * - `weight`: elementwise d theta;
 * - `unitFilter`, `unitLayer`: filters or tensors of norm 1;
 * - `none`: as it is.
 */
export type DirectionNorm = 'filter' | 'layer' | 'weight' | 'unitFilter' | 'unitLayer' | 'none';

export interface DirectionOptions {
  /** Default `filter`. */
  readonly norm?: DirectionNorm;
  /**
   * What becomes of parameters of one axis or none (biases, scales and shifts of normalisation): `zero` does not move them, `copy` takes
   * d = theta, as the authors' code does unless told to ignore them. Default `zero`.
   */
  readonly vectors?: 'zero' | 'copy';
}

/**
 * A random direction through parameters, normal numbers scaled by {@link normalizeDirection}: by default filter by filter, so that the
 * picture of the loss along it does not change when a filter is scaled up and the next layer down. Two of them are nearly orthogonal in many
 * dimensions. Li et al. 2018, section 4 (arXiv 1712.09913).
 *
 * @param params a tree of tensors; buffers (running statistics) and integers are not moved.
 * @returns a tree of its structure.
 */
export function randomDirection<P>(params: P, key: Tensor, options: DirectionOptions = {}): P {
  let drawn = 0;
  const raw = mapTree(params, (leaf: Tensor) => {
    const each = foldIn(key, drawn++);
    if (!isFloat(leaf.dtype)) return leaf.zerosLike();
    return normal(each, leaf.shape, { dtype: leaf.dtype === 'float64' ? 'float64' : 'float32' });
  }) as P;
  return normalizeDirection(raw, params, options);
}

/**
 * A direction scaled against the parameters that it moves. A filter is what stands at one index of the first axis of a tensor of two axes or
 * more: [out, in, kh, kw] and [out, in] have one for each output, an embedding one for each row. A filter of zeros is moved nowhere by
 * `filter`; lengths in denominators are larger by 1e-10. Li et al. 2018, section 4.
 *
 * @param direction a tree of the structure of `params`.
 * @throws TypeError where the trees differ, or for an unknown option.
 */
export function normalizeDirection<P>(direction: P, params: P, options: DirectionOptions = {}): P {
  const { norm = 'filter', vectors = 'zero' } = options;
  if (vectors !== 'zero' && vectors !== 'copy')
    throw new TypeError(`normalizeDirection: vectors ${vectors} must be 'zero' or 'copy'`);
  const scale = scales[norm];
  if (!scale) throw new TypeError(`normalizeDirection: norm ${norm} must be ${Object.keys(scales).join(', ')}`);
  return zipTrees('normalizeDirection: direction', params, direction, (theta: Tensor, d: Tensor, path) => {
    if (hasFilters(path, theta)) return scale(d, theta);
    return isParameter(path, theta) && vectors === 'copy' ? theta : theta.zerosLike();
  }) as P;
}

const scales: Record<DirectionNorm, (d: Tensor, theta: Tensor) => Tensor> = {
  filter: (d, theta) => unit(d, filterAxes(d)).mul(length(theta, filterAxes(theta))),
  layer: (d, theta) => unit(d).mul(length(theta)),
  weight: (d, theta) => d.mul(theta),
  unitFilter: (d) => unit(d, filterAxes(d)),
  unitLayer: (d) => unit(d),
  none: (d) => d,
};

const filterAxes = (x: Tensor) => x.shape.slice(1).map((_, axis) => axis + 1);
const length = (x: Tensor, axes?: number[]) => x.square().sum(axes, { keepDims: true }).sqrt();
const unit = (d: Tensor, axes?: number[]) => d.div(length(d, axes).add(1e-10));

/**
 * The direction from one set of variables to another, `to` - `from`: along it the loss is at `from` for 0 and at `to` for 1. It moves running
 * statistics too, which belong to the weights at either end; integers it does not. Goodfellow et al. 2015 (arXiv 1412.6544).
 *
 * @throws TypeError where the trees differ.
 */
export function interpolationDirection<P>(from: P, to: P): P {
  return zipTrees('interpolationDirection: to', from, to, (a: Tensor, b: Tensor) =>
    isFloat(a.dtype) ? b.sub(a) : a.zerosLike(),
  ) as P;
}
