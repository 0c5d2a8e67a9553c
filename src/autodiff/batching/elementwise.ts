import type { Tensor } from '../../tensor/index.js';
import { applyAll } from '../../tensor/tensor.js';
import { aligned, type BatchRule } from './rule.js';

/** Operators that treat every element alike, inputs broadcast: the batch is one more axis to broadcast over. */
export const elementwise: BatchRule = (node, inputs) => {
  const rank = node.output.rank;
  return applyAll(node.operator, inputs.map((x) => x && aligned(x, rank)) as readonly Tensor[], node.attributes);
};

export const elementwiseTypes = [
  'Abs',
  'Acos',
  'Acosh',
  'Add',
  'And',
  'Asin',
  'Asinh',
  'Atan',
  'Atanh',
  'Cast',
  'Ceil',
  'Clip',
  'Cos',
  'Cosh',
  'Div',
  'Equal',
  'Erf',
  'Exp',
  'Floor',
  'Gelu',
  'Greater',
  'GreaterOrEqual',
  'IsInf',
  'IsNaN',
  'Less',
  'LessOrEqual',
  'Log',
  'Max',
  'Min',
  'Mod',
  'Mul',
  'Neg',
  'Not',
  'Or',
  'Pow',
  'Reciprocal',
  'Relu',
  'Round',
  'Sigmoid',
  'Sign',
  'Sin',
  'Sinh',
  'Sqrt',
  'Sub',
  'Tan',
  'Tanh',
  'Where',
  'Xor',
  'StopGradient',
  'Alias',
];
