import { cka, deconfoundedCka } from '../../diagnostics/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, normal } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { gaussianClasses } from '../experiments/gaussians.js';

const [dimension, width] = [20, 64];

export const claim: Claim = {
  statement:
    'Random nets that have nothing in common look similar under CKA, because their inputs are; without what the inputs explain they do not.',
  effect: 'CKA of two independent random nets less the absolute value of their deconfounded CKA',
  unit: 'difference of similarities, each at most 1',
  threshold: 0.3,
  data: '200 points of 3 Gaussian clusters in 20 dimensions; pairs of one-layer ReLU nets of width 64 that share none, half or all of their weights',
  seeds: 10,
  async measure(seed, note) {
    const root = key(210_000 + seed);
    const { train } = gaussianClasses(foldIn(root, 0), { classes: 3, dimension, spread: 2, train: 200, test: 1 });
    const run = compile((x: Tensor, shared: Tensor, own: Tensor[]) =>
      [0, 0.5, 1].map((share) => {
        const [a, b] = own.map((v) => {
          const weights = shared.mul(Math.sqrt(share)).add(v.mul(Math.sqrt(1 - share)));
          return x.matmul(weights).relu();
        });
        return { plain: cka(a, b), without: deconfoundedCka(a, b, x).value };
      }),
    );
    const weights = (i: number) => normal(foldIn(root, i), [dimension, width]);
    const results = await run(train.x, weights(1), [weights(2), weights(3)]);
    const arms: Record<string, Arm> = {};
    ['nothing shared', 'half shared', 'all shared'].forEach((name, i) => {
      arms[name] = { CKA: Number(results[i].plain.data[0]), 'deconfounded CKA': Number(results[i].without.data[0]) };
    });
    const { CKA: plain, 'deconfounded CKA': without } = arms['nothing shared'];
    note(`nothing shared: CKA ${plain.toFixed(3)}, deconfounded ${without.toFixed(3)}`);
    return { effect: plain - Math.abs(without), arms };
  },
};
