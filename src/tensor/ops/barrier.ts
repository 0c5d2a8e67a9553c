import { apply, applyAll, type Operator, type Spec, type Tensor } from '../tensor.js';

/**
 * Nodes that mean something to differentiation and nothing to the numbers: compilation replaces each by its first inputs.
 */

const specOf = (x: Tensor): Spec => ({ shape: x.shape, dtype: x.dtype });

/**
 * A new name for a value. `grad` differentiates with respect to an alias of its argument, so that other uses of the same
 * value, such as a closure over it, do not count.
 */
export const Alias: Operator = {
  type: 'Alias',
  domain: 'cotangent',
  distinct: true,
  infer: ([x]) => specOf(x),
  vjp: ([ct]) => [ct],
};

export function alias(x: Tensor): Tensor {
  return apply(Alias, [x], {});
}

const StopGradient: Operator = {
  type: 'StopGradient',
  domain: 'cotangent',
  infer: ([x]) => specOf(x),
  simplify: ([x]) => (x.node.operator === StopGradient || x.node.operator.type === 'Constant' ? x : undefined),
};

/** `x`, taken as a constant by differentiation. */
export function stopGradient(x: Tensor): Tensor {
  return apply(StopGradient, [x], {});
}

/**
 * `values`, computed from `inputs`, with a derivative of their own: `pullback` maps the cotangents of the values (zeros where no
 * one uses a value) to those of the inputs, `undefined` meaning zero. Gradients flow to `inputs` alone. It is also given the results, whose
 * own derivative is again this one, for rules that are written with them.
 */
export function withPullback(
  values: readonly Tensor[],
  inputs: readonly Tensor[],
  pullback: (cotangents: Tensor[], results: readonly Tensor[]) => readonly (Tensor | undefined)[],
): readonly Tensor[] {
  const operator: Operator = {
    type: 'CustomGradient',
    domain: 'cotangent',
    distinct: true,
    infer: (all) => all.slice(0, values.length).map(specOf),
    vjp: (cts, { outputs }) => {
      const cotangents = values.map((value, i) => cts[i] ?? value.zerosLike());
      return [...values.map(() => undefined), ...pullback(cotangents, outputs)];
    },
  };
  return applyAll(operator, [...values, ...inputs], {});
}

/** Whether compilation takes a node away, its outputs becoming its first inputs. */
export function isBarrier(operator: Operator): boolean {
  return operator.domain === 'cotangent' && !operator.run && !operator.inOnnx && operator.type !== 'Input';
}
