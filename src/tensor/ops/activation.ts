import { apply, type Operator, type Tensor } from '../tensor.js';
import { requireFloat } from './constant.js';

const Gelu: Operator<{ approximate: string }> = {
  type: 'Gelu',
  domain: '',
  infer: ([x]) => {
    requireFloat('gelu', 'x', x);
    return { shape: x.shape, dtype: x.dtype };
  },
  vjp: ([ct], { inputs: [x], attributes: { approximate } }) => {
    if (approximate === 'tanh') {
      const inner = tanhArgument(x);
      const t = inner.tanh();
      const slope = x
        .square()
        .mul(3 * cubic)
        .add(1)
        .mul(Math.sqrt(2 / Math.PI));
      return [
        ct.mul(
          t
            .add(1)
            .mul(0.5)
            .add(x.mul(0.5).mul(t.square().neg().add(1)).mul(slope)),
        ),
      ];
    }
    const cumulative = x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
    const density = x
      .square()
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI));
    return [ct.mul(cumulative.add(x.mul(density)))];
  },
};

const cubic = 0.044715;

function tanhArgument(x: Tensor): Tensor {
  return x.mul(x.square().mul(cubic).add(1)).mul(Math.sqrt(2 / Math.PI));
}

/**
 * Gaussian error linear unit, x * Phi(x) with the normal distribution function Phi; `tanh` takes the approximation
 * x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). Hendrycks and Gimpel 2016.
 */
export function gelu(x: Tensor, options: { readonly approximate?: 'none' | 'tanh' } = {}): Tensor {
  return apply(Gelu, [x], { approximate: options.approximate ?? 'none' });
}

/** x * sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => x.mul(x.sigmoid());

/** x * tanh(softplus(x)). */
export const mish = (x: Tensor): Tensor => x.mul(x.softplus().tanh());

/** x where positive, else `slope` * x (default 0.01). */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  return x.greater(0).where(x, x.mul(slope));
}

/** x where positive, else alpha (e^x - 1) (default alpha 1). */
export function elu(x: Tensor, alpha = 1): Tensor {
  return x.greater(0).where(x, x.minimum(0).expm1().mul(alpha));
}

/** Self-normalising ELU: scale 1.0507..., alpha 1.6732... (Klambauer et al. 2017). */
export function selu(x: Tensor): Tensor {
  return elu(x, 1.6732632423543772).mul(1.0507009873554805);
}

/** max(x, 0) + min(0, alpha (e^(x/alpha) - 1)) (default alpha 1). */
export function celu(x: Tensor, alpha = 1): Tensor {
  return x.greater(0).where(x, x.minimum(0).div(alpha).expm1().mul(alpha));
}

/** clip(x, 0, 6). */
export const relu6 = (x: Tensor): Tensor => x.clip(0, 6);

/** clip(x/6 + 1/2, 0, 1). */
export const hardSigmoid = (x: Tensor): Tensor => x.div(6).add(0.5).clip(0, 1);

/** x * hardSigmoid(x). */
export const hardSwish = (x: Tensor): Tensor => x.mul(hardSigmoid(x));

/** x / (1 + |x|). */
export const softsign = (x: Tensor): Tensor => x.div(x.abs().add(1));
