import type { NDArray } from '../array.js';
import { allocate, type DType, isFloat } from '../dtype.js';
import { broadcastShapes, sameShape } from '../shape.js';
import { apply, constantOf, type Inputs, type Operator, type Spec, type Tensor } from '../tensor.js';
import { withPullback } from './barrier.js';
import {
  asTensor,
  constant,
  requireArithmetic,
  requireFloat,
  sameDType,
  splatOf,
  type TensorLike,
} from './constant.js';

/** How arithmetic on single-valued constants is done at trace time, in the precision of their dtype. */
type Fold = (...values: number[]) => number;

function folded(inputs: Inputs, spec: Spec, fold: Fold | undefined): Tensor | undefined {
  if (!fold || spec.dtype === 'int64') return undefined;
  const values = inputs.map(splatOf);
  if (values.some((value) => value === undefined)) return undefined;
  const data = allocate(spec.dtype, 1);
  data[0] = fold(...(values as number[]));
  return constant({ data, shape: [], dtype: spec.dtype } as NDArray).broadcastTo(spec.shape);
}

/** An operator of one float input: `y = f(x)` and what its derivative multiplies the cotangent by. */
function unary(
  type: string,
  vjp?: (ct: Tensor, x: Tensor, y: Tensor) => Tensor,
  fold?: Fold,
  accepts: (dtype: DType) => boolean = isFloat,
): Operator {
  const infer = ([x]: Inputs): Spec => {
    if (!accepts(x.dtype)) throw new TypeError(`${type}: ${x.dtype} is not supported; cast it first`);
    return { shape: x.shape, dtype: x.dtype };
  };
  return {
    type,
    domain: '',
    infer,
    vjp: vjp && (([ct], { inputs: [x], output }) => [isFloat(x.dtype) ? vjp(ct, x, output) : undefined]),
    simplify: (inputs) => folded(inputs, infer(inputs), fold),
  };
}

const numeric = (dtype: DType) => dtype !== 'bool';
const signed = (dtype: DType) => numeric(dtype) && dtype !== 'uint8';

export const Neg: Operator = {
  ...unary(
    'Neg',
    (ct) => ct.neg(),
    (x) => -x,
    signed,
  ),
  simplify: (inputs) =>
    inputs[0].node.operator.type === 'Neg'
      ? inputs[0].node.inputs[0]
      : folded(inputs, { shape: inputs[0].shape, dtype: inputs[0].dtype }, (x) => -x),
};
const Abs = unary('Abs', (ct, x) => ct.mul(x.sign()), Math.abs, numeric);
const Sign = unary('Sign', undefined, Math.sign, numeric);
const Floor = unary('Floor', undefined, Math.floor);
const Ceil = unary('Ceil', undefined, Math.ceil);
const Round = unary('Round');
const Exp = unary('Exp', (ct, _, y) => ct.mul(y));
const Log = unary('Log', (ct, x) => ct.div(x));
const Sqrt = unary('Sqrt', (ct, _, y) => ct.div(y.mul(2)), Math.sqrt);
const Reciprocal = unary(
  'Reciprocal',
  (ct, _, y) => ct.mul(y).mul(y).neg(),
  (x) => 1 / x,
);
const Sin = unary('Sin', (ct, x) => ct.mul(x.cos()));
const Cos = unary('Cos', (ct, x) => ct.mul(x.sin()).neg());
const Tan = unary('Tan', (ct, _, y) => ct.mul(y.square().add(1)));
const Asin = unary('Asin', (ct, x) => ct.div(x.square().neg().add(1).sqrt()));
const Acos = unary('Acos', (ct, x) => ct.div(x.square().neg().add(1).sqrt()).neg());
const Atan = unary('Atan', (ct, x) => ct.div(x.square().add(1)));
const Sinh = unary('Sinh', (ct, x) => ct.mul(x.cosh()));
const Cosh = unary('Cosh', (ct, x) => ct.mul(x.sinh()));
const Asinh = unary('Asinh', (ct, x) => ct.div(x.square().add(1).sqrt()));
const Acosh = unary('Acosh', (ct, x) => ct.div(x.square().sub(1).sqrt()));
const Atanh = unary('Atanh', (ct, x) => ct.div(x.square().neg().add(1)));
const Tanh = unary('Tanh', (ct, _, y) => ct.mul(y.square().neg().add(1)));
const Sigmoid = unary('Sigmoid', (ct, _, y) => ct.mul(y).mul(y.neg().add(1)));
const Erf = unary('Erf', (ct, x) => ct.mul(x.square().neg().exp()).mul(2 / Math.sqrt(Math.PI)));
// By the sign of the result, which the next layer's derivative keeps as a rule, so that the argument may go.
const Relu = unary(
  'Relu',
  (ct, _, y) => y.greater(0).where(ct, 0),
  (x) => Math.max(x, 0),
);

/** -x. */
export const neg = (x: Tensor): Tensor => apply(Neg, [x], {});
/** |x|; derivative sign(x), 0 at 0. */
export const abs = (x: Tensor): Tensor => apply(Abs, [x], {});
/** -1, 0 or 1; derivative 0. */
export const sign = (x: Tensor): Tensor => apply(Sign, [x], {});
/** The largest integer not above x; derivative 0. */
export const floor = (x: Tensor): Tensor => apply(Floor, [x], {});
/** The smallest integer not below x; derivative 0. */
export const ceil = (x: Tensor): Tensor => apply(Ceil, [x], {});
/** The nearest integer, halves to even; derivative 0. */
export const round = (x: Tensor): Tensor => apply(Round, [x], {});
/** e^x. */
export const exp = (x: Tensor): Tensor => apply(Exp, [x], {});
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => apply(Log, [x], {});
/** Square root; the derivative is infinite at 0. */
export const sqrt = (x: Tensor): Tensor => apply(Sqrt, [x], {});
/** 1 / x. */
export const reciprocal = (x: Tensor): Tensor => apply(Reciprocal, [x], {});
/** 1 / sqrt(x). */
export const rsqrt = (x: Tensor): Tensor => x.sqrt().reciprocal();
export const sin = (x: Tensor): Tensor => apply(Sin, [x], {});
export const cos = (x: Tensor): Tensor => apply(Cos, [x], {});
export const tan = (x: Tensor): Tensor => apply(Tan, [x], {});
export const asin = (x: Tensor): Tensor => apply(Asin, [x], {});
export const acos = (x: Tensor): Tensor => apply(Acos, [x], {});
export const atan = (x: Tensor): Tensor => apply(Atan, [x], {});
export const sinh = (x: Tensor): Tensor => apply(Sinh, [x], {});
export const cosh = (x: Tensor): Tensor => apply(Cosh, [x], {});
export const asinh = (x: Tensor): Tensor => apply(Asinh, [x], {});
export const acosh = (x: Tensor): Tensor => apply(Acosh, [x], {});
export const atanh = (x: Tensor): Tensor => apply(Atanh, [x], {});
export const tanh = (x: Tensor): Tensor => apply(Tanh, [x], {});
/** 1 / (1 + e^-x). */
export const sigmoid = (x: Tensor): Tensor => apply(Sigmoid, [x], {});
/** The error function, 2/sqrt(pi) times the integral of e^-t^2 from 0 to x. */
export const erf = (x: Tensor): Tensor => apply(Erf, [x], {});
/** max(x, 0); derivative 0 at 0. */
export const relu = (x: Tensor): Tensor => apply(Relu, [x], {});
/** x * x. */
export const square = (x: Tensor): Tensor => x.mul(x);

/**
 * log(1 + x), accurate for small x: with u = 1 + x rounded, log(u) * x / (u - 1), whose rounding errors cancel.
 */
export function log1p(x: Tensor): Tensor {
  requireFloat('log1p', 'x', x);
  const u = x.add(1);
  const lost = u.equal(1);
  const value = lost.where(
    x,
    u
      .log()
      .mul(x)
      .div(lost.where(1, u.sub(1))),
  );
  return withPullback([value], [x], ([ct]) => [ct.div(x.add(1))])[0];
}

/** e^x - 1, accurate for small x: as tanh(x/2) * (e^x + 1), which has no cancellation. */
export function expm1(x: Tensor): Tensor {
  requireFloat('expm1', 'x', x);
  // Beyond 20 the one is below the precision of either dtype, and tanh is 1.
  return x.greater(20).where(x.exp(), x.mul(0.5).tanh().mul(x.minimum(20).exp().add(1)));
}

/** log(1 + e^x), as max(x, 0) + log1p(e^-|x|): no overflow, no loss for large |x|. Derivative sigmoid(x). */
export function softplus(x: Tensor): Tensor {
  requireFloat('softplus', 'x', x);
  const y = x.abs().neg().exp();
  // log1p(y) in [0, 1] without a division: with u = 1 + y rounded, y - (u - 1) is what was lost, and the slope of log is near 1 where that counts.
  const u = y.add(1);
  const value = u
    .log()
    .add(y.sub(u.sub(1)))
    .add(x.relu());
  return withPullback([value], [x], ([ct]) => [ct.mul(x.sigmoid())])[0];
}

/** log(sigmoid(x)) = -softplus(-x). */
export const logSigmoid = (x: Tensor): Tensor => x.neg().softplus().neg();

/** An operator of two inputs that broadcast. */
function binary(
  type: string,
  vjp: (ct: Tensor, x: Tensor, y: Tensor, out: Tensor) => [Tensor | undefined, Tensor | undefined],
  fold: Fold,
  simpler?: (x: Tensor, y: Tensor) => Tensor | undefined,
): Operator {
  const infer = (inputs: Inputs): Spec => {
    const dtype = sameDType(type, inputs);
    requireArithmetic(type, inputs[0], { uint8: type !== 'Pow' });
    return { shape: broadcastShapes(type, inputs[0].shape, inputs[1].shape), dtype };
  };
  return {
    type,
    domain: '',
    infer,
    vjp: ([ct], { inputs: [x, y], output }) => {
      if (!isFloat(x.dtype)) return [undefined, undefined];
      const [dx, dy] = vjp(ct, x, y, output);
      return [dx?.sumTo(x.shape), dy?.sumTo(y.shape)];
    },
    simplify: (inputs) => {
      const spec = infer(inputs);
      const value = folded(inputs, spec, fold) ?? beforeExpansion(type, inputs);
      if (value) return value;
      const simple = simpler?.(inputs[0], inputs[1]);
      if (simple && sameShape(simple.shape, spec.shape)) return simple;
      const x = shrunk(inputs[0], inputs[1], spec);
      // One of them has to keep the shape.
      const y = x === inputs[0] ? shrunk(inputs[1], x, spec) : inputs[1];
      return x === inputs[0] && y === inputs[1] ? undefined : apply(ops[type], [x, y], {});
    },
  };
}

/** A repeated tensor as what is repeated, where the other input has the whole shape already. */
function shrunk(x: Tensor, other: Tensor, spec: Spec): Tensor {
  return x.node.operator.type === 'Expand' && sameShape(other.shape, spec.shape) ? x.node.inputs[0] : x;
}

/** A repeated tensor with a number: repeated afterwards. */
function beforeExpansion(type: string, [x, y]: Inputs): Tensor | undefined {
  const at = [x, y].findIndex((z, i) => z.node.operator.type === 'Expand' && [x, y][1 - i].rank === 0);
  const [expanded, number] = at === 0 ? [x, y] : [y, x];
  if (at < 0 || splatOf(number) === undefined || splatOf(expanded) !== undefined) return undefined;
  const inner = expanded.node.inputs[0];
  return apply(ops[type], at === 0 ? [inner, number] : [number, inner], {}).broadcastTo(expanded.shape);
}

const ops: Record<string, Operator> = {
  Add: binary(
    'Add',
    (ct) => [ct, ct],
    (a, b) => a + b,
    (x, y) => (splatOf(y) === 0 ? x : splatOf(x) === 0 ? y : (scatteredInto(x, y) ?? scatteredInto(y, x))),
  ),
  Sub: binary(
    'Sub',
    (ct) => [ct, ct.neg()],
    (a, b) => a - b,
    (x, y) => (splatOf(y) === 0 ? x : splatOf(x) === 0 ? y.neg() : undefined),
  ),
  Mul: binary(
    'Mul',
    // A square has one input: its number goes to the cotangent, which is often the smaller.
    (ct, x, y) => (x === y ? [ct.mul(2).mul(x), undefined] : [ct.mul(y), ct.mul(x)]),
    (a, b) => a * b,
    (x, y) => {
      for (const [factor, other] of [
        [splatOf(x), y],
        [splatOf(y), x],
      ] as const) {
        if (factor === 1) return other;
        if (factor === -1 && sameShape(broadcastShapes('Mul', x.shape, y.shape), other.shape)) return other.neg();
        if (factor !== undefined && isModerate(factor)) {
          const scaled = scaledInSmaller(other, factor);
          if (scaled) return scaled;
        }
      }
      return undefined;
    },
  ),
  Div: binary(
    'Div',
    (ct, _, y, out) => [ct.div(y), ct.mul(out).sumTo(y.shape).div(y).neg()],
    (a, b) => a / b,
    (x, y) => (splatOf(y) === 1 ? x : undefined),
  ),
  Pow: binary(
    'Pow',
    (ct, x, y, out) => [ct.mul(y).mul(x.pow(y.sub(1))), ct.mul(out).mul(x.equal(0).where(1, x).log())],
    (a, b) => a ** b,
    (x, y) => {
      const exponent = splatOf(y);
      if (exponent === undefined || !isFloat(x.dtype)) return undefined;
      if (exponent === 0) return x.onesLike();
      if (exponent === 1) return x;
      if (exponent === 2) return x.mul(x);
      if (exponent === 0.5) return x.sqrt();
      return exponent === -1 ? x.reciprocal() : undefined;
    },
  ),
  Max: binary('Max', (ct, x, y) => chosen(ct, x.greater(y), y.greater(x)), Math.max),
  Min: binary('Min', (ct, x, y) => chosen(ct, x.less(y), y.less(x)), Math.min),
};

/** Whether a number takes no product out of the range of single precision that is not at its very ends. */
const isModerate = (factor: number): boolean => Math.abs(factor) >= 1e-4 && Math.abs(factor) <= 1e4;

/** A number times a product of two tensors, one of which is repeated: it goes to that one, which is smaller. Numbers one after the other stay. */
function scaledInSmaller({ node: { operator, inputs }, shape, dtype }: Tensor, factor: number): Tensor | undefined {
  if (operator.type !== 'Mul' || !isFloat(dtype)) return undefined;
  const at = inputs.findIndex((part, i) => part.size < inputs[1 - i].size && sameShape(inputs[1 - i].shape, shape));
  return at < 0 || splatOf(inputs[at]) !== undefined ? undefined : inputs[1 - at].mul(inputs[at].mul(factor));
}

/** A sum of `x` and of what is added up in zeros here and there: added up in `x` itself. */
function scatteredInto(x: Tensor, y: Tensor): Tensor | undefined {
  const { operator, inputs, attributes } = y.node;
  const sparse = operator.type === 'ScatterElements' && attributes.reduction === 'add' && splatOf(inputs[0]) === 0;
  return sparse && sameShape(x.shape, y.shape) ? apply(operator, [x, ...inputs.slice(1)], attributes) : undefined;
}

/** The cotangent to whichever input was taken, half to each where they tie. */
function chosen(ct: Tensor, first: Tensor, second: Tensor): [Tensor, Tensor] {
  const half = ct.mul(0.5);
  return [first.where(ct, second.where(0, half)), second.where(ct, first.where(0, half))];
}

function pair(x: TensorLike, y: TensorLike): [Tensor, Tensor] {
  if (typeof x === 'object') return [x, asTensor(y, x.dtype)];
  const dtype = typeof y === 'object' ? y.dtype : 'float32';
  return [asTensor(x, dtype), asTensor(y, dtype)];
}

/** x + y, broadcast. */
export const add = (x: TensorLike, y: TensorLike): Tensor => apply(ops.Add, pair(x, y), {});
/** x - y, broadcast. */
export const sub = (x: TensorLike, y: TensorLike): Tensor => apply(ops.Sub, pair(x, y), {});
/** x * y, broadcast. */
export const mul = (x: TensorLike, y: TensorLike): Tensor => apply(ops.Mul, pair(x, y), {});
/** x / y, broadcast; integers truncate. */
export const div = (x: TensorLike, y: TensorLike): Tensor => apply(ops.Div, pair(x, y), {});
/** x^y, broadcast. The derivative with respect to y is taken as 0 where x is 0. */
export const pow = (x: TensorLike, y: TensorLike): Tensor => apply(ops.Pow, pair(x, y), {});
/** The larger of x and y; where they tie each gets half of the cotangent. */
export const maximum = (x: TensorLike, y: TensorLike): Tensor => apply(ops.Max, pair(x, y), {});
/** The smaller of x and y; where they tie each gets half of the cotangent. */
export const minimum = (x: TensorLike, y: TensorLike): Tensor => apply(ops.Min, pair(x, y), {});

const Mod: Operator<{ fmod: number }> = {
  type: 'Mod',
  domain: '',
  infer: (inputs) => {
    requireArithmetic('Mod', inputs[0], { uint8: true });
    return { shape: broadcastShapes('Mod', inputs[0].shape, inputs[1].shape), dtype: sameDType('Mod', inputs) };
  },
};

/**
 * x - y * floor(x / y): the remainder with the sign of y, as NumPy's, for an infinite y too. Derivative 1 to x and -floor(x / y) to y.
 */
export function mod(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = pair(x, y);
  if (!isFloat(a.dtype)) return apply(Mod, [a, b], { fmod: 0 });
  const remainder = a.sub(wholePart(a.div(b).floor(), b));
  // What is below 0 by less than rounding shows, as before an infinite divisor.
  return remainder.mul(b).less(0).where(remainder.add(b), remainder);
}

/** quotient * divisor, 0 for a quotient of 0 even where the divisor is infinite. */
const wholePart = (quotient: Tensor, divisor: Tensor): Tensor => quotient.equal(0).where(0, divisor.mul(quotient));

const Clip: Operator = {
  type: 'Clip',
  domain: '',
  infer: ([x, low, high]) => {
    requireArithmetic('Clip', x, { uint8: true });
    sameDType('Clip', [x, low, high].filter(Boolean));
    return { shape: x.shape, dtype: x.dtype };
  },
  vjp: ([ct], { inputs: [x, low, high] }) => {
    let kept = ct;
    if (low) kept = x.less(low).where(0, kept);
    if (high) kept = x.greater(high).where(0, kept);
    return [kept];
  },
};

/** x limited to [low, high]; either may be left out. Derivative 1 inside and at the limits, 0 outside. */
export function clip(x: Tensor, low: number | undefined, high: number | undefined): Tensor {
  if (low !== undefined && high !== undefined && low > high)
    throw new RangeError(`clip: low ${low} is above high ${high}`);
  const bounds = [low, high].map((bound) => (bound === undefined ? undefined : constant(bound, x.dtype))) as Tensor[];
  return low === undefined && high === undefined
    ? x
    : apply(Clip, high === undefined ? [x, bounds[0]] : [x, ...bounds], {});
}

const Cast: Operator<{ to: string }> = {
  type: 'Cast',
  domain: '',
  infer: ([x], { to }) => ({ shape: x.shape, dtype: to as DType }),
  vjp: ([ct], { inputs: [x], output }) => [isFloat(x.dtype) && isFloat(output.dtype) ? ct.cast(x.dtype) : undefined],
  simplify: ([x], { to }) => {
    if (x.dtype === to) return x;
    const value = constantOf(x);
    return value && value.data.length === 1
      ? constant(Number(value.data[0]), to as DType).reshape(x.shape)
      : x.node.operator.type === 'Expand'
        ? x.node.inputs[0].cast(to as DType).broadcastTo(x.shape)
        : undefined;
  },
};

/** `x` converted to `dtype`; floats truncate towards zero when they become integers. Differentiable between floats. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return apply(Cast, [x], { to: dtype });
}
