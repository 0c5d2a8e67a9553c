// The workloads of ../steps.mjs in TensorFlow.js on its wasm backend: `node tfjs.mjs <workload> <start file>` prints one line of JSON.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { timed } from '../timing.mjs';
import { answer, layersOf, startOf } from './start.mjs';

const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
setWasmPaths(`${folder}/`);
setThreadsCount(2);
await tf.setBackend('wasm');
await tf.ready();

const tensor = ({ data, shape, dtype }) =>
  dtype === 'float32' ? tf.tensor(data, shape) : tf.tensor(Int32Array.from(data, Number), shape, 'int32');
const tensors = (tree) => Object.fromEntries(Object.entries(tree).map(([name, array]) => [name, tensor(array)]));
const variables = (tree) => Object.fromEntries(Object.entries(tensors(tree)).map(([k, t]) => [k, tf.variable(t)]));

const linear = (p, name, x) => {
  const flat = x.rank > 2 ? x.reshape([-1, x.shape.at(-1)]) : x;
  const y = tf.matMul(flat, p[`${name}.weight`], false, true).add(p[`${name}.bias`]);
  return x.rank > 2 ? y.reshape([...x.shape.slice(0, -1), -1]) : y;
};
const crossEntropy = (logits, labels) =>
  tf.logSoftmax(logits).mul(tf.oneHot(labels, logits.shape[1])).sum(1).mean().neg();

const perceptron = (p, x) => {
  const layers = layersOf(p);
  return layers.reduce((h, name, i) => (i + 1 < layers.length ? linear(p, name, h).relu() : linear(p, name, h)), x);
};

// Images and kernels the way this backend wants them: channels last.
const conv = (p, name, x, stride = 1) =>
  tf.conv2d(
    x,
    p[`${name}.weight`].transpose([2, 3, 1, 0]),
    stride,
    p[`${name}.weight`].shape[2] === 1
      ? 'valid'
      : [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
  );
const batchNorm = (p, name, x) => {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.batchNorm(x, mean, variance, p[`${name}.bias`], p[`${name}.weight`], 1e-5);
};
function resnet9(p, x) {
  const block = (name, h, pool) => {
    const y = batchNorm(p, `${name}.1`, conv(p, `${name}.0`, h)).relu();
    return pool ? tf.maxPool(y, 2, 2, 'valid') : y;
  };
  let h = block('conv2', block('conv1', x.transpose([0, 2, 3, 1])), true);
  h = h.add(block('res1.1', block('res1.0', h)));
  h = block('conv4', block('conv3', h, true), true);
  h = h.add(block('res2.1', block('res2.0', h)));
  return linear(p, 'classifier.2', h.max([1, 2]));
}
function resnet18(p, x) {
  let h = batchNorm(p, 'bn1', conv(p, 'conv1', x.transpose([0, 2, 3, 1]))).relu();
  for (let stage = 1; stage <= 4; stage++) {
    for (let k = 0; k < 2; k++) {
      const name = `layer${stage}.${k}`;
      const stride = k === 0 && stage > 1 ? 2 : 1;
      const y = batchNorm(p, `${name}.bn1`, conv(p, `${name}.conv1`, h, stride)).relu();
      const short =
        `${name}.downsample.0.weight` in p
          ? batchNorm(p, `${name}.downsample.1`, conv(p, `${name}.downsample.0`, h, stride))
          : h;
      h = batchNorm(p, `${name}.bn2`, conv(p, `${name}.conv2`, y))
        .add(short)
        .relu();
    }
  }
  return linear(p, 'fc', h.mean([1, 2]));
}

const layerNorm = (p, name, x, epsilon = 1e-6) => {
  const { mean, variance } = tf.moments(x, -1, true);
  return x.sub(mean).mul(variance.add(epsilon).rsqrt()).mul(p[`${name}.weight`]).add(p[`${name}.bias`]);
};
const gelu = (x) => x.mul(tf.erf(x.mul(Math.SQRT1_2)).add(1)).mul(0.5);
function attention(p, name, x, heads) {
  const [n, t, d] = x.shape;
  const packed = linear({ 'a.weight': p[`${name}.in_proj_weight`], 'a.bias': p[`${name}.in_proj_bias`] }, 'a', x);
  const [q, k, v] = tf
    .split(packed, 3, 2)
    .map((part) => part.reshape([n, t, heads, d / heads]).transpose([0, 2, 1, 3]));
  const weights = tf.softmax(tf.matMul(q, k, false, true).mul(1 / Math.sqrt(d / heads)));
  return linear(p, `${name}.out_proj`, tf.matMul(weights, v).transpose([0, 2, 1, 3]).reshape([n, t, d]));
}
function vit(p, x) {
  const [d, channels, size] = p['conv_proj.weight'].shape;
  const [n, , height] = x.shape;
  const side = height / size;
  // Patches that do not overlap: a product with the flattened kernel, as this backend has no derivative of a convolution's kernel.
  const patches = x
    .reshape([n, channels, side, size, side, size])
    .transpose([0, 2, 4, 1, 3, 5])
    .reshape([n, side * side, -1]);
  const embedded = linear(
    { 'c.weight': p['conv_proj.weight'].reshape([d, -1]), 'c.bias': p['conv_proj.bias'] },
    'c',
    patches,
  );
  let h = tf.concat([p.class_token.tile([n, 1, 1]), embedded], 1).add(p['encoder.pos_embedding']);
  for (let i = 0; `encoder.layers.encoder_layer_${i}.ln_1.weight` in p; i++) {
    const name = `encoder.layers.encoder_layer_${i}`;
    h = h.add(attention(p, `${name}.self_attention`, layerNorm(p, `${name}.ln_1`, h), 3));
    h = h.add(linear(p, `${name}.mlp.3`, gelu(linear(p, `${name}.mlp.0`, layerNorm(p, `${name}.ln_2`, h)))));
  }
  return linear(p, 'heads.head', layerNorm(p, 'encoder.ln', h).slice([0, 0, 0], [-1, 1, -1]).reshape([n, d]));
}

/** BERT's encoder, as ../../golden/encoder.py exports it: weights [in, out], no token masked, all of type 0. [n, t] to [n, t, d]. */
function encoder(p, ids) {
  const heads = 12;
  const at = (name, x) => {
    const y = tf.matMul(x.reshape([-1, x.shape.at(-1)]), p[`${name}.weight`]).add(p[`${name}.bias`]);
    return y.reshape([...x.shape.slice(0, -1), -1]);
  };
  const [n, t] = ids.shape;
  const places = p['positions.weight'].slice([0, 0], [t, -1]).add(p['types.weight'].slice([0, 0], [1, -1]));
  let h = layerNorm(p, 'norm', tf.gather(p['words.weight'], ids).add(places), 1e-12);
  for (let i = 0; `layers.${i}.query.weight` in p; i++) {
    const name = `layers.${i}`;
    const d = h.shape[2];
    const [q, k, v] = ['query', 'key', 'value'].map((part) =>
      at(`${name}.${part}`, h)
        .reshape([n, t, heads, d / heads])
        .transpose([0, 2, 1, 3]),
    );
    const weights = tf.softmax(tf.matMul(q, k, false, true).mul(1 / Math.sqrt(d / heads)));
    const mixed = tf.matMul(weights, v).transpose([0, 2, 1, 3]).reshape([n, t, d]);
    h = layerNorm(p, `${name}.norm1`, h.add(at(`${name}.output`, mixed)), 1e-12);
    h = layerNorm(p, `${name}.norm2`, h.add(at(`${name}.contract`, gelu(at(`${name}.intermediate`, h)))), 1e-12);
  }
  return h;
}
/** InfoNCE of the first half of a batch of sentences against the second. */
function contrast(p, ids) {
  const [first, second] = tf.split(encoder(p, ids).mean(1), 2, 0);
  return infoNce(first, second, 0.05);
}

/** A step that lowers a loss of parameters and inputs. */
const descent = (lossOf, optimizer, decay) => (start) => {
  const [p, inputs] = [variables(start.params), tensors(start.inputs)];
  return async () => {
    const loss = optimizer.minimize(() => lossOf(p, inputs), true, Object.values(p));
    if (decay) for (const v of Object.values(p)) tf.tidy(() => v.assign(v.mul(1 - decay)));
    const [value] = await loss.data();
    loss.dispose();
    return value;
  };
};
/** A step of a classifier; the running statistics of batch normalisation, which cost next to nothing, are left out. */
const training = (model, optimizer, decay) =>
  descent((p, { x, labels }) => crossEntropy(model(p, x), labels), optimizer, decay);
const momentum = () => tf.train.momentum(0.01, 0.9);

const normalized = (x) => x.div(x.square().sum(1, true).sqrt());
function infoNce(x, y, temperature) {
  const own = tf.range(0, x.shape[0], 1, 'int32');
  return crossEntropy(tf.matMul(normalized(x), normalized(y), false, true).div(temperature), own);
}
/** Value and gradients of a function of tensors. */
const differentiated = (fn, inputs) => async () => {
  const { value, grads } = tf.valueAndGrads(fn)(inputs);
  const [number] = await value.data();
  for (const g of grads) await g.data();
  tf.dispose([value, grads]);
  return number;
};

const workloads = {
  mlp: training(perceptron, momentum()),
  resnet9: training(resnet9, momentum()),
  resnet18: training(resnet18, momentum()),
  vit: training(vit, tf.train.adam(1e-3), 1e-5),
  infonce: ({ inputs }) => {
    const { x, y } = tensors(inputs);
    return differentiated((a, b) => infoNce(a, b, 0.1), [x, y]);
  },
  arcface: ({ inputs }) => {
    const { f, w, y } = tensors(inputs);
    const own = tf.oneHot(y, w.shape[0]).cast('float32');
    return differentiated(
      (a, b) => {
        const cosine = tf.matMul(normalized(a), normalized(b), false, true);
        const angle = cosine
          .mul(own)
          .sum(1, true)
          .clipByValue(-1 + 1e-7, 1 - 1e-7);
        const moved = angle.acos().add(0.5).cos();
        return crossEntropy(cosine.add(own.mul(moved.sub(angle))).mul(64), y);
      },
      [f, w],
    );
  },
  'sam-resnet9': (start) => {
    // Its first gradient is that of resnet9: where that has none, this has none.
    const [p, { x, labels }] = [variables(start.params), tensors(start.inputs)];
    return async () => tf.variableGrads(() => crossEntropy(resnet9(p, x), labels)).value.data();
  },
  'finetune-minilm': descent((p, { ids }) => contrast(p, ids), tf.train.adam(2e-5), 0.01 * 2e-5),
  'hvp-mlp': ({ params, inputs, direction }) => {
    const names = Object.keys(params);
    const [values, along] = [names.map((n) => tensor(params[n])), names.map((n) => tensor(direction[n]))];
    const { x, labels } = tensors(inputs);
    const loss = (...list) =>
      crossEntropy(perceptron(Object.fromEntries(names.map((n, i) => [n, list[i]])), x), labels);
    return async () => {
      const product = tf.tidy(() =>
        tf.grads((...list) =>
          tf.addN(
            tf
              .grads(loss)(list)
              .map((g, i) => g.mul(along[i]).sum()),
          ),
        )(values),
      );
      for (const g of product) await g.data();
      tf.dispose(product);
      return undefined;
    };
  },
  'matmul-peak': ({ inputs }) => {
    const { a, b } = tensors(inputs);
    return async () => {
      const product = tf.matMul(a, b);
      await product.data();
      product.dispose();
      return undefined;
    };
  },
};

await answer(async () => {
  const [, , name, file] = process.argv;
  if (!(name in workloads)) throw new Error(`${name} is not written for TensorFlow.js`);
  const step = workloads[name](startOf(file));
  const { value: loss, ...measured } = await timed(step);
  return { name, loss, threads: getThreadsCount(), ...measured };
});
