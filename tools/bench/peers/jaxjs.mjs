// The workloads of ../steps.mjs in jax-js on its wasm backend: `node jaxjs.mjs <workload> <start file>` prints one line of JSON.
import { defaultDevice, grad, init, jit, jvp, lax, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { timed } from '../timing.mjs';
import { answer, layersOf, startOf } from './start.mjs';

await init('wasm');
defaultDevice('wasm');

const array = ({ data, shape, dtype }) =>
  (dtype === 'float32' ? np.array(data) : np.array(Int32Array.from(data, Number))).reshape([...shape]);
const arrays = (tree) => Object.fromEntries(Object.entries(tree).map(([name, a]) => [name, array(a)]));
const refs = (tree) => Object.fromEntries(Object.entries(tree).map(([name, a]) => [name, a.ref]));

// Everything below is traced by jit, where a use more costs nothing: arguments are used by `.ref` and never given up.
const linear = (p, name, x) => np.matmul(x.ref, p[`${name}.weight`].ref.transpose()).add(p[`${name}.bias`].ref);
const crossEntropy = (logits, labels) =>
  nn.logSoftmax(logits.ref, -1).mul(nn.oneHot(labels.ref, logits.shape[1])).sum(-1).mean().neg();

const perceptron = (p, x) => {
  const layers = layersOf(p);
  return layers.reduce((h, name, i) => (i + 1 < layers.length ? nn.relu(linear(p, name, h)) : linear(p, name, h)), x);
};

const conv = (p, name, x, stride = 1) => {
  const side = p[`${name}.weight`].shape[2] === 1 ? 0 : 1;
  return lax.convGeneralDilated(
    x.ref,
    p[`${name}.weight`].ref,
    [stride, stride],
    [
      [side, side],
      [side, side],
    ],
  );
};
/** (x - mean) / sqrt(variance + epsilon) * weight + bias over the axes, weight and bias in the shape given. */
function standardized(p, name, x, axes, shape, epsilon) {
  const centred = x.ref.sub(x.ref.mean(axes, { keepdims: true }));
  const variance = centred.ref.mul(centred.ref).mean(axes, { keepdims: true });
  const y = centred.ref.div(np.sqrt(variance.add(epsilon)));
  return y.mul(p[`${name}.weight`].ref.reshape(shape)).add(p[`${name}.bias`].ref.reshape(shape));
}
const batchNorm = (p, name, x) => standardized(p, name, x, [0, 2, 3], [1, x.shape[1], 1, 1], 1e-5);
function resnet9(p, x) {
  const block = (name, h, pool) => {
    const y = nn.relu(batchNorm(p, `${name}.1`, conv(p, `${name}.0`, h)));
    const [n, c, height, width] = y.shape;
    return pool ? np.max(y.reshape([n, c, height / 2, 2, width / 2, 2]), [3, 5]) : y;
  };
  let h = block('conv2', block('conv1', x), true);
  h = h.ref.add(block('res1.1', block('res1.0', h)));
  h = block('conv4', block('conv3', h, true), true);
  h = h.ref.add(block('res2.1', block('res2.0', h)));
  return linear(p, 'classifier.2', np.max(h.ref, [2, 3]));
}
function resnet18(p, x) {
  let h = nn.relu(batchNorm(p, 'bn1', conv(p, 'conv1', x)));
  for (let stage = 1; stage <= 4; stage++) {
    for (let k = 0; k < 2; k++) {
      const name = `layer${stage}.${k}`;
      const stride = k === 0 && stage > 1 ? 2 : 1;
      const y = nn.relu(batchNorm(p, `${name}.bn1`, conv(p, `${name}.conv1`, h, stride)));
      const short =
        `${name}.downsample.0.weight` in p
          ? batchNorm(p, `${name}.downsample.1`, conv(p, `${name}.downsample.0`, h, stride))
          : h.ref;
      h = nn.relu(batchNorm(p, `${name}.bn2`, conv(p, `${name}.conv2`, y)).add(short));
    }
  }
  return linear(p, 'fc', h.ref.mean([2, 3]));
}

const layerNorm = (p, name, x, epsilon = 1e-6) => standardized(p, name, x, [-1], [1, 1, x.shape[2]], epsilon);
const gelu = (x) => x.ref.mul(lax.erf(x.ref.mul(Math.SQRT1_2)).add(1)).mul(0.5);
function attention(p, name, x, heads) {
  const [n, t, d] = x.shape;
  const packed = np.matmul(x.ref, p[`${name}.in_proj_weight`].ref.transpose()).add(p[`${name}.in_proj_bias`].ref);
  const [q, k, v] = np
    .split(packed, 3, 2)
    .map((part) => part.reshape([n, t, heads, d / heads]).transpose([0, 2, 1, 3]));
  const weights = nn.softmax(np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(d / heads)), -1);
  return linear(p, `${name}.out_proj`, np.matmul(weights, v).transpose([0, 2, 1, 3]).reshape([n, t, d]));
}
function vit(p, x) {
  const [d, , size] = p['conv_proj.weight'].shape;
  const n = x.shape[0];
  const embedded = lax
    .convGeneralDilated(x.ref, p['conv_proj.weight'].ref, [size, size], 'VALID')
    .reshape([n, d, -1])
    .transpose([0, 2, 1])
    .add(p['conv_proj.bias'].ref);
  const token = np.broadcastTo(p.class_token.ref, [n, 1, d]);
  let h = np.concatenate([token, embedded], 1).add(p['encoder.pos_embedding'].ref);
  for (let i = 0; `encoder.layers.encoder_layer_${i}.ln_1.weight` in p; i++) {
    const name = `encoder.layers.encoder_layer_${i}`;
    h = h.ref.add(attention(p, `${name}.self_attention`, layerNorm(p, `${name}.ln_1`, h), 3));
    h = h.ref.add(linear(p, `${name}.mlp.3`, gelu(linear(p, `${name}.mlp.0`, layerNorm(p, `${name}.ln_2`, h)))));
  }
  return linear(p, 'heads.head', layerNorm(p, 'encoder.ln', h).slice([], 0));
}

/** BERT's encoder, as ../../golden/encoder.py exports it: weights [in, out], no token masked, all of type 0. [n, t] to [n, t, d]. */
function encoder(p, ids) {
  const heads = 12;
  const at = (name, x) => np.matmul(x.ref, p[`${name}.weight`].ref).add(p[`${name}.bias`].ref);
  const [n, t] = ids.shape;
  const places = p['positions.weight'].ref.slice([0, t]).add(p['types.weight'].ref.slice([0, 1]));
  let h = layerNorm(p, 'norm', np.take(p['words.weight'].ref, ids.ref, 0).add(places), 1e-12);
  for (let i = 0; `layers.${i}.query.weight` in p; i++) {
    const name = `layers.${i}`;
    const d = h.shape[2];
    const [q, k, v] = ['query', 'key', 'value'].map((part) =>
      at(`${name}.${part}`, h)
        .reshape([n, t, heads, d / heads])
        .transpose([0, 2, 1, 3]),
    );
    const weights = nn.softmax(np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(d / heads)), -1);
    const mixed = np.matmul(weights, v).transpose([0, 2, 1, 3]).reshape([n, t, d]);
    h = layerNorm(p, `${name}.norm1`, h.ref.add(at(`${name}.output`, mixed)), 1e-12);
    const wide = gelu(at(`${name}.intermediate`, h));
    h = layerNorm(p, `${name}.norm2`, h.ref.add(at(`${name}.contract`, wide)), 1e-12);
  }
  return h;
}
/** InfoNCE of the first half of a batch of sentences against the second. */
function contrast(p, ids) {
  const means = encoder(p, ids).mean(1);
  const [first, second] = np.split(means, 2, 0);
  return infoNce(first, second, 0.05);
}

const zipped = (fn, ...trees) =>
  Object.fromEntries(Object.keys(trees[0]).map((name) => [name, fn(...trees.map((tree) => tree[name]))]));
const zeros = (tree) => zipped((a) => np.zeros(a.shape), tree);

/** An update rule: gradients, parameters and state to new parameters and state. */
const momentum = {
  init: (p) => ({ m: zeros(p) }),
  update: (g, p, { m }) => {
    const next = zipped((v, d) => v.ref.mul(0.9).add(d.ref), m, g);
    return [zipped((w, v) => w.ref.sub(v.ref.mul(0.01)), p, next), { m: next }];
  },
};
const adamW = (rate) => ({
  init: (p) => ({ m: zeros(p), v: zeros(p), t: { count: np.array([0]) } }),
  update: (g, p, { m, v, t }) => {
    const count = t.count.ref.add(1);
    const [first, second] = [0.9, 0.999].map((b) =>
      np
        .exp(count.ref.mul(Math.log(b)))
        .neg()
        .add(1),
    );
    const m1 = zipped((a, d) => a.ref.mul(0.9).add(d.ref.mul(0.1)), m, g);
    const v1 = zipped((a, d) => a.ref.mul(0.999).add(d.ref.mul(d.ref).mul(0.001)), v, g);
    const step = (w, a, b) =>
      w.ref.mul(1 - 0.01 * rate).sub(
        a.ref
          .div(first.ref)
          .div(np.sqrt(b.ref.div(second.ref)).add(1e-8))
          .mul(rate),
      );
    return [zipped(step, p, m1, v1), { m: m1, v: v1, t: { count } }];
  },
});

/** A step that lowers a loss of parameters and inputs. */
const descent = (lossOf, rule, radius) => (start) => {
  const step = jit((params, state, inputs) => {
    const objective = valueAndGrad((p) => lossOf(p, inputs));
    let [loss, gradient] = objective(refs(params));
    if (radius) {
      const squares = Object.values(gradient).map((g) => g.ref.mul(g.ref).sum());
      const norm = np.sqrt(squares.reduce((a, b) => a.add(b))).add(1e-12);
      [, gradient] = objective(zipped((w, g) => w.ref.add(g.ref.mul(radius).div(norm.ref)), params, gradient));
    }
    const [next, moved] = rule.update(gradient, params, state);
    return { loss, next, moved };
  });
  let params = arrays(start.params);
  let state = rule.init(params);
  const inputs = arrays(start.inputs);
  return async () => {
    const made = step(params, state, refs(inputs));
    [params, state] = [made.next, made.moved];
    await Promise.all(Object.values(params).map((a) => a.blockUntilReady()));
    return (await made.loss.data())[0];
  };
};

/** A step of a classifier; the running statistics of batch normalisation, which cost next to nothing, are left out. */
const training = (model, rule, radius) =>
  descent((p, { x, labels }) => crossEntropy(model(p, x), labels), rule, radius);

const normalized = (x) => x.ref.div(np.sqrt(x.ref.mul(x.ref).sum(1, { keepdims: true })));
function infoNce(x, y, temperature) {
  const own = np.arange(x.shape[0]).astype(np.int32);
  return crossEntropy(np.matmul(normalized(x), normalized(y).transpose()).div(temperature), own);
}
/** Value and gradient of a function of a tree. */
const differentiated = (fn, tree) => {
  const run = jit((p) => valueAndGrad(fn)(p));
  return async () => {
    const [value, gradient] = run(refs(tree));
    for (const g of Object.values(gradient)) await g.data();
    return (await value.data())[0];
  };
};

const workloads = {
  mlp: training(perceptron, momentum),
  resnet9: training(resnet9, momentum),
  resnet18: training(resnet18, momentum),
  vit: training(vit, adamW(1e-3)),
  infonce: ({ inputs }) => differentiated(({ x, y }) => infoNce(x, y, 0.1), arrays(inputs)),
  arcface: ({ inputs }) => {
    const { y, ...rest } = arrays(inputs);
    return differentiated(({ f, w }) => {
      const cosine = np.matmul(normalized(f), normalized(w).transpose());
      const own = nn.oneHot(y.ref, w.shape[0]);
      const angle = np.clip(cosine.ref.mul(own.ref).sum(1, { keepdims: true }), -1 + 1e-7, 1 - 1e-7);
      const moved = np.cos(np.acos(angle.ref).add(0.5));
      return crossEntropy(cosine.ref.add(own.ref.mul(moved.sub(angle.ref))).mul(64), y);
    }, rest);
  },
  'sam-resnet9': training(resnet9, momentum, 0.05),
  'finetune-minilm': descent((p, { ids }) => contrast(p, ids), adamW(2e-5)),
  'hvp-mlp': ({ params, inputs, direction }) => {
    const { x, labels } = arrays(inputs);
    const run = jit(
      (p, v) =>
        jvp(
          grad((q) => crossEntropy(perceptron(q, x), labels)),
          [p],
          [v],
        )[1],
    );
    const [at, along] = [arrays(params), arrays(direction)];
    return async () => {
      for (const g of Object.values(run(refs(at), refs(along)))) await g.data();
      return undefined;
    };
  },
  'matmul-peak': ({ inputs }) => {
    const { a, b } = arrays(inputs);
    const run = jit((x, y) => np.matmul(x, y));
    return async () => {
      await run(a.ref, b.ref).data();
      return undefined;
    };
  },
};

await answer(async () => {
  const [, , name, file] = process.argv;
  if (!(name in workloads)) throw new Error(`${name} is not written for jax-js`);
  const step = workloads[name](startOf(file));
  const { value: loss, ...measured } = await timed(step);
  return { name, loss, threads: 1, ...measured };
});
