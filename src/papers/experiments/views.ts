import { valueAndGrad } from '../../autodiff/index.js';
import { type Affine, Context, type Layer, mlp, type Symbolic, type Variables } from '../../nn/index.js';
import { adam, applyUpdates } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, normal, permutation, randint } from '../../runtime/random/index.js';
import { constant, linear, type NDArray, ndarray, type Tensor } from '../../tensor/index.js';

/** Items whose two views share their content and differ in their style: what self-supervised learning is to see through. */
export interface Views {
  /** Contents [n, 8], of which `view` makes pictures. */
  readonly contents: NDArray<'float32'>;
  readonly labels: NDArray<'int32'>;
}

const [content, style, hidden, pixels, classes] = [8, 8, 128, 64, 10];

export interface ViewOptions {
  /** Length of the class means. */
  readonly radius: number;
  /** Items to train on, and to test. */
  readonly train: number;
  readonly test: number;
}

/** Ten classes of contents: a random direction each, with normal spread 0.6. */
export function contents(seed: number, { radius, train, test }: ViewOptions): { train: Views; test: Views } {
  const root = key(160_000 + seed);
  const means = normal(foldIn(root, 0), [classes, content]).data;
  const drawn = (part: number, n: number): Views => {
    const own = foldIn(root, part);
    const labels = randint(foldIn(own, 0), [n], { high: classes });
    const noise = normal(foldIn(own, 1), [n, content]).data;
    const data = noise.map((e, i) => {
      const mean = means.subarray(labels.data[Math.floor(i / content)] * content).subarray(0, content);
      return 0.6 * e + (radius * mean[i % content]) / Math.hypot(...mean);
    });
    return { contents: ndarray(data, { shape: [n, content] }), labels };
  };
  return { train: drawn(1, train), test: drawn(2, test) };
}

/** Pictures [n, 64] of contents [n, 8] with fresh styles of deviation 2: a fixed random net of both, and a little noise. */
export function viewsOf(seed: number): (contents: Tensor, drawKey: Tensor) => Tensor {
  const root = key(170_000 + seed);
  const first = normal(foldIn(root, 0), [content + style, hidden]).data.map((v) => (v * 1.5) / 4);
  const second = normal(foldIn(root, 1), [hidden, pixels]).data.map((v) => v / Math.sqrt(hidden));
  return (u, drawKey) => {
    const n = u.shape[0];
    const [w1, w2] = [
      constant(ndarray(first, { shape: [content + style, hidden] })),
      constant(ndarray(second, { shape: [hidden, pixels] })),
    ];
    const styled = u.concat(normal(foldIn(drawKey, 0), [n, style]).mul(2), 1);
    return styled
      .matmul(w1)
      .tanh()
      .matmul(w2)
      .add(normal(foldIn(drawKey, 1), [n, pixels]).mul(0.05));
  };
}

/** The net of these experiments, 64-128-128-outputs: an encoder whose outputs are embeddings, or a classifier. */
const network = (outputs: number): Layer<Variables> => mlp({ sizes: [pixels, hidden, hidden, outputs] });

/** What its last hidden layer holds, [n, 128]. */
function hiddenOf(params: Symbolic<Variables>, x: Tensor): Tensor {
  const layer = (name: string, input: Tensor) => {
    const { weight, bias } = params[name] as Symbolic<Affine>;
    return linear(input, weight, bias).relu();
  };
  return layer('2', layer('0', x));
}

/** Trains the net on pairs of fresh views for 300 steps of Adam in batches of 128. */
export async function trainedOnViews(
  seed: number,
  { contents: all, labels }: Views,
  loss: (x: Tensor, y: Tensor, labels: Tensor) => Tensor,
  outputs = 32,
): Promise<Variables> {
  const encoder = network(outputs);
  const view = viewsOf(seed);
  const optimizer = adam({ learningRate: 1e-3 });
  const step = compile(
    (params: Symbolic<Variables>, moments: unknown, u: Tensor, y: Tensor, drawKey: Tensor) => {
      const [a, b] = [view(u, foldIn(drawKey, 0)), view(u, foldIn(drawKey, 1))];
      const embed = (p: Symbolic<Variables>, x: Tensor) => encoder.apply(p, x, new Context({ training: true }));
      const [value, gradients] = valueAndGrad((p: Symbolic<Variables>) => loss(embed(p, a), embed(p, b), y))(params);
      const { updates, state } = optimizer.update(gradients, moments, params);
      return { params: applyUpdates(params, updates), moments: state, value };
    },
    { donate: [0, 1] },
  );
  const root = key(seed);
  let params: Variables = encoder.init(foldIn(root, 0));
  let moments = optimizer.init(params) as never;
  const n = labels.shape[0];
  for (let i = 0; i < 300; i++) {
    const chosen = permutation(foldIn(foldIn(root, 1), i), n).data.slice(0, 128);
    const u = Float32Array.from(
      { length: 128 * content },
      (_, k) => all.data[chosen[Math.floor(k / content)] * content + (k % content)],
    );
    const next = await step(
      params as never,
      moments,
      ndarray(u, { shape: [128, content] }),
      ndarray(Int32Array.from(chosen, (c) => labels.data[c])),
      foldIn(foldIn(root, 2), i),
    );
    params = next.params as Variables;
    moments = next.moments as never;
  }
  await step.release();
  return params;
}

/**
 * Share of test items whose class the 20 nearest training items (by cosine, weighted by e^(cosine / 0.1)) name, one view of each.
 *
 * @param by the outputs, or the last hidden layer.
 */
export async function neighbourAccuracy(
  seed: number,
  params: Variables,
  { train, test }: { readonly train: Views; readonly test: Views },
  by: 'outputs' | 'hidden' = 'outputs',
): Promise<number> {
  const view = viewsOf(seed);
  const embedding = (p: Symbolic<Variables>, x: Tensor) =>
    by === 'hidden' ? hiddenOf(p, x) : network(32).apply(p, x, new Context());
  const run = compile((p: Symbolic<Variables>, a: Tensor, ya: Tensor, b: Tensor, yb: Tensor, k: Tensor) => {
    const embed = (u: Tensor, i: number) => embedding(p, view(u, foldIn(k, i))).normalize();
    const [cosines, positions] = embed(b, 1).matmul(embed(a, 0).transpose()).topK(20, 1);
    const votes = ya.gather(positions).oneHot(classes).cast('float32').mul(cosines.div(0.1).exp().expandDims(2));
    return votes.sum(1).argmax(1).equal(yb).cast('float32').mean();
  });
  const accuracy = await run(
    params as never,
    train.contents,
    train.labels,
    test.contents,
    test.labels,
    key(180_000 + seed),
  );
  await run.release();
  return Number(accuracy.data[0]);
}
