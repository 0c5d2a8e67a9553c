import type { Tensor } from '../../tensor/index.js';
import { type GradientTransformation, map1, map2, zeroCount, zerosTree } from '../transformation.js';

export interface MomentumOptions {
  /** Share of the old velocity that stays, in [0, 1). */
  readonly momentum: number;
  /** Share of the gradient that is left out; the first step takes all of it, as in PyTorch. Default 0. */
  readonly dampening?: number;
  /** Look ahead: the update is g + momentum * velocity. Default false. */
  readonly nesterov?: boolean;
}

/**
 * Velocity v = momentum v + (1 - dampening) g, beginning with v = g; the update is v, or g + momentum v with Nesterov's. Sutskever et al.
 * 2013.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function trace({ momentum, dampening = 0, nesterov = false }: MomentumOptions): GradientTransformation {
  if (nesterov && (momentum <= 0 || dampening !== 0))
    throw new RangeError('trace: nesterov needs a momentum and no dampening');
  return {
    init: (params) => ({ velocity: zerosTree(params), ...(dampening !== 0 && { count: zeroCount(params) }) }),
    update: (gradients, state) => {
      const { velocity, count } = state as { velocity: typeof gradients; count?: Tensor };
      const taken = (g: Tensor) => (count ? count.equal(0).where(g, g.mul(1 - dampening)) : g);
      const next = map2(velocity, gradients, (v, g) => v.mul(momentum).add(taken(g)));
      const updates = nesterov ? map2(gradients, next, (g, v) => g.add(v.mul(momentum))) : next;
      return { updates, state: { velocity: next, ...(count && { count: count.add(1) }) } };
    },
  };
}

/** Weight decay as the gradient of (decay / 2) |p|^2: g + decay * p, for the parameters whose path `mask` accepts (all by default). */
export function addDecayedWeights(decay: number, mask: (path: string) => boolean = () => true): GradientTransformation {
  return {
    init: () => ({}),
    update: (gradients, state, params) => ({
      updates:
        decay === 0
          ? map1(gradients, (g) => g)
          : map2(gradients, params, (g, p, path) => (mask(path) ? g.add(p.mul(decay)) : g)),
      state,
    }),
  };
}
