import { describe, expect, it } from 'vitest';
import { isScan } from '../../../src/autodiff/scan.js';
import { compile, grad, type Tensor, toNumbers, valueAndGrad } from '../../../src/index.js';
import {
  alignUniform,
  circlePairLoss,
  infoNCE,
  sigmoidPairLoss,
  supCon,
  uniformity,
} from '../../../src/losses/index.js';
import { scan } from '../../../src/numerics/index.js';
import { lower } from '../../../src/runtime/lower.js';
import { fuseLoops } from '../../../src/runtime/passes/loops.js';
import { topological } from '../../../src/tensor/graph.js';
import { constant, zeros } from '../../../src/tensor/index.js';
import { input } from '../../../src/tensor/ops/constant.js';
import { allClose, random64 } from '../../support/derivatives.js';

const loopsIn = (outputs: readonly Tensor[]) => topological(outputs).filter(isScan);
const [a, b] = [input('a', [5, 3], 'float64'), input('b', [5, 3], 'float64')];
const running = (x: Tensor, step: (sum: Tensor, row: Tensor) => Tensor, reverse = false) =>
  scan((sum: Tensor, row: Tensor) => [step(sum, row), sum] as const, zeros([x.shape[1]], 'float64'), x, {
    unroll: false,
    reverse,
  })[1];
const rows = (x: Tensor, of: (row: Tensor) => Tensor, reverse = false) =>
  scan((none: readonly Tensor[], row: Tensor) => [none, of(row)] as const, [], x, { unroll: false, reverse })[1];
const sums = (x: Tensor) => running(x, (sum, row) => sum.add(row));
const labels = constant([0, 1, 0, 1, 2, 2, 2, 0], 'int32');

describe('fuseLoops', () => {
  it.each<[string, Tensor[], number]>([
    ['over one sequence', [sums(a), running(a, (sum, row) => sum.mul(0.5).add(row))], 1],
    ['over one sequence of two', [sums(a), rows(a.add(b), (row) => row.exp()), rows(a, (row) => row.exp())], 2],
    ['either way, where one has no state', [running(a, (s, r) => s.add(r), true), rows(a, (row) => row.exp())], 1],
    ['over different sequences', [sums(a), sums(b)], 2],
    ['of which one needs the other', [rows(a, (row) => row.mul(sums(a).sum(0)))], 2],
    ['of which one needs the other by way of its sequences', [sums(a.concat(sums(a), 1))], 2],
    ['that run against each other', [sums(a), running(a, (sum, row) => sum.add(row), true)], 2],
  ])('loops %s', (_, outputs, count) => {
    expect(loopsIn(fuseLoops(outputs))).toHaveLength(count);
  });

  it('leaves values and derivatives as they are', async () => {
    const f = (x: Tensor, y: Tensor) => {
      const decayed = running(x, (sum, row) => sum.mul(0.5).add(row.tanh()), true);
      const kept = rows(x, (row) => row.tanh().mul(y.sum(0)));
      return decayed
        .mul(kept)
        .add(rows(y, (row) => row.exp()))
        .square()
        .sum();
    };
    const unrolled = (x: Tensor, y: Tensor) => {
      const states = [zeros([3], 'float64')];
      for (let i = 4; i > 0; i--) states.unshift(states[0].mul(0.5).add(x.at(i).tanh()));
      const kept = states.map((state, i) => state.mul(x.at(i).tanh().mul(y.sum(0))));
      return kept.reduce((sum, row, i) => sum.add(row.add(y.at(i).exp()).square().sum()), constant(0, 'float64'));
    };
    const all = (of: typeof f) => (x: Tensor, y: Tensor) => {
      const gradient = (p: [Tensor, Tensor]) => grad((q: [Tensor, Tensor]) => of(...q))(p);
      const second = (p: [Tensor, Tensor]) => gradient(p).reduce((sum, g) => sum.add(g.square().sum()), x.sum().mul(0));
      return [of(x, y), ...gradient([x, y]), ...grad(second)([x, y])];
    };
    const given = [random64([5, 3], { stream: 1 }), random64([5, 3], { stream: 2 })] as const;
    const [got, expected] = [await compile(all(f))(...given), await compile(all(unrolled))(...given)];
    for (const [i, value] of got.entries()) allClose(value, toNumbers(expected[i]), 1e-11, `result ${i}`);
  });

  it.each<[string, (x: Tensor, chunk?: number) => Tensor, loops: number, extra: number]>([
    ['infoNCE', (x, chunk) => infoNCE(x, x.roll(1, 0), { chunk }), 1, 0],
    ['sigmoidPairLoss', (x, chunk) => sigmoidPairLoss(x, x.roll(1, 0), { chunk }), 1, 0],
    ['supCon', (x, chunk) => supCon(x, labels, { chunk }), 1, 0],
    ['alignUniform', (x, chunk) => alignUniform(x, x.roll(1, 0), { chunk }), 2, 0],
    ['circlePairLoss', (x, chunk) => circlePairLoss(x, labels, { chunk }), 1, 0],
    // Its derivative weighs rows by what all of them came to.
    ['uniformity', (x, chunk) => uniformity(x, { chunk }), 2, 1],
  ])('%s in chunks multiplies as often as at once, if its loops become one', async (name, loss, loops, extra) => {
    const both = (chunk?: number) => (x: Tensor) => valueAndGrad((p: Tensor) => loss(p, chunk))(x);
    expect(loopsIn(lower(both(2)(input('x', [8, 4], 'float32')).flat(), 'cpu')), name).toHaveLength(loops);
    const [whole, parts] = [compile(both()), compile(both(2))];
    const x = { ...random64([8, 4]), dtype: 'float32' as const, data: Float32Array.from(toNumbers(random64([8, 4]))) };
    await Promise.all([whole(x), parts(x)]);
    const more = (parts.stats()[0].multiplyAdds - whole.stats()[0].multiplyAdds) / (8 * 8 * 4);
    expect(more, name).toBe(extra);
  });
});
