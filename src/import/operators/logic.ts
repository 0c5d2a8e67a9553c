import { broadcastShapes, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';
import { broadcastPair } from './broadcast.js';
import { forwardOnly } from './forward-only.js';

function binary(type: string, combine: (x: Tensor, y: Tensor) => Tensor): OnnxOperator {
  return { type, gradient: 'none', controls: 'all', build: (call) => combine(...broadcastPair(call)) };
}

/** Bits of integers. */
function bitwise(type: string): OnnxOperator {
  const build = (call: OperatorCall): Tensor => {
    const inputs = call.tensors();
    const shape = broadcastShapes(type, ...inputs.map((x) => x.shape));
    return forwardOnly(type, inputs, {}, [{ shape, dtype: inputs[0].dtype }])[0];
  };
  return { type, gradient: 'none', since: 18, controls: 'all', build };
}

/** Comparisons and logic. */
export const logic: readonly OnnxOperator[] = [
  binary('Equal', (x, y) => x.equal(y)),
  binary('Greater', (x, y) => x.greater(y)),
  binary('GreaterOrEqual', (x, y) => x.greaterEqual(y)),
  binary('Less', (x, y) => x.less(y)),
  binary('LessOrEqual', (x, y) => x.lessEqual(y)),
  binary('And', (x, y) => x.and(y)),
  binary('Or', (x, y) => x.or(y)),
  binary('Xor', (x, y) => x.xor(y)),
  { type: 'Not', gradient: 'none', build: (call) => call.tensor(0).not() },
  bitwise('BitwiseAnd'),
  bitwise('BitwiseOr'),
  bitwise('BitwiseXor'),
  bitwise('BitwiseNot'),
  {
    type: 'Where',
    gradient: 'yes',
    since: 9,
    note: 'to whichever was taken',
    build: (call) => call.tensor(0).where(call.tensor(1), call.tensor(2)),
  },
];
