import { type ScalarOrWithAux, valueAndGrad } from '../autodiff/index.js';
import { isTensor, type Tensor } from '../tensor/index.js';
import { applyUpdates, type GradientTransformation } from './transformation.js';

/** The loss of one batch as a function of the parameters: a scalar, or `[scalar, ...]` with what else comes out of the model. */
export type Objective<P, R extends ScalarOrWithAux = ScalarOrWithAux> = (params: P) => R;

export interface MinimizerStep<P, R> {
  readonly params: P;
  readonly state: unknown;
  /** What the objective returned at the parameters before the step. */
  readonly value: R;
}

/** What a step may be handed beside the loss; few minimizers ask for it. */
export interface StepInput<P> {
  /** Randomness of this step. */
  readonly key?: Tensor;
  /** The losses of the domains that the batch is made of, in an order drawn anew for each step. */
  readonly domains?: () => readonly Objective<P>[];
}

/**
 * An optimizer that is handed the loss itself, so that it may look at it in more places than one. Written in tensors: one step, however many
 * gradients it takes, is one program.
 */
export interface Minimizer {
  /** The state before the first step, of arrays for arrays and of tensors for tensors. */
  init(params: unknown): unknown;
  step<P, R extends ScalarOrWithAux>(
    objective: Objective<P, R>,
    params: P,
    state: unknown,
    input?: StepInput<P>,
  ): MinimizerStep<P, R>;
}

/** How a minimizer finds the direction that its base optimizer is given: a value of the objective, and a gradient. */
export type GradientRule = <P, R extends ScalarOrWithAux>(
  objective: Objective<P, R>,
  params: P,
  input?: StepInput<P>,
) => readonly [value: R, gradients: P];

/** An optimizer fed by a rule of its own for gradients. Momentum and moments see what the rule makes, nothing else. */
export function withGradients(base: GradientTransformation, rule: GradientRule): Minimizer {
  return {
    init: base.init,
    step: (objective, params, state, input) => {
      const [value, gradients] = rule(objective, params, input);
      const { updates, state: next } = base.update(gradients, state, params);
      return { params: applyUpdates(params, updates), state: next, value };
    },
  };
}

/** An optimizer that takes the gradient at the parameters. */
export const firstOrder = (base: GradientTransformation): Minimizer =>
  withGradients(base, (objective, params) => valueAndGrad(objective)(params));

/** The number of what an objective returns. */
export const scalarOf = (value: ScalarOrWithAux): Tensor => (isTensor(value) ? value : value[0]);
