import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { lower } from '../../../src/runtime/lower.js';
import { topological } from '../../../src/tensor/graph.js';
import { input } from '../../../src/tensor/ops/constant.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

const normalised = (x: Tensor, w: Tensor) => x.normalize(-1).matmul(w.normalize(-1).swapAxes(0, 1));

describe('classCosines', () => {
  // Fewer samples than dimensions: products are divided by lengths. As many: rows are.
  it.each([2, 3, 7])(
    'is the product of unit vectors, and its derivatives, of %i samples in 3 dimensions',
    async (n) => {
      const [x, w] = [random64([n, 3], { stream: 1 }), random64([5, 3], { stream: 2 })];
      // Lengths from 0.001 to 1000.
      const stretched = (t: Tensor) => t.mul(c64([[1e-3], [1], [1e3], [2], [-5]]));
      const measured = (cosines: typeof normalised) =>
        compile((a: Tensor, b: Tensor) => ({
          value: cosines(a, stretched(b)),
          gradients: grad(([p, q]: [Tensor, Tensor]) => cosines(p, stretched(q)).exp().sum())([a, b]),
        }));
      const [got, expected] = [await measured(losses.classCosines)(x, w), await measured(normalised)(x, w)];
      allClose(got.value, expected.value.data as Float64Array, 1e-14, 'cosines');
      got.gradients.forEach((g, i) => {
        allClose(g, expected.gradients[i].data as Float64Array, 1e-13, `gradient ${i}`);
      });
      await checkDerivatives((a, b) => losses.classCosines(a, b).exp(), [x, w]);
    },
  );

  it('is 0 with a zero vector, whichever it is', async () => {
    for (const n of [1, 3]) {
      const x = Array.from({ length: n }, (_, i) => (i === 0 ? [3, 4] : [0, 0]));
      const w = c64([
        [0, 0],
        [0, 2],
      ]);
      await expectValue(() => losses.classCosines(c64(x), w), [0, 0.8, ...new Array(2 * n - 2).fill(0)]);
    }
  });

  it('makes no unit vectors of classes that are many', () => {
    const [x, w] = [input('x', [4, 64], 'float32'), input('w', [1000, 64], 'float32')];
    const y = input('y', [4], 'int32');
    const passes = (fn: (w: Tensor) => Tensor) =>
      topological(lower([grad((v: Tensor) => losses.crossEntropy(fn(v).mul(64), y))(w)], 'cpu')).filter(
        ({ output, operator }) => output.size === w.size && operator.type !== 'Input',
      ).length;
    // The squares, the length's part, and the product that begins with it.
    expect(passes((v) => losses.classCosines(x, v))).toBe(3);
    expect(passes((v) => normalised(x, v))).toBe(7);
  });

  it('agrees in single precision', async () => {
    const [x, w] = [random64([6, 32], { stream: 3 }), random64([50, 32], { stream: 4 })];
    const single = ({ data, shape }: typeof x) => ndarray(Float32Array.from(data as Float64Array), { shape });
    const f = compile((a: Tensor, b: Tensor) => losses.classCosines(a, b));
    allClose(await f(single(x), single(w)), (await f(x, w)).data as Float64Array, 1e-6, 'cosines');
  });
});
