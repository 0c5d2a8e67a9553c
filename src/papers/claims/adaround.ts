import {
  adaRound,
  adaRoundLayers,
  fakeQuantize,
  type LayerToRound,
  quantizationGrid,
  roundExhaustively,
  roundNearest,
  roundStochastically,
} from '../../algorithms/index.js';
import type { Affine } from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, normal, permutation } from '../../runtime/random/index.js';
import { constant, item, linear, type NDArray, ndarray, type Tensor, toNumbers } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { someMnist } from '../experiments/digits.js';
import type { Labelled } from '../experiments/gaussians.js';
import { perceptron, trained } from '../experiments/train.js';

const sizes = [196, 128, 128, 128, 128, 10];
const [images, tests, unlabelled, steps, batchSize] = [8000, 5000, 512, 700, 64];

/** Images of 28 x 28 as means of 2 x 2 pixels, flat. */
async function pooled({ x, y }: Labelled): Promise<Labelled> {
  const pool = compile((all: Tensor) => all.reshape([-1, 14, 2, 14, 2]).mean([2, 4]).reshape([-1, 196]));
  const small = (await pool(x)) as NDArray<'float32'>;
  await pool.release();
  return { x: small, y };
}

const nearestLevels = (bits: number, round?: (k: Tensor) => (x: Tensor) => Tensor) =>
  compile((w: Tensor, k: Tensor) => {
    const grid = quantizationGrid(w, { bits, range: 'mse' });
    return fakeQuantize(w, grid, round ? { round: round(k) } : {});
  });

/** One layer of 60 rows of 10 weights, whose best rounding can be found by trying all: mean cost of a row. */
async function roundedRows(seed: number): Promise<Record<string, Arm>> {
  const root = key(210_000 + seed);
  const weights = normal(foldIn(root, 0), [60, 10]);
  const layer = (w: Tensor, x: Tensor) => linear(x, w);
  const scale = 0.5;
  const procedure = adaRound({ apply: layer, steps: 2000, optimizer: adam({ learningRate: 0.01 }) });
  const draw = compile((noise: Tensor, mixing: Tensor, w: Tensor) => {
    const x = noise.matmul(mixing).add(0.3).relu();
    return { x, target: layer(w, x), gram: x.transpose().matmul(x).div(512) };
  });
  const { x, target, gram } = await draw(
    normal(foldIn(root, 1), [512, 10]),
    normal(foldIn(root, 2), [10, 10], { deviation: Math.sqrt(0.1) }),
    weights,
  );
  const begin = compile((w: Tensor) => {
    const [zero, one] = [constant(0), constant(1)];
    return procedure.init(w, { scale: one.mul(scale), zeroPoint: zero, low: zero.sub(100), high: zero.add(100) });
  });
  const step = compile(procedure.step, { donate: [0] });
  let state = (await begin(weights)) as never;
  for (let i = 0; i < 2000; i++) state = (await step(state, x, target)).state as never;
  const end = compile(procedure.result);
  const result = toNumbers((await end(state)).weights as NDArray);
  for (const program of [draw, begin, step, end]) await program.release();
  const g = toNumbers(gram);
  const rows = Array.from({ length: 60 }, (_, r) => toNumbers(weights).slice(10 * r, 10 * r + 10));
  const costs = rows.map((row, r) => {
    const change = row.map((w, i) => result[10 * r + i] - w);
    const adapted = change.reduce((sum, d, i) => sum + d * change.reduce((s, e, j) => s + g[10 * i + j] * e, 0), 0);
    const problem = { weights: row, gram, scale };
    return { nearest: roundNearest(problem).cost, AdaRound: adapted, 'best of all': roundExhaustively(problem).cost };
  });
  const mean = (name: keyof (typeof costs)[number]) => costs.reduce((sum, row) => sum + row[name], 0) / costs.length;
  const arm = (name: keyof (typeof costs)[number]) => ({ 'mean cost of a row': mean(name) });
  return {
    'rows: nearest': arm('nearest'),
    'rows: AdaRound': arm('AdaRound'),
    'rows: best of all': arm('best of all'),
  };
}

export const claim: Claim = {
  statement:
    'Weights of 2 bits that AdaRound rounds up or down keep more of the accuracy than weights at their nearest levels.',
  effect: 'test accuracy at 2 bits, AdaRound less nearest',
  unit: 'difference of shares of test images, 0 to 1',
  threshold: 0.02,
  data: 'MNIST pooled to 14 x 14: 8,000 training images, 512 of them without labels to round by, 5,000 test images',
  seeds: 5,
  remarks:
    'A perceptron 196-128-128-128-128-10 in place of ResNets at 4 bits, which leave no room here; all layers quantised, one symmetric scale of least squared error each; 700 steps a layer. Stochastic rounding is the mean of five draws. Rows: one layer with correlated inputs, whose best rounding is known.',
  async measure(seed, note) {
    const data = await someMnist(images, tests);
    const [train, test] = await Promise.all([pooled(data.train), pooled(data.test)]);
    const { variables } = await trained({
      train,
      model: perceptron(...sizes),
      epochs: 6,
      batchSize,
      seed,
      optimizer: () => firstOrder(adam({ learningRate: 2e-3 })),
    });
    const layers = Object.values(variables as Record<string, Affine>).map(({ weight, bias }, i): LayerToRound => {
      const last = i === sizes.length - 2;
      const apply = (w: Tensor, x: Tensor) => linear(x, w, constant(bias));
      return { weights: weight, apply: last ? apply : (w, x) => apply(w, x).relu() };
    });
    const score = compile((weights: Tensor[], x: Tensor, y: Tensor) => {
      const logits = layers.reduce((t, { apply }, i) => apply(weights[i], t), x);
      return logits.argmax(1).equal(y).cast('float32').mean();
    });
    const accuracy = async (weights: NDArray[]) => item((await score(weights, test.x, test.y)) as NDArray);
    const arms: Record<string, Arm> = {
      'full precision': { 'test accuracy': await accuracy(layers.map(({ weights }) => weights)) },
    };
    const chosen = permutation(foldIn(key(seed), 7), images).data.slice(0, unlabelled);
    const pixels = Float32Array.from(
      { length: unlabelled * 196 },
      (_, i) => train.x.data[chosen[Math.floor(i / 196)] * 196 + (i % 196)],
    );
    const examples = ndarray(pixels, { shape: [unlabelled, 196] });
    for (const bits of [2, 3]) {
      const near = nearestLevels(bits);
      const drawn = nearestLevels(bits, roundStochastically);
      const each = (program: typeof near, draw: number) =>
        Promise.all(
          layers.map(({ weights }, i) => program(weights, foldIn(foldIn(key(seed), draw), i)) as Promise<NDArray>),
        );
      const stochastic: number[] = [];
      for (let draw = 0; draw < 5; draw++) stochastic.push(await accuracy(await each(drawn, 100 + draw)));
      const rounded = await adaRoundLayers(layers, examples, foldIn(key(seed), 8), {
        steps,
        batchSize,
        optimizer: adam({ learningRate: 0.02 }),
        grid: { bits, range: 'mse' },
      });
      arms[`${bits} bits: nearest`] = { 'test accuracy': await accuracy(await each(near, 0)) };
      arms[`${bits} bits: stochastic`] = { 'test accuracy': stochastic.reduce((a, b) => a + b) / 5 };
      arms[`${bits} bits: AdaRound`] = { 'test accuracy': await accuracy(rounded.map(({ weights }) => weights)) };
      for (const program of [near, drawn]) await program.release();
      const open = rounded.map((layer) => layer.open.toFixed(2)).join(', ');
      note(
        `${bits} bits: ${['nearest', 'stochastic', 'AdaRound'].map((n) => arms[`${bits} bits: ${n}`]['test accuracy'].toFixed(3)).join(', ')}; open ${open}`,
      );
    }
    await score.release();
    Object.assign(arms, await roundedRows(seed));
    return {
      effect: arms['2 bits: AdaRound']['test accuracy'] - arms['2 bits: nearest']['test accuracy'],
      arms,
    };
  },
};
