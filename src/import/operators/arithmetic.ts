import { isFloat, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';
import { broadcastPair } from './broadcast.js';

function binary(type: string, combine: (x: Tensor, y: Tensor) => Tensor): OnnxOperator {
  return { type, gradient: 'yes', build: (call) => combine(...broadcastPair(call)) };
}

function variadic(type: string, combine: (x: Tensor, y: Tensor) => Tensor, note?: string): OnnxOperator {
  return { type, gradient: 'yes', note, build: (call) => call.tensors().reduce(combine) };
}

/** x - y trunc(x / y), the remainder with the sign of x, as C's fmod. */
function truncatedRemainder(x: Tensor, y: Tensor): Tensor {
  if (!isFloat(x.dtype)) return x.sub(x.div(y).mul(y));
  const quotient = x.div(y);
  const whole = quotient.less(0).where(quotient.ceil(), quotient.floor());
  // A quotient of 0 takes nothing away, not 0 times an infinite divisor.
  return x.sub(whole.equal(0).where(0, y.mul(whole)));
}

function modulus(call: OperatorCall): Tensor {
  const [x, y] = [call.tensor(0), call.tensor(1)];
  return call.integer('fmod', 0) ? truncatedRemainder(x, y) : x.mod(y);
}

function power(call: OperatorCall): Tensor {
  const [x, exponent] = broadcastPair(call);
  if (isFloat(x.dtype) || !isFloat(exponent.dtype)) return x.pow(exponent.cast(x.dtype));
  return x.cast(exponent.dtype).pow(exponent).cast(x.dtype);
}

/** Arithmetic, elementwise and broadcast. */
export const arithmetic: readonly OnnxOperator[] = [
  binary('Add', (x, y) => x.add(y)),
  binary('Sub', (x, y) => x.sub(y)),
  binary('Mul', (x, y) => x.mul(y)),
  binary('Div', (x, y) => x.div(y)),
  {
    type: 'Mod',
    gradient: 'yes',
    since: 10,
    note: '1 to the dividend, minus the whole quotient to the divisor',
    build: modulus,
  },
  { type: 'Pow', gradient: 'yes', controls: [1], note: 'by its exponent: 0 where the base is 0', build: power },
  variadic('Sum', (x, y) => x.add(y)),
  {
    type: 'Mean',
    gradient: 'yes',
    build: (call) =>
      call
        .tensors()
        .reduce((x, y) => x.add(y))
        .div(call.inputs.length),
  },
  variadic('Max', (x, y) => x.maximum(y), 'half to each where two tie'),
  variadic('Min', (x, y) => x.minimum(y), 'half to each where two tie'),
  { type: 'BitShift', gradient: 'none', since: 11, build: bitShift },
];

/** x 2^y or x / 2^y for uint8; wider unsigned integers have no dtype here. */
function bitShift(call: OperatorCall): Tensor {
  if (call.tensor(0).dtype !== 'uint8')
    throw new TypeError(`${call.tensor(0)} is not uint8; other types are not supported`);
  const [x, y] = [call.tensor(0).cast('int32'), call.tensor(1).cast('int32')];
  const factor = y.onesLike().mul(2).cast('float32').pow(y.cast('float32')).cast('int32');
  const shifted = call.string('direction', '') === 'LEFT' ? x.mul(factor) : x.div(factor);
  return shifted.mod(256).cast(call.tensor(0).dtype);
}
