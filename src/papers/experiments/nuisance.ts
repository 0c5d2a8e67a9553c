import { Context, type Layer, mlp, type Symbolic, type Variables } from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, type Key, key, normal, randint } from '../../runtime/random/index.js';
import {
  eigh,
  eye,
  type MapTree,
  mapTree,
  type NDArray,
  ndarray,
  ones,
  solve,
  type Tensor,
  zipTrees,
} from '../../tensor/index.js';
import type { Labelled } from './gaussians.js';

const content = 20;

/**
 * Items around class centres, and views of them: what they are with some noise, beside as many dimensions of nothing but noise twice as
 * large.
 */
export interface NuisanceOptions {
  readonly classes: number;
  /** Deviation of items from their centre, and of views from their item. */
  readonly noise: number;
}

/** Centres are normal in 20 dimensions, one set a seed. */
const centresOf = (seed: number, { classes }: NuisanceOptions) =>
  normal(foldIn(key(30_000 + seed), 0), [classes, content]).data;

function items(seed: number, draw: Key, n: number, options: NuisanceOptions): Labelled {
  const centres = centresOf(seed, options);
  const y = randint(foldIn(draw, 0), [n], { high: options.classes });
  const data = normal(foldIn(draw, 1), [n, content]).data.map(
    (e, i) => centres[y.data[Math.floor(i / content)] * content + (i % content)] + options.noise * e,
  );
  return { x: ndarray(data, { shape: [n, content] }), y };
}

/** Views [n, 40] of items [n, 20]. */
const viewOf = (x: Tensor, draw: Tensor, noise: number): Tensor => {
  const [n] = x.shape;
  const own = x.add(normal(foldIn(draw, 0), [n, content]).mul(noise));
  return own.concat(normal(foldIn(draw, 1), [n, content]).mul(2), 1);
};

export interface NuisanceTraining<S> extends NuisanceOptions {
  readonly seed: number;
  readonly steps: number;
  readonly batchSize: number;
  /** A loss of the embeddings of two views, and those of the second by a moving average of the encoder; or a loss and the next state. */
  readonly loss: (
    views: { readonly first: Tensor; readonly second: Tensor; readonly target: Tensor },
    state: S,
  ) => Tensor | readonly [loss: Tensor, state: S];
  readonly state?: MapTree<S, Tensor, NDArray> | undefined;
}

/** What became of the embedding of 2,000 fresh views. */
export interface NuisanceScores {
  /** Of a ridge regression on 2,000 others. */
  readonly 'probe accuracy': number;
  /** exp of the entropy of the normalised singular values of the centred embeddings: in how many dimensions they lie. */
  readonly 'effective rank': number;
  /** Mean over dimensions. */
  readonly 'standard deviation': number;
}

/** An encoder 40-64-16, trained by Adam at a rate of 0.001 on two views of fresh items; its moving average's decay goes from 0.99 to 1. */
export async function onNuisance<S = Record<string, never>>(training: NuisanceTraining<S>): Promise<NuisanceScores> {
  const { seed, steps, batchSize, loss, noise, classes } = training;
  const encoder: Layer<Variables> = mlp({ sizes: [2 * content, 64, 16] });
  const embed = (p: Symbolic<Variables>, x: Tensor) => encoder.apply(p, x, new Context({ training: true }));
  const minimizer = firstOrder(adam({ learningRate: 1e-3 }));
  const step = compile(
    (
      p: Symbolic<Variables>,
      average: Symbolic<Variables>,
      m: unknown,
      s: S,
      x: Tensor,
      decay: Tensor,
      draw: Tensor,
    ) => {
      const [first, second] = [0, 1].map((i) => viewOf(x, foldIn(draw, i), noise));
      const target = zipTrees('average', average, p, (a: Tensor, b: Tensor) =>
        a.mul(decay).add(b.mul(decay.neg().add(1))),
      ) as Symbolic<Variables>;
      const objective = (q: Symbolic<Variables>) => {
        const made = loss({ first: embed(q, first), second: embed(q, second), target: embed(target, second) }, s);
        return Array.isArray(made) ? ([made[0], made[1]] as const) : ([made as Tensor, s] as const);
      };
      const { params, state, value } = minimizer.step(objective, p, m);
      return { params, average: target, moments: state, state: value[1] };
    },
    { name: 'nuisance', donate: [1, 2, 3] },
  );
  const root = key(seed);
  let params = encoder.init(foldIn(root, 0)) as never;
  let average = mapTree(params, (leaf: NDArray) => ({ ...leaf, data: leaf.data.slice() })) as never;
  let moments = minimizer.init(params) as never;
  let state = (training.state ?? {}) as never;
  for (let i = 0; i < steps; i++) {
    const { x } = items(seed, foldIn(foldIn(root, 1), i), batchSize, training);
    const decay = ndarray(1 - 0.01 * (1 + Math.cos((Math.PI * i) / steps)) * 0.5);
    ({ params, average, moments, state } = (await step(
      params,
      average,
      moments,
      state,
      x,
      decay,
      foldIn(foldIn(root, 2), i),
    )) as never);
  }
  await step.release();
  const [train, test] = [2, 3].map((part) => items(seed, foldIn(root, part), 2000, training));
  const measure = compile((p: Symbolic<Variables>, a: Tensor, ya: Tensor, b: Tensor, yb: Tensor, draw: Tensor) => {
    const [x, z] = [a, b].map((u, i) => embed(p, viewOf(u, foldIn(draw, i), noise)));
    const predicted = ridge(x, ya.oneHot(classes, 'float32'), z).argmax(-1);
    const centred = z.sub(z.mean(0));
    const [variances] = eigh(centred.swapAxes(0, 1).matmul(centred).div(z.shape[0]).cast('float64'));
    const share = variances.maximum(0).sqrt().normalize(-1, { p: 1 });
    return {
      accuracy: predicted.equal(yb).cast('float32').mean(),
      rank: share.mul(share.maximum(1e-30).log()).sum().neg().exp(),
      deviation: z.variance(0).sqrt().mean(),
    };
  });
  const { accuracy, rank, deviation } = await measure(params, train.x, train.y, test.x, test.y, foldIn(root, 4));
  await measure.release();
  return {
    'probe accuracy': Number(accuracy.data[0]),
    'effective rank': Number(rank.data[0]),
    'standard deviation': Number(deviation.data[0]),
  };
}

/** Least squares with a small penalty, of standardised features and a constant: fitted to x [n, d] and y [n, k], evaluated at z. */
function ridge(x: Tensor, y: Tensor, z: Tensor): Tensor {
  const [mean, scale] = [x.mean(0), x.variance(0).sqrt().maximum(1e-12)];
  const [a, b] = [x, z].map((u) =>
    u
      .sub(mean)
      .div(scale)
      .concat(ones([u.shape[0], 1]), 1),
  );
  const normal = a.swapAxes(0, 1).matmul(a).add(eye(a.shape[1]).mul(1e-2));
  return b.matmul(solve(normal, a.swapAxes(0, 1).matmul(y)));
}
