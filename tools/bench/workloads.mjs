// The work that is timed, a function a workload: weights and inputs to start from, and a run of one step.
import { readFileSync } from 'node:fs';
import { importOnnx } from '../../dist/import/index.js';
import * as ct from '../../dist/index.js';
import { arcFace, crossEntropy, infoNCE } from '../../dist/losses/index.js';
import * as nn from '../../dist/nn/index.js';
import { adamW, firstOrder, sam, sgd } from '../../dist/optim/index.js';
import { key, normal, randint, uniform } from '../../dist/runtime/random/index.js';

export const momentum = () => sgd({ learningRate: 0.01, momentum: 0.9 });

/** A training step of a classifier: state in, state out. */
export function training(model, minimizer, x, labels) {
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
  return {
    compiled: step,
    start: { params, inputs: { x, labels } },
    run: async () => {
      const made = await step(state, x, labels);
      state = made.state;
      return made.loss;
    },
  };
}

/** A derivative; `value` finds the function's value among what it returns. */
export function derivative(compiled, start, args, value = () => undefined) {
  const run = async () => {
    const made = await compiled(...args);
    const found = value(made);
    const kept = found && { ...found, data: found.data.slice() };
    compiled.recycle(made);
    return kept;
  };
  return { compiled, start, run };
}

export const images = (n, channels, size) => uniform(key(1), [n, channels, size, size]);
export const labels = (n, classes = 10) => randint(key(2), [n], { high: classes });
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

export const workloads = {
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
    return derivative(run, { inputs: { x, y } }, [x, y], ([loss]) => loss);
  },
  arcface: () => {
    const run = ct.compile((f, w, y) => ct.valueAndGrad((p) => arcFace(p[0], p[1], y))([f, w]));
    const [f, w] = [normal(key(1), [256, 512]), normal(key(2), [10_000, 512])];
    const y = labels(256, 10_000);
    return derivative(run, { inputs: { f, w, y } }, [f, w, y], ([loss]) => loss);
  },
  'sam-resnet9': () =>
    training(nn.resnet9({ classes: 10, width: 64 }), sam(momentum(), { radius: 0.05 }), images(64, 3, 32), labels(64)),
  'hvp-mlp': () => {
    const model = nn.mlp({ sizes: [784, 256, 128, 10] });
    const run = ct.compile((p, v, x, y) => ct.hvp((q) => crossEntropy(model.apply(q, x, new nn.Context()), y), p, v));
    const [params, direction] = [model.init(key(0)), model.init(key(3))];
    const [x, y] = [uniform(key(1), [128, 784]), labels(128)];
    return derivative(run, { params, direction, inputs: { x, labels: y } }, [params, direction, x, y]);
  },
  'finetune-minilm': () => {
    const model = importOnnx(readFileSync(process.env.COTANGENT_BENCH_ENCODER));
    const minimizer = firstOrder(adamW({ learningRate: 2e-5 }));
    const ids = ct.castArray(randint(key(1), [32, 64], { low: 1, high: 30_522 }), 'int64');
    const step = ct.compile(
      ({ weights, moments }, x) => {
        const objective = (w) => {
          const hidden = model.apply(w, { input_ids: x, attention_mask: x.onesLike(), token_type_ids: x.zerosLike() });
          const [first, second] = hidden.mean(1).split(2, 0);
          return infoNCE(first, second, { temperature: 0.05 });
        };
        const next = minimizer.step(objective, weights, moments);
        return { state: { weights: next.params, moments: next.state }, loss: next.value };
      },
      { donate: [0] },
    );
    const weights = model.init();
    let state = { weights, moments: minimizer.init(weights) };
    return {
      compiled: step,
      start: { params: weights, inputs: { ids } },
      run: async () => {
        const made = await step(state, ids);
        state = made.state;
        return made.loss;
      },
    };
  },
  // The machine's own speed at what everything rests on.
  'matmul-peak': () => {
    const run = ct.compile((a, b) => a.matmul(b));
    const [a, b] = [normal(key(1), [1024, 1024]), normal(key(2), [1024, 1024])];
    return derivative(run, { inputs: { a, b } }, [a, b]);
  },
};
