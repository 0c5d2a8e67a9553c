import { isFloat } from '../dtype.js';
import { broadcastShapes, sameShape } from '../shape.js';
import { apply, type Operator, type Tensor } from '../tensor.js';
import { asTensor, requireArithmetic, requireFloat, sameDType, splatOf, type TensorLike } from './constant.js';

function comparison(type: string): Operator {
  return {
    type,
    domain: '',
    infer: (inputs) => {
      sameDType(type, inputs);
      if (type !== 'Equal') requireArithmetic(type, inputs[0], { uint8: true });
      return { shape: broadcastShapes(type, inputs[0].shape, inputs[1].shape), dtype: 'bool' };
    },
  };
}

const Equal = comparison('Equal');
const Greater = comparison('Greater');
const GreaterOrEqual = comparison('GreaterOrEqual');
const Less = comparison('Less');
const LessOrEqual = comparison('LessOrEqual');

/** Elementwise x = y, as bool. */
export const equal = (x: Tensor, y: TensorLike): Tensor => apply(Equal, [x, asTensor(y, x.dtype)], {});
/** Elementwise x != y, as bool. */
export const notEqual = (x: Tensor, y: TensorLike): Tensor => equal(x, y).not();
/** Elementwise x > y, as bool. */
export const greater = (x: Tensor, y: TensorLike): Tensor => apply(Greater, [x, asTensor(y, x.dtype)], {});
/** Elementwise x >= y, as bool. */
export const greaterEqual = (x: Tensor, y: TensorLike): Tensor => apply(GreaterOrEqual, [x, asTensor(y, x.dtype)], {});
/** Elementwise x < y, as bool. */
export const less = (x: Tensor, y: TensorLike): Tensor => apply(Less, [x, asTensor(y, x.dtype)], {});
/** Elementwise x <= y, as bool. */
export const lessEqual = (x: Tensor, y: TensorLike): Tensor => apply(LessOrEqual, [x, asTensor(y, x.dtype)], {});

function logical(type: string): Operator {
  return {
    type,
    domain: '',
    infer: (inputs) => {
      for (const x of inputs) if (x.dtype !== 'bool') throw new TypeError(`${type}: dtype ${x.dtype} is not bool`);
      return { shape: broadcastShapes(type, ...inputs.map((x) => x.shape)), dtype: 'bool' };
    },
  };
}

const And = logical('And');
const Or = logical('Or');
const Xor = logical('Xor');
const Not: Operator = {
  ...logical('Not'),
  simplify: ([x]) => (x.node.operator.type === 'Not' ? x.node.inputs[0] : undefined),
};

export const and = (x: Tensor, y: TensorLike): Tensor => apply(And, [x, asTensor(y, 'bool')], {});
export const or = (x: Tensor, y: TensorLike): Tensor => apply(Or, [x, asTensor(y, 'bool')], {});
export const xor = (x: Tensor, y: TensorLike): Tensor => apply(Xor, [x, asTensor(y, 'bool')], {});
export const not = (x: Tensor): Tensor => apply(Not, [x], {});

const IsNaN: Operator = {
  type: 'IsNaN',
  domain: '',
  infer: ([x]) => {
    requireFloat('IsNaN', 'x', x);
    return { shape: x.shape, dtype: 'bool' };
  },
};
const IsInf: Operator = { ...IsNaN, type: 'IsInf' };

/** Whether each element is NaN. */
export const isNaN = (x: Tensor): Tensor => apply(IsNaN, [x], {});
/** Whether each element is infinite. */
export const isInf = (x: Tensor): Tensor => apply(IsInf, [x], {});
/** Whether each element is neither NaN nor infinite. */
export const isFinite = (x: Tensor): Tensor => isNaN(x).or(isInf(x)).not();

const Where: Operator = {
  type: 'Where',
  domain: '',
  infer: ([condition, x, y]) => {
    return { shape: broadcastShapes('Where', condition.shape, x.shape, y.shape), dtype: sameDType('Where', [x, y]) };
  },
  vjp: ([ct], { inputs: [condition, x, y] }) =>
    isFloat(x.dtype)
      ? [undefined, condition.where(ct, 0).sumTo(x.shape), condition.where(0, ct).sumTo(y.shape)]
      : [undefined, undefined, undefined],
  simplify: ([condition, x, y]) => {
    const shape = broadcastShapes('Where', condition.shape, x.shape, y.shape);
    const truth = splatOf(condition);
    if (truth !== undefined) return (truth ? x : y).broadcastTo(shape);
    if (x === y) return x.broadcastTo(shape);
    // An expanded constant broadcasts by itself where the rest has the whole shape.
    const [a, b] = [x, y].map((t, i) => {
      const inner = t.node.operator.type === 'Expand' && t.node.inputs[0].rank === 0 ? t.node.inputs[0] : t;
      const rest = broadcastShapes('Where', condition.shape, [y, x][i].shape);
      return inner !== t && sameShape(rest, shape) ? inner : t;
    });
    if (a !== x) return apply(Where, [condition, a, y], {});
    return b !== y ? apply(Where, [condition, x, b], {}) : undefined;
  },
};

/** `x` where `condition` is true, else `y`, all broadcast. Each gets the cotangent where it was taken. */
export function where(condition: Tensor, x: TensorLike, y: TensorLike): Tensor {
  if (condition.dtype !== 'bool') throw new TypeError(`where: condition of dtype ${condition.dtype} is not bool`);
  const dtype = typeof x === 'object' ? x.dtype : typeof y === 'object' ? y.dtype : 'float32';
  return apply(Where, [condition, asTensor(x, dtype), asTensor(y, dtype)], {});
}
