import * as ct from '../../src/index.js';
import { compile, type NDArray, ndarray, type Tensor, valueAndGrad, vmap } from '../../src/index.js';
import { beta, gamma, key, normal, permutation, split, uniform } from '../../src/runtime/random/index.js';
import { smooth, stepping } from '../support/blocks.js';
import { numbers } from '../support/numbers.js';
import { programs } from '../support/programs.js';

const others: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  ...smooth,
  ...stepping,
  logSumExp: (x) => x.logSumExp(1),
  einsum: (x, y) => ct.einsum('ij,kj->ik', x, y),
  'vmap of grad': (x, y) => vmap((p: Tensor, q: Tensor) => ct.grad((r: Tensor) => r.mul(q).tanh().sum())(p))(x, y),
};

/** The value and gradient of every program in float32, or the error it ended with; runs in Node and in a page alike. */
export async function runPrograms(): Promise<Record<string, number[] | string>> {
  const array = (stream: number): NDArray =>
    ndarray(Float32Array.from(numbers(stream, 8, 0.2, 0.8)), { shape: [2, 4] });
  const results: Record<string, number[] | string> = {};
  for (const [name, fn] of Object.entries({ ...programs, ...others })) {
    const single = (x: Tensor, y: Tensor) => fn(x, y).cast('float32');
    const run = compile((x: Tensor, y: Tensor) =>
      valueAndGrad((p: Tensor[]) => single(p[0], p[1]).square().sum().add(p[1].sum().mul(0)))([x, y]),
    );
    try {
      const [value, gradients] = await run(array(1), array(2));
      results[name] = [value, ...gradients].flatMap((a) => ct.toNumbers(a as NDArray));
    } catch (error) {
      results[name] = (error as Error).message;
    }
    await run.release();
  }
  return results;
}

/** Draws whose bits must be the same on every platform. */
export function drawNumbers(): Record<string, number[]> {
  const [a, b, c, d, e] = split(key(2024), 5);
  return {
    uniform: ct.toNumbers(uniform(a, [50])),
    normal: ct.toNumbers(normal(b, [50], { dtype: 'float64' })),
    gamma: ct.toNumbers(gamma(c, [50], { concentration: 0.4, dtype: 'float64' })),
    beta: ct.toNumbers(beta(d, [50], { alpha: 0.2, beta: 0.3, dtype: 'float64' })),
    permutation: ct.toNumbers(permutation(e, 50)),
  };
}
