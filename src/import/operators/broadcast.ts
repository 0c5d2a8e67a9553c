import type { Tensor } from '../../tensor/index.js';
import type { OperatorCall } from '../operator.js';

/**
 * The second input as it broadcasts against the first. Before version 7 its axes stood at `axis` of the first, under `broadcast`; since then
 * both broadcast as NumPy's do.
 */
export function broadcastPair(call: OperatorCall): [Tensor, Tensor] {
  const [x, y] = [call.tensor(0), call.tensor(1)];
  if (call.version >= 7 || !call.integer('broadcast', 0) || !call.has('axis')) return [x, y];
  const axis = call.integer('axis', 0);
  const from = axis < 0 ? axis + x.rank : axis;
  return [x, y.reshape([...y.shape, ...new Array<number>(Math.max(0, x.rank - from - y.rank)).fill(1)])];
}
