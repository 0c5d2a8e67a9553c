import type { Tensor } from '../../src/index.js';
import * as ct from '../../src/index.js';
import type { Symbolic, Variables } from '../../src/nn/index.js';
import * as nn from '../../src/nn/index.js';
import * as num from '../../src/numerics/index.js';
import { key } from '../../src/runtime/random/index.js';

type Program = (x: Tensor, y: Tensor) => Tensor;

/** A positive definite matrix [2, 2] of x [2, 4]. */
const definite = (x: Tensor) => x.matmul(x.transpose()).add(ct.eye(2, 2, x.dtype).mul(0.5));
const square = (x: Tensor) => x.slice([null, [0, 2]]).add(ct.eye(2, 2, x.dtype));
const image = (x: Tensor) => x.reshape([1, 1, 2, 4]);
const volume = (x: Tensor) => x.reshape([1, 1, 2, 2, 2]);
const pairs = (x: Tensor) => x.reshape([2, 2, 2]);
const first = (x: Tensor) => x.at(0);
const int32 = (values: number[]) => ct.constant(values, 'int32');

/** A layer with the variables that it begins with, in the dtype of its input. */
function applied<V extends Variables>(layer: nn.Layer<V>): (x: Tensor) => Tensor {
  const variables = layer.init(key(1));
  return (x) => {
    const symbolic = ct.mapTree(variables, (leaf: ct.NDArray) => ct.constant(ct.castArray(leaf, x.dtype)));
    return layer.apply(symbolic as Symbolic<V>, x, new nn.Context({ training: true }));
  };
}

function crossAttended(x: Tensor, y: Tensor): Tensor {
  const layer = nn.crossAttention(4, 2);
  const variables = ct.mapTree(layer.init(key(1)), (leaf: ct.NDArray) => ct.constant(ct.castArray(leaf, x.dtype)));
  const { output, weights } = layer.apply(variables as never, x.expandDims(0), y.expandDims(0));
  return ct.concat([output.flatten(), weights.flatten()]);
}

/**
 * The building blocks, each in a program of x and y, both [2, 4] in (0.2, 0.8), named by the export it uses, with more behind a colon where one has
 * several ways.
 */
export const smooth: Record<string, Program> = {
  fft: (x) => ct.fft(pairs(x)),
  ifft: (x) => ct.ifft(pairs(x)),
  fft2: (x) => ct.fft2(pairs(x)),
  ifft2: (x) => ct.ifft2(pairs(x)),
  rfft: (x) => ct.rfft(x),
  irfft: (x) => ct.irfft(pairs(x)),
  conjugate: (x) => ct.conjugate(pairs(x)),
  complex: (x, y) => ct.complex(x, y),
  complexMul: (x, y) => ct.complexMul(pairs(x), pairs(y)),
  complexAbs: (x) => ct.complexAbs(pairs(x)),
  stft: (x) => num.stft(x, { frame: 4, hop: 2 }),
  inverseStft: (x) => num.inverseStft(num.stft(x, { frame: 4 }).mul(x.sum()), { frame: 4 }),
  dct: num.dct,
  idct: num.idct,
  dct2: num.dct2,
  idct2: num.idct2,
  'gridSample: zeros': (x, y) => ct.gridSample(image(x), y.reshape([1, 2, 2, 2]), { padding: 'zeros' }),
  'gridSample: border, aligned': (x, y) =>
    ct.gridSample(image(x), y.reshape([1, 2, 2, 2]), { padding: 'border', alignCorners: true }),
  'gridSample: reflection': (x, y) => ct.gridSample(image(x), y.reshape([1, 2, 2, 2]), { padding: 'reflection' }),
  'gridSample: cubic': (x, y) => ct.gridSample(image(x), y.reshape([1, 2, 2, 2]), { mode: 'cubic' }),
  'gridSample: cubic, reflection': (x, y) =>
    ct.gridSample(image(x), y.reshape([1, 2, 2, 2]), { mode: 'cubic', padding: 'reflection', alignCorners: true }),
  'gridSample: in a volume': (x, y) =>
    ct.gridSample(
      volume(x),
      y
        .reshape([-1])
        .slice([[0, 6]])
        .reshape([1, 1, 1, 2, 3]),
    ),
  affineGrid: (x) =>
    ct.affineGrid(
      x
        .reshape([-1])
        .slice([[0, 6]])
        .reshape([1, 2, 3]),
      [1, 1, 2, 3],
    ),
  unfold: (x) => ct.unfold(image(x), 2),
  fold: (x) => ct.fold(x.reshape([1, 4, 2]), [2, 3], 2),
  'resize: nearest': (x) => ct.resize(image(x), [3, 5], { mode: 'nearest' }),
  'resize: linear': (x) => ct.resize(image(x), [3, 5], { mode: 'linear' }),
  'resize: cubic': (x) => ct.resize(image(x), [3, 5], { mode: 'cubic' }),
  'resize: area': (x) => ct.resize(image(x), [1, 3], { mode: 'area' }),
  padReflect: (x) =>
    ct.padReflect(x, [
      [0, 1],
      [2, 1],
    ]),
  padReplicate: (x) =>
    ct.padReplicate(x, [
      [0, 1],
      [2, 1],
    ]),
  padCircular: (x) =>
    ct.padCircular(x, [
      [0, 1],
      [2, 1],
    ]),
  'conv: uneven same padding': (x, y) => ct.conv(image(x), y.reshape([2, 1, 2, 2]), undefined, { padding: 'same' }),
  'conv: in three axes': (x, y) => ct.conv(volume(x), volume(y), undefined, { padding: 1 }),
  'conv: depthwise': (x, y) => ct.conv(x.reshape([1, 4, 2]), y.reshape([4, 1, 2]), undefined, { groups: 4 }),
  pixelShuffle: (x) => ct.pixelShuffle(x.reshape([1, 4, 1, 2]), 2),
  pixelUnshuffle: (x) => ct.pixelUnshuffle(image(x), 2),
  scatterND: (x, y) => x.scatterND(int32([1, 1]).expandDims(1), y, 'add'),
  segmentSum: (x) => ct.segmentSum(x.reshape([4, 2]), int32([1, 0, 1, 1]), 3),
  gatherAtMinimum: (x, y) => num.gatherAtMinimum(x, y.transpose()),
  squaredDistances: num.squaredDistances,
  nearestNeighbours: (x, y) => num.nearestNeighbours(x, y, 2, { chunk: 1 })[0],
  nearestCodes: (x, y) => num.nearestCodes(x, y).codes,
  kMeans: (x) => num.kMeans(x.reshape([4, 2]), { clusters: 2, key: key(0) }).centres,
  readExamples: (x) => num.readExamples(x, int32([1, 0])),
  writeExamples: (x, y) => num.writeExamples(x, int32([1, 0]), y),
  averageExamples: (x, y) => num.averageExamples(x, int32([1, 0]), y, 0.9),
  lstm: (x, y) => applied(nn.lstm(4, 2))(ct.stack([x, y])),
  'lstm: both directions': (x, y) => applied(nn.lstm(4, 2, { bidirectional: true }))(ct.stack([x, y])),
  gru: (x, y) => applied(nn.gru(4, 2))(ct.stack([x, y])),
  groupNorm: (x, y) => applied(nn.groupNorm(2, 4))(ct.stack([x, y]).swapAxes(1, 2)),
  instanceNorm: (x, y) => applied(nn.instanceNorm(2, { affine: true }))(ct.stack([x, y])),
  weightNorm: (x) => applied(nn.weightNorm(nn.linear(4, 3)))(x),
  windowAttention: (x, y) =>
    applied(nn.windowAttention(2, 1, { window: 2, shift: 1 }))(ct.concat([x, y]).reshape([1, 2, 4, 2])),
  crossAttention: crossAttended,
  softRank: (x) => num.softRank(x, { strength: 0.3 }),
  isotonic: num.isotonic,
  neuralSort: (x) => num.neuralSort(x),
  softSort: (x) => num.softSort(x.mul(x)),
  oddEvenSort: (x) => num.oddEvenSort(x).sorted,
  sinkhorn: (x) => num.sinkhorn(x, { epsilon: 0.3, iterations: 5 }).plan,
  sinkhornDivergence: (x, y) => num.sinkhornDivergence(x, y, { epsilon: 0.3, iterations: 5 }),
  matrixSqrt: (x) => ct.matrixSqrt(definite(x)),
  pseudoInverse: (x) => ct.pseudoInverse(x),
  determinant: (x) => ct.determinant(square(x)),
  logDeterminant: (x) => ct.logDeterminant(definite(x))[1],
  nuclearNorm: ct.nuclearNorm,
  spectralNorm: ct.spectralNorm,
  solve: (x, y) => ct.solve(definite(x), y),
  inverse: (x) => ct.inverse(square(x)),
  cholesky: (x) => ct.cholesky(definite(x)),
  qr: (x) => ct.qr(x.transpose())[1],
  eigh: (x) => ct.eigh(definite(x))[0],
  svd: (x) => ct.svd(x)[1],
  powerIteration: (x) =>
    num.powerIteration((v) => definite(x).matmul(v), ct.constant([1, 0.3]).cast(x.dtype), { steps: 8 }).value,
  lanczos: (x) => num.lanczos((v) => definite(x).matmul(v), ct.constant([1, 0.3]).cast(x.dtype), { steps: 2 }).diagonal,
  hutchinsonTrace: (x) =>
    num.hutchinsonTrace((v) => definite(x).matmul(v).tanh(), ct.constant(key(2)), [2], {
      samples: 3,
      dtype: x.dtype as 'float64',
    }),
  conjugateGradient: (x, y) => num.conjugateGradient((v) => definite(x).matmul(v), first(y.transpose()), { steps: 2 }),
  bisection: (x) => num.bisection((v, p) => v.pow(3).add(v).sub(p), x, x.zerosLike(), x.onesLike()),
  newton: (x) => num.newton((v, p) => v.pow(3).add(v).sub(p), x, x, { steps: 8 }),
  rungeKutta4: (x, y) => num.rungeKutta4((v) => v.square().mul(y).neg(), x, { steps: 3 }),
  'scan: unrolled': (x, y) => num.scan((c: Tensor, v: Tensor) => [c.mul(v).tanh(), c], first(y), x)[1],
  'scan: as one node': (x, y) =>
    num.scan((c: Tensor, v: Tensor) => [c.mul(v).tanh(), c], first(y), x, { unroll: false })[1],
  'scan: with checkpoints': (x, y) =>
    num.scan((c: Tensor, v: Tensor) => [c.mul(v).tanh(), c], first(y), x, { checkpoint: true })[1],
  quantile: (x) => num.quantile(x, 0.4),
  median: (x) => num.median(x),
  topK: (x) => x.topK(2)[0],
};

/** Those whose derivative is not the one of their value, or zero: straight-through and steps. */
export const stepping: Record<string, Program> = {
  straightThrough: (x) => ct.straightThrough((v) => v.ceil())(x.mul(5)),
  roundStraightThrough: (x) => ct.roundStraightThrough(x.mul(5)),
  floorStraightThrough: (x) => ct.floorStraightThrough(x.mul(5)),
  signStraightThrough: (x) => ct.signStraightThrough(x.sub(0.5)),
  clipStraightThrough: (x) => ct.clipStraightThrough(x, 0.4, 0.6),
  reverseGradient: (x) => ct.reverseGradient(x),
  'nearestCodes: straight through': (x, y) => num.nearestCodes(x, y).quantized,
  connectedComponents: (x) => ct.connectedComponents(x.mul(4).cast('int32').reshape([4, 2]), 4).cast(x.dtype),
  linearSumAssignment: (x) => ct.linearSumAssignment(x).cast(x.dtype),
};
