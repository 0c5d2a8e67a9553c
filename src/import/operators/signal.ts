import { arange, complex, constant, fft, ifft, irfft, showShape, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';
import { bounded } from './limits.js';

/** x [..., 1 or 2], real or complex, as pairs with `axis` last before them, and its length brought to `n`. */
function along(x: Tensor, axis: number, n: number): Tensor {
  const pairs = x.shape[x.rank - 1] === 1 ? complex(x.squeeze(-1)) : x;
  const moved = pairs.moveAxis(axis, -2);
  const have = moved.shape[moved.rank - 2];
  if (n > have) return moved.pad(moved.shape.map((_, i) => [0, i === moved.rank - 2 ? n - have : 0]));
  return moved.slice(moved.shape.map((_, i) => (i === moved.rank - 2 ? [0, n] : null)));
}

/** The discrete Fourier transform of one axis; `onesided` keeps the first half of the frequencies, or takes only them to a real inverse. */
function transform(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const given = call.version >= 20 ? (call.number(2) ?? -2) : call.integer('axis', 1);
  const axis = given < 0 ? given + x.rank : given;
  if (!(axis >= 0) || axis >= x.rank - 1 || x.shape[x.rank - 1] > 2)
    throw new RangeError(`x ${showShape(x.shape)} has no axis ${given} to transform`);
  const [inverse, half] = [call.integer('inverse', 0) === 1, call.integer('onesided', 0) === 1];
  if (inverse && half) {
    const n = call.number(1) ?? 2 * (x.shape[axis] - 1);
    const kept = along(x, axis, Math.floor(bounded('length', n) / 2) + 1);
    return irfft(kept, n).expandDims(-1).moveAxis(-2, axis);
  }
  const n = bounded('length', call.number(1) ?? x.shape[axis]);
  const y = inverse ? ifft(along(x, axis, n), -1) : fft(along(x, axis, n), -1);
  const kept = half ? y.slice(y.shape.map((_, i) => (i === y.rank - 2 ? [0, Math.floor(n / 2) + 1] : null))) : y;
  return kept.moveAxis(-2, axis);
}

/** Transforms of frames that begin every `step` elements: [n, frames, frequencies, 2]. */
function shortTime(call: OperatorCall): Tensor {
  const signal = call.tensor(0);
  const step = bounded('frame step', call.number(1) ?? 0);
  const window = call.optional(2);
  const length = bounded('frame length', call.number(3) ?? window?.size ?? 0);
  const n = signal.shape[1];
  if (step < 1 || length < 1 || length > n)
    throw new RangeError(`frames of ${length} every ${step} do not fit ${n} elements`);
  const frames = Math.floor((n - length) / step) + 1;
  const starts = arange(frames).mul(step).expandDims(1);
  const cut = signal.gather(starts.add(arange(length)), 1);
  const pairs = cut.shape[cut.rank - 1] === 1 ? complex(cut.squeeze(-1)) : cut;
  const y = fft(window ? pairs.mul(window.expandDims(1)) : pairs, -1);
  return call.integer('onesided', 1) ? y.slice([null, null, [0, Math.floor(length / 2) + 1]]) : y;
}

/** Sums of cosines over a window: coefficients a - b cos(2 pi t) + c cos(4 pi t). */
function cosineWindow(type: string, a: number, b: number, c: number): OnnxOperator {
  return {
    type,
    gradient: 'none',
    since: 17,
    controls: 'all',
    build: (call) => {
      const size = bounded('size', call.number(0) ?? 0);
      const period = call.integer('periodic', 1) ? size : size - 1;
      const values = Array.from({ length: size }, (_, i) => {
        const angle = (2 * Math.PI * i) / period;
        return a - b * Math.cos(angle) + c * Math.cos(2 * angle);
      });
      return constant(values, 'float64').cast(call.dtype('output_datatype', 'float32'));
    },
  };
}

/** Fourier transforms and windows. */
export const signals: readonly OnnxOperator[] = [
  { type: 'DFT', gradient: 'yes', since: 17, controls: [1, 2], build: transform },
  { type: 'STFT', gradient: 'yes', since: 17, controls: [1, 2, 3], build: shortTime },
  cosineWindow('HannWindow', 0.5, 0.5, 0),
  cosineWindow('HammingWindow', 25 / 46, 21 / 46, 0),
  cosineWindow('BlackmanWindow', 0.42, 0.5, 0.08),
];
