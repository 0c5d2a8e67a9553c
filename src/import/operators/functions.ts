import { isFloat, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';

function unary(type: string, fn: (x: Tensor, call: OperatorCall) => Tensor, note?: string): OnnxOperator {
  return { type, gradient: 'yes', note, build: (call) => fn(call.tensor(0), call) };
}

function flat(type: string, fn: (x: Tensor) => Tensor): OnnxOperator {
  return { type, gradient: 'none', build: (call) => fn(call.tensor(0)) };
}

/** x where positive, else alpha (e^x - 1). */
const exponentialUnit = (x: Tensor, alpha: number) => x.greater(0).where(x, x.minimum(0).expm1().mul(alpha));

const leaky = (x: Tensor, slope: Tensor | number) => x.less(0).where(x.mul(slope), x);

/** One slope for all, or slopes that broadcast; before version 7 one a channel. */
function parametric(call: OperatorCall): Tensor {
  const [x, slope] = [call.tensor(0), call.tensor(1)];
  const perChannel = slope.rank === 1 && slope.size > 1 && x.rank > 1 && call.version < 7;
  return leaky(x, perChannel ? slope.reshape([-1, ...x.shape.slice(2).map(() => 1)]) : slope);
}

function clip(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  if (call.version < 11) {
    const low = call.has('min') ? call.float('min', 0) : undefined;
    return x.clip(low, call.has('max') ? call.float('max', 0) : undefined);
  }
  const [low, high] = [call.optional(1), call.optional(2)];
  // Limits that only the program knows, or that cross: minimum of maximum, as ONNX defines it.
  const bounded = low ? x.less(low).where(low, x) : x;
  return high ? bounded.greater(high).where(high, bounded) : bounded;
}

function gelu(x: Tensor, call: OperatorCall): Tensor {
  return x.gelu({ approximate: call.string('approximate', 'none') === 'tanh' ? 'tanh' : 'none' });
}

function isInf(x: Tensor, call: OperatorCall): Tensor {
  const [up, down] = [call.integer('detect_positive', 1), call.integer('detect_negative', 1)];
  if (up && down) return x.isInf();
  if (!up && !down) return x.isInf().and(false);
  return x.isInf().and(up ? x.greater(0) : x.less(0));
}

/** Functions of one tensor, elementwise. */
export const functions: readonly OnnxOperator[] = [
  unary('Neg', (x) => x.neg()),
  unary('Abs', (x) => x.abs(), '0 at 0'),
  unary('Reciprocal', (x) => x.reciprocal()),
  unary('Sqrt', (x) => x.sqrt(), 'infinite at 0'),
  unary('Exp', (x) => x.exp()),
  unary('Log', (x) => x.log()),
  unary('Sin', (x) => x.sin()),
  unary('Cos', (x) => x.cos()),
  unary('Tan', (x) => x.tan()),
  unary('Asin', (x) => x.asin()),
  unary('Acos', (x) => x.acos()),
  unary('Atan', (x) => x.atan()),
  unary('Sinh', (x) => x.sinh()),
  unary('Cosh', (x) => x.cosh()),
  unary('Tanh', (x) => x.tanh()),
  unary('Asinh', (x) => x.asinh()),
  unary('Acosh', (x) => x.acosh()),
  unary('Atanh', (x) => x.atanh()),
  unary('Erf', (x) => x.erf()),
  unary('Sigmoid', (x) => x.sigmoid()),
  unary('Relu', (x) => (isFloat(x.dtype) ? x.relu() : x.maximum(0)), '0 at 0'),
  unary('LeakyRelu', (x, call) => leaky(x, call.float('alpha', 0.01)), '1 at 0'),
  { type: 'PRelu', gradient: 'yes', note: '1 at 0', build: parametric },
  unary('ThresholdedRelu', (x, call) => x.greater(call.float('alpha', 1)).where(x, 0), '0 at the threshold'),
  unary('Elu', (x, call) => exponentialUnit(x, call.float('alpha', 1))),
  unary('Selu', (x, call) =>
    exponentialUnit(x, call.float('alpha', 1.6732631921768188)).mul(call.float('gamma', 1.0507010221481323)),
  ),
  unary('Celu', (x, call) => x.celu(call.float('alpha', 1))),
  unary('Gelu', gelu),
  unary(
    'HardSigmoid',
    (x, call) => x.mul(call.float('alpha', 0.2)).add(call.float('beta', 0.5)).clip(0, 1),
    '1 at its limits',
  ),
  unary('HardSwish', (x) => x.mul(x.div(6).add(0.5).clip(0, 1)), 'that of its clip'),
  unary('Mish', (x) => x.mish()),
  unary('Swish', (x, call) => x.mul(x.mul(call.float('alpha', 1)).sigmoid())),
  unary('Softplus', (x) => x.softplus()),
  unary('Softsign', (x) => x.softsign()),
  unary(
    'Shrink',
    (x, call) => {
      const [limit, bias] = [call.float('lambd', 0.5), call.float('bias', 0)];
      return x.less(-limit).where(x.add(bias), x.greater(limit).where(x.sub(bias), x.zerosLike()));
    },
    '0 between the limits and at them',
  ),
  { type: 'Clip', gradient: 'yes', controls: [1, 2], note: '1 at its limits', build: clip },
  flat('Sign', (x) => x.sign()),
  flat('Floor', (x) => x.floor()),
  flat('Ceil', (x) => x.ceil()),
  flat('Round', (x) => x.round()),
  flat('IsNaN', (x) => x.isNaN()),
  { type: 'IsInf', gradient: 'none', build: (call) => isInf(call.tensor(0), call) },
];
