import { grad, valueAndGrad } from '../../autodiff/index.js';
import type { Minimizer } from '../minimizer.js';
import { applyUpdates, chain, type GradientTransformation } from '../transformation.js';
import { type LbfgsState, rowOf, type ScaleByLbfgsOptions, scaleByLbfgs, treeOf } from '../transformations/lbfgs.js';

/**
 * {@link scaleByLbfgs} with both gradients of a pair taken on one batch: y = g(w_k) - g(w_(k-1)) of the batch of step k, so that the noise
 * between batches is no part of it. Two gradients a step. Online L-BFGS: Schraudolph, Yu and Günter 2007, who take the pair of the batch before.
 *
 * @param rest what the direction goes through: the learning rate, a limit.
 * @throws RangeError where options do not fit.
 */
export function onlineLbfgs(rest: GradientTransformation, options: ScaleByLbfgsOptions = {}): Minimizer {
  const whole = chain(scaleByLbfgs(options), rest);
  return {
    init: whole.init,
    step: (objective, params, state) => {
      const [value, gradients] = valueAndGrad(objective)(params);
      const [pairs, others] = state as readonly [LbfgsState, unknown];
      // Before the first step there was none, and its gradient is not looked at.
      const earlier = rowOf(grad(objective)(treeOf(params, pairs.params)));
      const step = whole.update(gradients, [{ ...pairs, gradient: earlier }, others], params);
      return { params: applyUpdates(params, step.updates), state: step.state, value };
    },
  };
}
