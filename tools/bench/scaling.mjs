// `npm run bench:scaling`: how the time and memory of a step grow with the size of the work, a process a size, with the slope of the line through the
// logarithms: 1 is proportional, 2 quadratic. `--json` prints it for machines; `--into FILE` keeps each series there as soon as it is measured, and takes
// those that are there already; further words choose the series whose names they are part of.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compile, valueAndGrad } from '../../dist/index.js';
import { infoNCE } from '../../dist/losses/index.js';
import * as nn from '../../dist/nn/index.js';
import { adamW, firstOrder } from '../../dist/optim/index.js';
import { key, normal, uniform } from '../../dist/runtime/random/index.js';
import { timed } from './timing.mjs';
import { derivative, images, labels, momentum, training } from './workloads.mjs';

const sgdOf = (model, x, n) => training(model, firstOrder(momentum()), x, labels(n));
const mlp = ({ batch = 128, width = 256, depth = 3 }) =>
  sgdOf(nn.mlp({ sizes: [784, ...Array(depth - 1).fill(width), 10] }), uniform(key(1), [batch, 784]), batch);
const resnet9 = ({ batch = 32, width = 32 }) => sgdOf(nn.resnet9({ classes: 10, width }), images(batch, 3, 32), batch);
const vit = ({ batch = 16, width = 192, depth = 4 }) =>
  training(
    nn.vit({
      imageSize: 32,
      patchSize: 4,
      dimension: width,
      depth,
      heads: 4,
      mlpDimension: 4 * width,
      classes: 10,
      inputChannels: 3,
    }),
    firstOrder(adamW({ learningRate: 1e-3 })),
    images(batch, 3, 32),
    labels(batch),
  );
const pairs = (chunk) => (embeddings) => {
  const run = compile((x, y) => valueAndGrad((p) => infoNCE(p[0], p[1], { chunk }))([x, y]));
  const [x, y] = [normal(key(1), [embeddings, 128]), normal(key(2), [embeddings, 128])];
  return derivative(run, { inputs: { x, y } }, [x, y]);
};

const of = (model, name) => (size) => model({ [name]: size });
const series = {
  'MLP, batch size': { sizes: [128, 256, 512, 1024, 2048], make: of(mlp, 'batch') },
  'MLP, width': { sizes: [128, 256, 512, 1024, 2048], make: of(mlp, 'width') },
  'MLP, depth': { sizes: [2, 4, 8, 16, 32], make: of(mlp, 'depth') },
  'resnet9, batch size': { sizes: [8, 16, 32, 64, 128], make: of(resnet9, 'batch') },
  'resnet9, width': { sizes: [8, 16, 32, 64], make: of(resnet9, 'width') },
  'ViT, batch size': { sizes: [4, 8, 16, 32, 64], make: of(vit, 'batch') },
  'ViT, width': { sizes: [48, 96, 192, 384], make: of(vit, 'width') },
  'ViT, depth': { sizes: [1, 2, 4, 8], make: of(vit, 'depth') },
  'InfoNCE, embeddings': { sizes: [512, 1024, 2048, 4096, 8192], make: pairs(undefined) },
  'InfoNCE in chunks of 512, embeddings': { sizes: [2048, 4096, 8192, 16384, 32768], make: pairs(512) },
};

/** Slope of the least-squares line through (log x, log y). */
function slope(xs, ys) {
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  const [lx, ly] = [xs.map(Math.log), ys.map(Math.log)];
  const [mx, my] = [mean(lx), mean(ly)];
  return lx.reduce((sum, x, i) => sum + (x - mx) * (ly[i] - my), 0) / lx.reduce((sum, x) => sum + (x - mx) ** 2, 0);
}

/** A series, a process a size. */
function measured(name, sizes) {
  const points = sizes.map((size) => {
    const args = [fileURLToPath(import.meta.url), '--point', name, String(size)];
    const { stdout, stderr, status } = spawnSync('node', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`bench:scaling: ${name} of ${size}: ${stderr.trim().split('\n').at(-1)}`);
    return { size, ...JSON.parse(stdout) };
  });
  console.error(`${name}: ${points.map((p) => `${p.size}: ${p.ms.toFixed(2)} ms`).join(', ')}`);
  const slopeOf = (of) => slope(sizes, points.map(of));
  return { name, points, timeSlope: slopeOf((p) => p.ms), memorySlope: slopeOf((p) => p.rssMb) };
}

function print(rows) {
  console.log('| what grows | sizes | ms | slope | MB | slope |\n|---|---|---|---|---|---|');
  for (const { name, points, timeSlope, memorySlope } of rows) {
    const times = points.map(({ ms }) => (ms < 10 ? ms.toFixed(2) : ms.toFixed(0))).join(', ');
    const memory = points.map(({ rssMb }) => rssMb.toFixed(0)).join(', ');
    const sizes = points.map(({ size }) => size).join(', ');
    console.log(`| ${name} | ${sizes} | ${times} | ${timeSlope.toFixed(2)} | ${memory} | ${memorySlope.toFixed(2)} |`);
  }
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, into: { type: 'string' }, point: { type: 'boolean' } },
  allowPositionals: true,
});
if (values.point) {
  const [name, size] = positionals;
  const { ms, rssMb } = await timed(series[name].make(Number(size)).run);
  console.log(JSON.stringify({ ms, rssMb }));
} else {
  const chosen = Object.entries(series).filter(
    ([name]) => positionals.length === 0 || positionals.some((word) => name.toLowerCase().includes(word.toLowerCase())),
  );
  if (chosen.length === 0)
    throw new Error(
      `bench:scaling: no series is called ${positionals.join(', ')}; there are ${Object.keys(series).join('; ')}`,
    );
  const kept = values.into && existsSync(values.into) ? JSON.parse(readFileSync(values.into, 'utf8')) : [];
  const rows = chosen.map(([name, { sizes }]) => {
    const before = kept.find((row) => row.name === name);
    const row = before ?? measured(name, sizes);
    if (!before) kept.push(row);
    if (values.into) writeFileSync(values.into, JSON.stringify(kept, null, 2));
    return row;
  });
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else print(rows);
}
