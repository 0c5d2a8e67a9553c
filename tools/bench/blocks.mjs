// Times the expensive building blocks: `node tools/bench/blocks.mjs` prints one line of JSON for each, with the median over its runs in ms.
// tools/bench/blocks.py does the same work with PyTorch and SciPy; tools/bench/blocks-compare.mjs runs both in turn.
import * as ct from '../../dist/index.js';
import * as num from '../../dist/numerics/index.js';
import { key } from '../../dist/runtime/random/index.js';

let seed = 1;
/** Uniform numbers in (-1, 1), repeatable (Lehmer's generator). */
function random(shape, dtype = 'float32') {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float64Array.from({ length: size }, () => {
    seed = (seed * 48271) % 2147483647;
    return (2 * seed) / 2147483647 - 1;
  });
  return ct.ndarray(values, { shape, dtype });
}
const symmetric = (n) => (x) => x.add(x.transpose()).div(2 * Math.sqrt(n));
const definite = (n) => (x) => x.matmul(x.transpose()).div(n).add(ct.eye(n));
const withGradient =
  (fn) =>
  (x, ...rest) =>
    ct.valueAndGrad((x) => fn(x, ...rest).sum())(x);

/** name, size, program, inputs */
const blocks = [
  ...[32, 128, 512].map((n) => ['eigh', `${n}`, (x) => ct.eigh(symmetric(n)(x))[0], [random([n, n])]]),
  ...[128, 256].map((n) => [
    'eigh and gradient',
    `${n}`,
    withGradient((x) => ct.eigh(symmetric(n)(x))[0].square()),
    [random([n, n])],
  ]),
  ...[
    [128, 64],
    [512, 128],
  ].map(([m, n]) => ['svd', `${m} x ${n}`, (x) => ct.svd(x)[1], [random([m, n])]]),
  ['svd of a stack', '256 of 16 x 16', (x) => ct.svd(x)[1], [random([256, 16, 16])]],
  ['qr', '256 x 128', (x) => ct.qr(x)[1], [random([256, 128])]],
  ...[128, 512].map((n) => ['cholesky', `${n}`, (x) => ct.cholesky(definite(n)(x)), [random([n, n])]]),
  ...[128, 512].map((n) => [
    'solve',
    `${n}, 16 sides`,
    (x, b) => ct.solve(definite(n)(x), b),
    [random([n, n]), random([n, 16])],
  ]),
  ['inverse', '256', (x) => ct.inverse(definite(256)(x)), [random([256, 256])]],
  [
    'logDeterminant and gradient',
    '256',
    withGradient((x) => ct.logDeterminant(definite(256)(x))[1]),
    [random([256, 256])],
  ],
  ['matrixSqrt', '128', (x) => ct.matrixSqrt(definite(128)(x)), [random([128, 128])]],
  ...[64, 256, 1000].map((n) => ['linearSumAssignment', `${n}`, (x) => ct.linearSumAssignment(x), [random([n, n])]]),
  ...[128, 512].map((n) => [
    'sinkhorn, 100 rounds, and gradient',
    `${n} x ${n}`,
    withGradient((x) => num.sinkhorn(x, { epsilon: 0.1, iterations: 100 }).cost),
    [random([n, n])],
  ]),
  [
    'gridSample and gradient',
    '16 x 3 x 64 x 64',
    (x, g) => ct.grad(([x, g]) => ct.gridSample(x, g).square().sum())([x, g]),
    [random([16, 3, 64, 64]), random([16, 64, 64, 2])],
  ],
  [
    'gridSample',
    '16 x 3 x 224 x 224',
    (x, g) => ct.gridSample(x, g),
    [random([16, 3, 224, 224]), random([16, 224, 224, 2])],
  ],
  ['fft2', '64 x 32 x 32', (x) => ct.fft2(x), [random([64, 32, 32, 2])]],
  ['fft2 and gradient', '32 x 128 x 128', withGradient((x) => ct.fft2(x).square()), [random([32, 128, 128, 2])]],
  ['rfft', '64 x 1000', (x) => ct.rfft(x), [random([64, 1000])]],
  ['stft', '16 x 16000, frame 400', (x) => num.stft(x, { frame: 400, hop: 160 }), [random([16, 16000])]],
  ['nearestNeighbours, k = 20', '4096 x 128', (x) => num.nearestNeighbours(x, x, 20), [random([4096, 128])]],
  ['nearestNeighbours, k = 20', '16384 x 128', (x) => num.nearestNeighbours(x, x, 20)[1], [random([16384, 128])]],
  [
    'kMeans, 20 rounds',
    '5000 x 64, 50',
    (x) => num.kMeans(x, { clusters: 50, key: key(0), iterations: 20 }).centres,
    [random([5000, 64])],
  ],
  ['topK, k = 20', '4096 x 4096', (x) => x.topK(20)[0], [random([4096, 4096])]],
  [
    'resize, cubic',
    '16 x 3 x 128 to 224',
    (x) => ct.resize(x, [224, 224], { mode: 'cubic' }),
    [random([16, 3, 128, 128])],
  ],
  ['unfold, 3 x 3', '16 x 16 x 64 x 64', (x) => ct.unfold(x, 3), [random([16, 16, 64, 64])]],
];

const only = process.argv[2];
for (const [name, size, program, inputs] of blocks) {
  if (only && !name.startsWith(only)) continue;
  const run = ct.compile(program);
  await run(...inputs);
  const times = [];
  const begin = performance.now();
  while (times.length < 3 || (times.length < 15 && performance.now() - begin < 1500)) {
    const start = performance.now();
    await run(...inputs);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(JSON.stringify({ name, size, ms: times[times.length >> 1] }));
  await run.release();
}
