import type { Tensor } from '../../tensor/index.js';
import { type GradientTransformation, map1, map2, zeroCount, zerosTree } from '../transformation.js';

export interface AdamOptions {
  /** Decay of the mean of gradients. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of their squares. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Divide by the largest mean of squares so far (Reddi et al. 2018). Default false. */
  readonly amsgrad?: boolean;
}

/**
 * Adam's direction (Kingma and Ba 2015, algorithm 1): m / (1 - beta1^t) over sqrt(v / (1 - beta2^t)) + epsilon, with m and v the decaying
 * means of the gradients and of their squares. Computed as m / (sqrt(v) + epsilon c) * c / (1 - beta1^t) with c = sqrt(1 - beta2^t).
 * @throws RangeError where arguments or options do not fit.
 */
export function scaleByAdam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  amsgrad = false,
}: AdamOptions = {}): GradientTransformation {
  for (const [name, beta] of Object.entries({ beta1, beta2 }))
    if (!(beta >= 0 && beta < 1)) throw new RangeError(`adam: ${name} ${beta} must lie in [0, 1)`);
  return {
    init: (params) => ({
      count: zeroCount(params),
      mean: zerosTree(params),
      square: zerosTree(params),
      ...(amsgrad && { largest: zerosTree(params) }),
    }),
    update: (gradients, state) => {
      type P = typeof gradients;
      const { count, mean, square, largest } = state as { count: Tensor; mean: P; square: P; largest?: P };
      const t = count.add(1);
      const m = map2(mean, gradients, (old, g) => old.mul(beta1).add(g.mul(1 - beta1)));
      const v = map2(square, gradients, (old, g) => old.mul(beta2).add(g.square().mul(1 - beta2)));
      const peak = largest && map2(largest, v, (a, b) => a.maximum(b));
      // In double precision: beta^t of a few steps is close to 1.
      const correction = (beta: number) => t.cast('float64').mul(Math.log(beta)).exp().neg().add(1);
      const [ofMean, ofRoot] = [
        beta1 === 0 ? undefined : correction(beta1),
        beta2 === 0 ? undefined : correction(beta2).sqrt(),
      ];
      const times = (x: Tensor, by: Tensor | undefined) => (by ? x.mul(by.cast(x.dtype)) : x);
      // Both corrections are numbers: taken out of the quotient they cost one pass over the parameters where dividing by each costs two.
      const factor = ofMean ? (ofRoot?.div(ofMean) ?? ofMean.reciprocal()) : ofRoot;
      const floor = (b: Tensor) => (ofRoot ? ofRoot.mul(epsilon).cast(b.dtype) : epsilon);
      const updates = map2(m, peak ?? v, (a, b) => times(a.div(b.sqrt().add(floor(b))), factor));
      return { updates, state: { count: t, mean: m, square: v, ...(peak && { largest: peak }) } };
    },
  };
}

export interface RmsOptions {
  /** Decay of the mean of squares. Default 0.99. */
  readonly decay?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** g / (sqrt(mean of g^2) + epsilon), the mean decaying. Tieleman and Hinton 2012. */
export function scaleByRms({ decay = 0.99, epsilon = 1e-8 }: RmsOptions = {}): GradientTransformation {
  return {
    init: (params) => ({ square: zerosTree(params) }),
    update: (gradients, state) => {
      const square = map2((state as { square: typeof gradients }).square, gradients, (old, g) =>
        old.mul(decay).add(g.square().mul(1 - decay)),
      );
      return { updates: map2(gradients, square, (g, s) => g.div(s.sqrt().add(epsilon))), state: { square } };
    },
  };
}

/** g / (sqrt(sum of g^2) + epsilon), the sum over all steps so far. Duchi, Hazan and Singer 2011. Epsilon default 1e-10. */
export function scaleByAdagrad({ epsilon = 1e-10 }: { readonly epsilon?: number } = {}): GradientTransformation {
  return {
    init: (params) => ({ total: zerosTree(params) }),
    update: (gradients, state) => {
      const total = map2((state as { total: typeof gradients }).total, gradients, (old, g) => old.add(g.square()));
      return { updates: map2(gradients, total, (g, s) => g.div(s.sqrt().add(epsilon))), state: { total } };
    },
  };
}

/** Leaves gradients as they are: a place holder in chains. */
export const identity: GradientTransformation = {
  init: () => ({}),
  update: (gradients, state) => ({ updates: map1(gradients, (g) => g), state }),
};
