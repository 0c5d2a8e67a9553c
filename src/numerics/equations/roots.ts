import { customGradient, grad, vjp } from '../../autodiff/index.js';
import type { Tensor } from '../../tensor/index.js';

/** A function of one unknown and of parameters, applied elementwise: every element is an equation of its own. */
export type Equation = (x: Tensor, parameters: Tensor) => Tensor;

/** The derivative of the roots x(p) of f(x, p) = 0 by the implicit function theorem: dx/dp = -(df/dp) / (df/dx). */
function withImplicitDerivative(f: Equation, find: (parameters: Tensor) => Tensor): (parameters: Tensor) => Tensor {
  return customGradient(find, (ct, [parameters], root) => {
    const slope = grad((x: Tensor) => f(x, parameters).sum())(root);
    const [, pull] = vjp((p: Tensor) => f(root, p), parameters);
    return [pull(ct.div(slope).neg())];
  });
}

/**
 * The roots of f(x, parameters) = 0 between `low` and `high`, where f has opposite signs, halving the interval `steps` times (default 60).
 * Differentiable with respect to the parameters.
 */
export function bisection(
  f: Equation,
  parameters: Tensor,
  low: Tensor,
  high: Tensor,
  { steps = 60 }: { readonly steps?: number } = {},
): Tensor {
  return withImplicitDerivative(f, (p) => {
    let [a, b] = [low, high];
    const rising = f(b, p).greater(0);
    for (let i = 0; i < steps; i++) {
      const middle = a.add(b).mul(0.5);
      const beyond = f(middle, p).greater(0).equal(rising);
      b = beyond.where(middle, b);
      a = beyond.where(a, middle);
    }
    return a.add(b).mul(0.5);
  })(parameters);
}

/** The roots of f(x, parameters) = 0 near `start`, by `steps` of Newton's method (default 20). Differentiable with respect to the parameters. */
export function newton(
  f: Equation,
  parameters: Tensor,
  start: Tensor,
  { steps = 20 }: { readonly steps?: number } = {},
): Tensor {
  return withImplicitDerivative(f, (p) => {
    let x = start;
    for (let i = 0; i < steps; i++) x = x.sub(f(x, p).div(grad((at: Tensor) => f(at, p).sum())(x)));
    return x;
  })(parameters);
}

/**
 * y(end) for dy/dt = f(y, t) and y(start) = y0, by `steps` steps of Runge and Kutta's classical method of order four. The derivative goes
 * through the steps.
 */
export function rungeKutta4(
  f: (y: Tensor, t: number) => Tensor,
  y0: Tensor,
  { start = 0, end = 1, steps }: { readonly start?: number; readonly end?: number; readonly steps: number },
): Tensor {
  if (!Number.isInteger(steps) || steps < 1)
    throw new RangeError(`rungeKutta4: steps ${steps} must be a positive integer`);
  const h = (end - start) / steps;
  let y = y0;
  for (let i = 0; i < steps; i++) {
    const t = start + i * h;
    const k1 = f(y, t);
    const k2 = f(y.add(k1.mul(h / 2)), t + h / 2);
    const k3 = f(y.add(k2.mul(h / 2)), t + h / 2);
    const k4 = f(y.add(k3.mul(h)), t + h);
    y = y.add(
      k1
        .add(k2.add(k3).mul(2))
        .add(k4)
        .mul(h / 6),
    );
  }
  return y;
}
