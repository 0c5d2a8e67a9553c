import { standardize } from '../../nn/functional/normalization.js';
import { arange, concat, constant, isFloat, showShape, type Tensor } from '../../tensor/index.js';
import { type OnnxOperator, type OperatorCall, type Results, results } from '../operator.js';
import { joinHeads, splitHeads } from './attention.js';
import { convolve } from './convolution.js';
import { gemm } from './linear.js';

/** What ONNX Runtime's optimizer makes of several operators, and leaves in files. */
const domain = 'com.microsoft';

/** The activation that a fused product ends with. */
function activated(call: OperatorCall, y: Tensor, parameters: readonly (number | undefined)[]): Tensor {
  const name = call.string('activation', '');
  const [alpha, beta] = parameters;
  switch (name) {
    case '':
      return y;
    case 'Relu':
      return y.relu();
    case 'Tanh':
      return y.tanh();
    case 'Sigmoid':
      return y.sigmoid();
    case 'LeakyRelu':
      return y.less(0).where(y.mul(alpha ?? 0.01), y);
    case 'Clip':
      return y.clip(alpha, beta);
    case 'HardSigmoid':
      return y
        .mul(alpha ?? 0.2)
        .add(beta ?? 0.5)
        .clip(0, 1);
    default:
      throw new RangeError(`the activation '${name}' is not supported`);
  }
}

function fusedConv(call: OperatorCall): Tensor {
  const y = convolve(call);
  const sum = call.optional(3);
  return activated(call, sum ? y.add(sum) : y, call.floats('activation_params') ?? []);
}

function fusedGemm(call: OperatorCall): Tensor {
  const given = (name: string) => (call.has(name) ? call.float(name, 0) : undefined);
  return activated(call, gemm(call), [given('activation_alpha'), given('activation_beta')]);
}

/** alpha A B, each transposed in its last two axes as told. */
function fusedMatMul(call: OperatorCall): Tensor {
  if (call.integer('transBatchA', 0) || call.integer('transBatchB', 0))
    throw new RangeError('transposed batches are not supported');
  const side = (i: number, name: string) => {
    const x = call.tensor(i);
    return call.integer(name, 0) && x.rank > 1 ? x.swapAxes(-1, -2) : x;
  };
  return side(0, 'transA').matmul(side(1, 'transB')).mul(call.float('alpha', 1));
}

const withBias = (x: Tensor, bias: Tensor | undefined) => (bias ? x.add(bias) : x);

/** (x - mean) / deviation times a weight, or x / root mean square, over the last axis, with what was left to multiply by. */
function normalized(
  x: Tensor,
  centred: boolean,
  epsilon: number,
): [y: Tensor, mean: Tensor | undefined, inverse: Tensor] {
  if (centred) {
    const { y, mean, variance } = standardize(x, [x.rank - 1], epsilon);
    return [y, mean, variance.add(epsilon).sqrt().reciprocal()];
  }
  const inverse = x.square().mean(-1, { keepDims: true }).add(epsilon).sqrt().reciprocal();
  return [x.mul(inverse), undefined, inverse];
}

/** Normalisation of a sum: input, skip, weight, bias of the normalisation where it is centred, bias of the sum. */
function skipNormalization(call: OperatorCall, centred: boolean): Results {
  const total = withBias(call.tensor(0).add(call.tensor(1)), call.optional(centred ? 4 : 3));
  const [y, mean, inverse] = normalized(total, centred, call.float('epsilon', 1e-12));
  return results(withBias(y.mul(call.tensor(2)), centred ? call.optional(3) : undefined), mean, inverse, total);
}

function simplifiedNormalization(call: OperatorCall): Results {
  const x = call.tensor(0);
  const axis = call.integer('axis', -1);
  if (axis !== -1 && axis !== x.rank - 1) throw new RangeError(`axis ${axis} is not the last of ${showShape(x.shape)}`);
  const [y, , inverse] = normalized(x, false, call.float('epsilon', 1e-5));
  return results(y.mul(call.tensor(1)), inverse);
}

/** Words, positions and segments looked up, added and normalised. */
function embedNormalization(call: OperatorCall): Results {
  const [words, segments] = [call.tensor(0), call.optional(1)];
  const segmentTable = call.optional(4);
  const positions = call.optional(8);
  const length = words.shape[1];
  const places = call.tensor(3);
  const placed = positions ? places.gather(positions) : places.gather(arange(length));
  let total = call.tensor(2).gather(words).add(placed);
  if (segments && segmentTable) total = total.add(segmentTable.gather(segments));
  const { y } = standardize(total, [2], call.float('epsilon', 1e-12));
  const mask = call.optional(7);
  const counts = mask ? mask.sum(1).cast('int32') : words.zerosLike().sum(1).cast('int32');
  return results(y.mul(call.tensor(5)).add(call.tensor(6)), counts, total);
}

/** softmax(scale q k^T + bias) v with keys of `mask` false held down by `low`. All [n, heads, steps, size]. */
function attend(
  call: OperatorCall,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: Tensor | undefined,
  bias: Tensor | undefined,
): Tensor {
  const scale = call.float('scale', 0) || 1 / Math.sqrt(q.shape[3]);
  let scores = q.matmul(k.swapAxes(2, 3)).mul(scale);
  const low = call.float('mask_filter_value', -10000);
  if (mask) scores = scores.add(mask.where(constant(0, q.dtype), low));
  if (call.integer('unidirectional', 0) === 1) {
    const [queries, keys] = [q.shape[2], k.shape[2]];
    const seen = arange(keys).lessEqual(
      arange(queries)
        .expandDims(1)
        .add(keys - queries),
    );
    scores = seen.where(scores, Number.NEGATIVE_INFINITY);
  }
  if (bias) scores = scores.add(bias);
  return scores.softmax(-1).matmul(v);
}

/** Which keys count, as [n, 1, queries or 1, keys]: from lengths [n], truths a key [n, keys], or a pair of steps [n, queries, keys]. */
function keyMask(mask: Tensor | undefined, n: number, keys: number): Tensor | undefined {
  if (!mask) return undefined;
  if (mask.rank === 1 && mask.shape[0] === n) return arange(keys).less(mask.cast('int32').reshape([n, 1, 1, 1]));
  const truths = mask.cast('bool');
  if (mask.rank === 2) return truths.expandDims([1, 2]);
  if (mask.rank === 3) return truths.expandDims(1);
  throw new RangeError(`a mask ${showShape(mask.shape)} is not supported`);
}

/** Attention of a sequence to itself, its three projections in one matrix. */
function packedAttention(call: OperatorCall): Tensor {
  if (call.optional(4)) throw new RangeError('keys and values of the past are not supported');
  if (call.integer('do_rotary', 0)) throw new RangeError('rotary positions are not supported');
  const [x, weight] = [call.tensor(0), call.tensor(1)];
  const heads = call.integer('num_heads', 1);
  const projected = withBias(x.matmul(weight), call.optional(2));
  const width = weight.shape[1] / 3;
  const sizes = call.integers('qkv_hidden_sizes');
  const [q, k, v] = projected
    .split(sizes && sizes.length > 0 ? sizes : [width, width, width], -1)
    .map((part) => splitHeads(part, heads));
  return joinHeads(attend(call, q, k, v, keyMask(call.optional(3), x.shape[0], x.shape[1]), call.optional(5)));
}

/** Attention of queries [n, steps, width] to keys and values, which may have four axes already. */
function multiHeadAttention(call: OperatorCall): Results {
  const heads = call.integer('num_heads', 1);
  const query = call.tensor(0);
  const [key, value] = [call.optional(1), call.optional(2)];
  if (query.rank !== 3 || !key || !value)
    throw new RangeError('queries, keys and values in one tensor are not supported');
  const bias = call.optional(3);
  const width = query.shape[2];
  const each = bias?.split([width, width, bias.shape[0] - 2 * width]);
  const side = (x: Tensor, i: number) => splitHeads(x.rank === 3 ? withBias(x, each?.[i]) : x, heads);
  const [q, ownKey, ownValue] = [side(query, 0), side(key, 1), side(value, 2)];
  const [pastKey, pastValue] = [call.optional(6), call.optional(7)];
  const k = pastKey ? concat([pastKey, ownKey], 2) : ownKey;
  const v = pastValue ? concat([pastValue, ownValue], 2) : ownValue;
  const y = attend(call, q, k, v, keyMask(call.optional(4), query.shape[0], k.shape[2]), call.optional(5));
  return results(joinHeads(y), k, v);
}

/** Pairs of elements turned by angles of their position, which the caches hold. */
function rotary(call: OperatorCall): Tensor {
  const [x, positions] = [call.tensor(0), call.tensor(1)];
  const cosines = call.tensor(2);
  const half = cosines.shape[1];
  const headSize = call.integer('rotary_embedding_dim', 0) > 0 ? x.shape[2] / call.integer('num_heads', 1) : 2 * half;
  const heads = x.rank === 4 ? x : splitHeads(x, x.shape[2] / headSize);
  const steps = heads.shape[2];
  const at = positions.size === 1 ? arange(steps).expandDims(0).add(positions.reshape([]).cast('int32')) : positions;
  const [cos, sin] = [cosines, call.tensor(3)].map((cache) => cache.gather(at).expandDims(1));
  const part = heads.slice([null, null, null, [0, 2 * half]]);
  const interleaved = call.integer('interleaved', 0) === 1;
  const pairs = interleaved
    ? part.reshape([...part.shape.slice(0, 3), half, 2])
    : part.reshape([...part.shape.slice(0, 3), 2, half]);
  const axis = interleaved ? 4 : 3;
  const [real, imaginary] = [pairs.at(0, axis), pairs.at(1, axis)];
  const turned = concat(
    [real.mul(cos).sub(imaginary.mul(sin)), real.mul(sin).add(imaginary.mul(cos))].map((t) => t.expandDims(axis)),
    axis,
  ).reshape(part.shape);
  const rest = heads.slice([null, null, null, [2 * half, heads.shape[3]]]);
  const y = rest.size > 0 ? concat([turned, rest], 3) : turned;
  return x.rank === 4 ? y : joinHeads(y);
}

function gelu(x: Tensor, approximate: 'none' | 'tanh' = 'none'): Tensor {
  if (!isFloat(x.dtype)) throw new TypeError(`${x} must be floating point`);
  return x.gelu({ approximate });
}

/** ONNX Runtime's own operators, as its optimizer leaves them in files. */
export const fused: readonly OnnxOperator[] = [
  { domain, type: 'Gelu', gradient: 'yes', build: (call) => gelu(call.tensor(0)) },
  { domain, type: 'BiasGelu', gradient: 'yes', build: (call) => gelu(call.tensor(0).add(call.tensor(1))) },
  {
    domain,
    type: 'FastGelu',
    gradient: 'yes',
    build: (call) => gelu(withBias(call.tensor(0), call.optional(1)), 'tanh'),
  },
  {
    domain,
    type: 'QuickGelu',
    gradient: 'yes',
    build: (call) => call.tensor(0).mul(call.tensor(0).mul(call.float('alpha', 1.702)).sigmoid()),
  },
  { domain, type: 'FusedMatMul', gradient: 'yes', build: fusedMatMul },
  { domain, type: 'FusedGemm', gradient: 'yes', build: fusedGemm },
  { domain, type: 'FusedConv', gradient: 'yes', build: fusedConv },
  { type: 'SimplifiedLayerNormalization', gradient: 'yes', build: simplifiedNormalization },
  { domain, type: 'SkipLayerNormalization', gradient: 'yes', build: (call) => skipNormalization(call, true) },
  {
    domain,
    type: 'SkipSimplifiedLayerNormalization',
    gradient: 'yes',
    build: (call) => skipNormalization(call, false),
  },
  { domain, type: 'EmbedLayerNormalization', gradient: 'yes', build: embedNormalization },
  {
    domain,
    type: 'Attention',
    gradient: 'yes',
    controls: [3],
    note: 'of a sequence to itself, without keys of the past',
    build: packedAttention,
  },
  {
    domain,
    type: 'MultiHeadAttention',
    gradient: 'yes',
    controls: [4],
    note: 'of queries, keys and values apart',
    build: multiHeadAttention,
  },
  { domain, type: 'RotaryEmbedding', gradient: 'yes', controls: [1, 2, 3], build: rotary },
];
