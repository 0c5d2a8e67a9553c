import {
  arange,
  constant,
  type DType,
  irfft,
  padReflect,
  rfft,
  segmentSum,
  showShape,
  type Tensor,
} from '../../tensor/index.js';

export interface StftOptions {
  /** Length of a frame, and of its transform. */
  readonly frame: number;
  /** Steps from one frame to the next. Default a quarter of the frame. */
  readonly hop?: number;
  /** Weights of a frame's numbers, [frame]. Default {@link hannWindow}. */
  readonly window?: Tensor;
  /** Centre frame t at t * hop, the signal continued by reflection at both ends. Default true. */
  readonly centre?: boolean;
}

/** Hann's window of n numbers, periodic: sin^2(pi j / n). */
export function hannWindow(n: number, dtype: DType = 'float32'): Tensor {
  return constant(
    Array.from({ length: n }, (_, j) => Math.sin((Math.PI * j) / n) ** 2),
    dtype,
  );
}

function settings(
  who: string,
  x: Tensor,
  { frame, hop = Math.max(1, Math.floor(frame / 4)), window, centre = true }: StftOptions,
) {
  if (!Number.isInteger(frame) || frame < 1 || !Number.isInteger(hop) || hop < 1)
    throw new RangeError(`${who}: frame ${frame} and hop ${hop} must be positive integers`);
  const weights = window ?? hannWindow(frame, x.dtype);
  if (weights.shape.join() !== `${frame}`)
    throw new RangeError(`${who}: window ${showShape(weights.shape)} must be [${frame}]`);
  return { frame, hop, weights, edge: centre ? Math.floor(frame / 2) : 0 };
}

/** Positions of the numbers of each frame, [frames, frame]. */
function positions(frames: number, frame: number, hop: number): Tensor {
  return arange(frames).mul(hop).expandDims(1).add(arange(frame));
}

/**
 * Short-time Fourier transform of real signals x [..., n]: [..., frame/2 + 1, frames, 2], frequencies before frames as in PyTorch; frame t has
 * the numbers from t * hop on, times the window.
 */
export function stft(x: Tensor, options: StftOptions): Tensor {
  const { frame, hop, weights, edge } = settings('stft', x, options);
  const signal = edge > 0 ? padReflect(x, [[edge, edge]]) : x;
  const n = signal.shape[signal.rank - 1];
  if (n < frame) throw new RangeError(`stft: x ${showShape(x.shape)} is shorter than a frame of ${frame}`);
  const frames = Math.floor((n - frame) / hop) + 1;
  return rfft(signal.gather(positions(frames, frame, hop), -1).mul(weights)).swapAxes(-2, -3);
}

/**
 * Signals [..., n] from their {@link stft} x [..., frame/2 + 1, frames, 2]: the frames' inverses times the window, added up where they overlap,
 * divided by the sum of the squared windows. Exact wherever that sum is not 0.
 *
 * @param options those of the transform, and the `length` of the signals; default what the frames cover.
 */
export function inverseStft(x: Tensor, options: StftOptions & { readonly length?: number }): Tensor {
  const { frame, hop, weights, edge } = settings('inverseStft', x, options);
  const [frequencies, frames] = x.shape.slice(-3, -1);
  if (frequencies !== Math.floor(frame / 2) + 1)
    throw new RangeError(`inverseStft: x ${showShape(x.shape)} must have ${Math.floor(frame / 2) + 1} frequencies`);
  const covered = (frames - 1) * hop + frame;
  const lead = x.shape.slice(0, -3);
  const pieces = irfft(x.swapAxes(-2, -3), frame)
    .mul(weights)
    .reshape([-1, frames * frame]);
  const at = positions(frames, frame, hop).flatten();
  const summed = segmentSum(pieces.transpose(), at, covered).transpose();
  const squares = segmentSum(weights.square().broadcastTo([frames, frame]).flatten(), at, covered);
  const empty = squares.lessEqual(1e-11);
  const signal = empty.where(0, summed.div(empty.where(1, squares))).reshape([...lead, covered]);
  const length = options.length ?? covered - 2 * edge;
  return signal.pad([...lead.map((): [number, number] => [0, 0]), [-edge, edge + length - covered]]);
}
