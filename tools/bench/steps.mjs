// Times one training step or derivative: `node tools/bench/steps.mjs <workload>` prints one line of JSON with the median in ms and the peak
// resident memory of the process. tools/bench/steps.py is the same work in PyTorch; tools/bench/run.mjs runs both in turn.
import * as ct from '../../dist/index.js';
import { arcFace, crossEntropy, infoNCE } from '../../dist/losses/index.js';
import * as nn from '../../dist/nn/index.js';
import { adamW, firstOrder, sam, sgd } from '../../dist/optim/index.js';
import { key, normal, randint, uniform } from '../../dist/runtime/random/index.js';

const momentum = () => sgd({ learningRate: 0.01, momentum: 0.9 });

/** A training step of a classifier: state in, state out. */
function training(model, minimizer, x, labels) {
  const [buffers, params] = ct.partition(model.init(key(0)), (path) => nn.isBuffer(path));
  const step = ct.compile(
    ({ params, buffers, moments }, x, y) => {
      const objective = (p) => {
        const context = new nn.Context({ training: true });
        const logits = model.apply(ct.merge(p, buffers), x, context);
        return [crossEntropy(logits, y), context.updated(buffers)];
      };
      const next = minimizer.step(objective, params, moments);
      return { state: { params: next.params, buffers: next.value[1], moments: next.state }, loss: next.value[0] };
    },
    { donate: [0] },
  );
  let state = { params, buffers, moments: minimizer.init(params) };
  return async () => {
    ({ state } = await step(state, x, labels));
    return step;
  };
}

const images = (n, channels, size) => uniform(key(1), [n, channels, size, size]);
const labels = (n, classes = 10) => randint(key(2), [n], { high: classes });
const vit = () =>
  nn.vit({
    imageSize: 32,
    patchSize: 4,
    dimension: 192,
    depth: 6,
    heads: 3,
    mlpDimension: 768,
    classes: 10,
    inputChannels: 3,
  });

const workloads = {
  mlp: () =>
    training(nn.mlp({ sizes: [784, 256, 128, 10] }), firstOrder(momentum()), uniform(key(1), [128, 784]), labels(128)),
  resnet9: () =>
    training(nn.resnet9({ classes: 10, width: 64 }), firstOrder(momentum()), images(64, 3, 32), labels(64)),
  resnet18: () =>
    training(
      nn.resnet({ depth: 18, classes: 10, stem: 'cifar' }),
      firstOrder(momentum()),
      images(32, 3, 32),
      labels(32),
    ),
  vit: () => training(vit(), firstOrder(adamW({ learningRate: 1e-3 })), images(64, 3, 32), labels(64)),
  infonce: () => {
    const run = ct.compile((x, y) => ct.valueAndGrad((p) => infoNCE(p[0], p[1]))([x, y]));
    const [x, y] = [normal(key(1), [4096, 128]), normal(key(2), [4096, 128])];
    return async () => {
      await run(x, y);
      return run;
    };
  },
  arcface: () => {
    const run = ct.compile((f, w, y) => ct.valueAndGrad((p) => arcFace(p[0], p[1], y))([f, w]));
    const [f, w] = [normal(key(1), [256, 512]), normal(key(2), [10_000, 512])];
    const y = labels(256, 10_000);
    return async () => {
      await run(f, w, y);
      return run;
    };
  },
  'sam-resnet9': () =>
    training(nn.resnet9({ classes: 10, width: 64 }), sam(momentum(), { radius: 0.05 }), images(64, 3, 32), labels(64)),
  'hvp-mlp': () => {
    const model = nn.mlp({ sizes: [784, 256, 128, 10] });
    const run = ct.compile((p, v, x, y) => ct.hvp((q) => crossEntropy(model.apply(q, x, new nn.Context()), y), p, v));
    const [params, direction] = [model.init(key(0)), model.init(key(3))];
    const [x, y] = [uniform(key(1), [128, 784]), labels(128)];
    return async () => {
      await run(params, direction, x, y);
      return run;
    };
  },
  // The machine's own speed at what everything rests on.
  'matmul-peak': () => {
    const run = ct.compile((a, b) => a.matmul(b));
    const [a, b] = [normal(key(1), [1024, 1024]), normal(key(2), [1024, 1024])];
    return async () => {
      await run(a, b);
      return run;
    };
  },
};

const name = process.argv[2];
if (!(name in workloads)) throw new Error(`steps: ${name} is none of ${Object.keys(workloads).join(', ')}`);
const step = workloads[name]();
let compiled = await step();
for (let i = 0; i < 2; i++) await step();
const times = [];
const begin = performance.now();
while (times.length < 5 || (times.length < 30 && performance.now() - begin < 4000)) {
  const start = performance.now();
  compiled = await step();
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const { traceMilliseconds, sessionMilliseconds, nodes } = compiled.stats()[0];
console.log(
  JSON.stringify({
    name,
    ms: times[times.length >> 1],
    rssMb: process.resourceUsage().maxRSS / 1024,
    setupMs: traceMilliseconds + sessionMilliseconds,
    nodes,
  }),
);
