import { describe, expect, it } from 'vitest';
import { allocate, compile, conv, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { scan } from '../../src/numerics/index.js';
import type { Engine, SessionOptions } from '../../src/runtime/engine.js';
import { lower } from '../../src/runtime/lower.js';
import { plan } from '../../src/runtime/plan.js';
import { input } from '../../src/tensor/ops/constant.js';
import { numbers } from '../support/numbers.js';

const symbol = (...shape: number[]) => input('x', shape, 'float32');

/** The threads that the session of a program asks for. */
async function threadsOf(y: Tensor, options: SessionOptions = {}): Promise<number | undefined> {
  const asked: (number | undefined)[] = [];
  const engine: Engine = {
    defaultDevice: 'cpu',
    writesInto: false,
    unwritten: allocate,
    createSession: async (_, { threads }) => {
      asked.push(threads);
      return { run: async () => [], release: async () => {} };
    },
  };
  const [tensor] = lower([y], 'cpu');
  await plan(engine, 'program', [{ name: 'y', tensor }], new Map(), options);
  expect(asked).toHaveLength(1);
  return asked[0];
}

const states = (rows: number, columns: number) => {
  const body = (h: Tensor, x: Tensor): [Tensor, Tensor] => {
    const next = h.add(x.matmul(symbol(columns, columns)));
    return [next, next];
  };
  return scan(body, symbol(rows, columns), symbol(6, rows, columns), { unroll: false })[0];
};

describe('threads of a session', () => {
  it.each<[string, Tensor]>([
    ['elementwise', symbol(64, 64).exp()],
    ['a product', symbol(16, 64).matmul(symbol(64, 64))],
    ['a convolution', conv(symbol(1, 3, 14, 14), symbol(8, 3, 3, 3))],
    ['a loop', states(8, 8)],
  ])('are one where every operator is small: %s', async (_, y) => {
    expect(await threadsOf(y)).toBe(1);
  });

  it.each<[string, Tensor]>([
    ['elementwise', symbol(64, 65).exp()],
    ['a product', symbol(17, 64).matmul(symbol(64, 64))],
    ['a convolution', conv(symbol(4, 3, 14, 14), symbol(8, 3, 3, 3))],
    ['what is read', symbol(64, 65).sum()],
    ['a loop', states(32, 64)],
  ])("are the engine's own choice where one is not: %s", async (_, y) => {
    expect(await threadsOf(y)).toBeUndefined();
  });

  it('are what the program says', async () => {
    expect(await threadsOf(symbol(2).exp(), { threads: 3 })).toBe(3);
    expect(await threadsOf(symbol(64, 65).exp(), { threads: 1 })).toBe(1);
  });

  it('make no difference to the bits of results', async () => {
    const f = (x: Tensor, w: Tensor) => x.matmul(w).sigmoid().softmax().sum([0]);
    for (const rows of [7, 700]) {
      const given = [
        ndarray(numbers(0, rows * 32), { shape: [rows, 32] }),
        ndarray(numbers(1, 320), { shape: [32, 10] }),
      ];
      const [one, two, own] = await Promise.all(
        [{ threads: 1 }, { threads: 2 }, {}].map(async (o) => toNumbers(await compile(f, o)(given[0], given[1]))),
      );
      expect(two).toEqual(one);
      expect(own).toEqual(one);
    }
  });
});
