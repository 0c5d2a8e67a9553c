import { gradientMap, smoothGrad } from '../../diagnostics/index.js';
import {
  adaptiveMaxPoolLayer,
  Context,
  conv2d,
  flattenLayer,
  type Layer,
  linear,
  maxPoolLayer,
  reluLayer,
  type Symbolic,
  sequential,
  type Variables,
} from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, normal, randint } from '../../runtime/random/index.js';
import { type NDArray, ndarray, type Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { trained } from '../experiments/train.js';

const [side, size] = [16, 5];

/** Whether a pixel of a 5 x 5 glyph is set: a plus, a cross, the outline of a square, a corner. */
const glyphs: readonly ((row: number, column: number) => boolean)[] = [
  (r, c) => r === 2 || c === 2,
  (r, c) => r === c || r + c === 4,
  (r, c) => r % 4 === 0 || c % 4 === 0,
  (r, c) => r === 0 || c === 4,
];

/** Noise of deviation 0.3 with one glyph at a random place; the label is the glyph. */
function pictures(seed: number, n: number, part: number): { x: NDArray; y: NDArray<'int32'> } {
  const own = foldIn(key(230_000 + seed), part);
  const x = normal(foldIn(own, 0), [n, 1, side, side]).data.map((v) => 0.3 * v);
  const y = randint(foldIn(own, 1), [n], { high: glyphs.length });
  const [down, right] = [2, 3].map((i) => randint(foldIn(own, i), [n], { high: side - size + 1 }).data);
  for (let i = 0; i < n; i++)
    for (let r = 0; r < size; r++)
      for (let c = 0; c < size; c++)
        if (glyphs[y.data[i]](r, c)) x[(i * side + down[i] + r) * side + right[i] + c] += 1;
  return { x: ndarray(x, { shape: [n, 1, side, side] }), y };
}

const model = sequential([
  conv2d(1, 12, 3, { padding: 1 }),
  reluLayer,
  conv2d(12, 12, 3, { padding: 1 }),
  reluLayer,
  maxPoolLayer(2),
  conv2d(12, 24, 3, { padding: 1 }),
  reluLayer,
  conv2d(24, 24, 3, { padding: 1 }),
  reluLayer,
  adaptiveMaxPoolLayer(1),
  flattenLayer,
  linear(24, glyphs.length),
] as Layer<Variables>[]);

const spreads = [0, 0.1, 0.2, 0.3];

export const claim: Claim = {
  statement: 'Averaged over noisy copies of the input, the gradient maps of two nets that learned the same agree more.',
  effect: 'mean cosine between the maps of two independently trained nets, spread 0.1 less the raw gradient',
  unit: 'difference of cosines, each -1 to 1',
  threshold: 0.04,
  data: 'drawn pictures of 16 x 16 pixels with one of four glyphs in noise; 1,500 to train on, 150 maps',
  seeds: 5,
  remarks:
    'Four small convolutions, Adam, 6 epochs; 25 noisy copies. At a spread of 0.1 they also change less with a little noise on the input, at 0.3 more. That maps look cleaner to people, which is what the paper shows, is not measured; whether they lie in the glyph more is not the case at this size.',
  async measure(seed, note) {
    const [train, test] = [pictures(seed, 1500, 1), pictures(seed, 150, 2)];
    const nets: Variables[] = [];
    for (const start of [0, 1]) {
      const made = await trained({
        train,
        model,
        epochs: 6,
        batchSize: 64,
        seed: 2 * seed + start,
        optimizer: () => firstOrder(adam({ learningRate: 2e-3 })),
      });
      nets.push(made.variables);
    }
    const run = compile((p: Symbolic<Variables>[], x: Tensor, y: Tensor, k: Tensor) => {
      const flat = (m: Tensor) => m.reshape([m.shape[0], -1]).normalize();
      const cosine = (a: Tensor, b: Tensor) => flat(a).mul(flat(b)).sum(1).mean();
      const near = x.add(
        normal(foldIn(k, 9), x.shape).mul(
          x
            .max([1, 2, 3], { keepDims: true })
            .sub(x.min([1, 2, 3], { keepDims: true }))
            .mul(0.05),
        ),
      );
      return spreads.map((spread) => {
        const maps = p.map((variables) => gradientMap((z: Tensor) => model.apply(variables, z, new Context()), y));
        const at = (i: number, z: Tensor, draw: number) =>
          spread === 0 ? maps[i](z) : smoothGrad(maps[i], z, foldIn(k, draw), { spread });
        return { agreement: cosine(at(0, x, 0), at(1, x, 1)), stability: cosine(at(0, x, 2), at(0, near, 3)) };
      });
    });
    const got = await run(nets as never, test.x, test.y, key(seed));
    const arms: Record<string, Arm> = {};
    spreads.forEach((spread, i) => {
      arms[spread === 0 ? 'raw gradient' : `spread ${spread}`] = {
        'agreement of two nets': Number(got[i].agreement.data[0]),
        'stability under noise': Number(got[i].stability.data[0]),
      };
    });
    const of = (name: string) => arms[name]['agreement of two nets'];
    note(
      Object.keys(arms)
        .map((name) => `${name} ${of(name).toFixed(3)}`)
        .join(', '),
    );
    return { effect: of('spread 0.1') - of('raw gradient'), arms };
  },
};
