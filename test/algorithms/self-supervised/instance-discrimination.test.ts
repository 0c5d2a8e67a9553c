import { describe, expect, it } from 'vitest';
import * as algorithms from '../../../src/algorithms/index.js';
import { compile, constant, grad, ndarray, type Tensor, zeros } from '../../../src/index.js';
import { adam } from '../../../src/optim/index.js';
import { foldIn, key, normal, permutation, randint } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const bank = () =>
  c64([
    [1, 0],
    [0, 1],
    [-1, 0],
    [0.6, 0.8],
  ]);
const feature = () => c64([[0.8, 0.6]]);
const item = () => c32([0]);
const noise = () => c32([[1, 2]]);
const temperature = 0.5;

describe('instanceSoftmax', () => {
  it('classifies among all items, whose rows are constants', async () => {
    const loss = (v: Tensor, b: Tensor) => algorithms.instanceSoftmax(v, item(), b, { temperature });
    await expectValue(() => loss(feature(), bank()), [1.1275916396783219], 12);
    await expectValue(() => grad((v: Tensor) => loss(v, bank()))(feature()), [-0.8436573638, 1.1476047609]);
    await expectValue(() => grad((b: Tensor) => loss(feature(), b))(bank()), Array(8).fill(0));
    await expectValue(
      () => loss(feature(), bank()).add(algorithms.proximalTerm(feature(), item(), bank()).mul(30)),
      [13.12759163967832],
      12,
    );
    expect(() => algorithms.instanceSoftmax(zeros([2, 3]), c32([0, 1]), zeros([5, 4]))).toThrow(
      /features \[2, 3\] and bank \[5, 4\]/,
    );
    expect(() => algorithms.instanceSoftmax(zeros([2, 3]), c32([0]), zeros([5, 3]))).toThrow(
      /indices int32\[1\] must be integers \[2\]/,
    );
  });
});

describe('instanceNce', () => {
  const z = () => algorithms.instanceNormalizer(feature(), item(), noise(), bank(), { temperature });
  const loss = (v: Tensor, epsilon?: number) =>
    algorithms.instanceNce(v, item(), noise(), bank(), z(), { temperature, ...(epsilon !== undefined && { epsilon }) });

  it('tells the item from noise', async () => {
    await expectValue(z, [11.300061153501757], 12);
    await expectValue(() => loss(feature(), 0), [1.2584941523150706], 12);
    await expectValue(() => loss(feature()), [1.258494577962505], 12);
    await checkDerivatives(
      (v) =>
        algorithms.instanceNce(
          v,
          c32([0, 3]),
          c32([
            [1, 2],
            [0, 1],
          ]),
          bank(),
          c64(4),
          { temperature },
        ),
      [random64([2, 2])],
    );
    expect(() => algorithms.instanceNce(feature(), item(), c32([1, 2]), bank(), c64(1))).toThrow(
      /noise int32\[2\] must be integers \[1, m\]/,
    );
  });

  it('stays finite at temperatures at which exponentials do not', async () => {
    const run = compile((v: Tensor, b: Tensor) => {
      const at = (x: Tensor) =>
        algorithms.instanceNce(x, c32([0]), c32([[1, 3]]), b, constant(ndarray(3)), { temperature: 0.01 });
      return [at(v), grad(at)(v)] as const;
    });
    const rows = [-1, 0, 0, 1, 1, 0, 0.6, 0.8];
    const [loss, gradient] = await run(ndarray([[0.8, 0.6]]), ndarray(rows, { shape: [4, 2] }));
    // -log h(0) = log(1 + (m / n) Z e^80), and the third of the four pulls away with e^96.
    const expected = 80 + Math.log(0.5 * 3) + (60 - Math.log(0.5 * 3)) + (96 - Math.log(0.5 * 3));
    expect(Number(loss.data[0])).toBeCloseTo(expected, 2);
    expect(Array.from(gradient.data as Float32Array).every(Number.isFinite)).toBe(true);
  });

  it('has the gradient of the full softmax where noise is plentiful and Z right', async () => {
    const [items, d, m] = [50, 6, 5000];
    const run = compile((rows: Tensor, v: Tensor, draws: Tensor) => {
      const [table, x] = [rows.normalize(-1), v.normalize(-1)];
      const total = x.matmul(table.swapAxes(0, 1)).div(temperature).exp().sum();
      const [a, b] = [
        (u: Tensor) => algorithms.instanceSoftmax(u, c32([7]), table, { temperature }),
        (u: Tensor) => algorithms.instanceNce(u, c32([7]), draws, table, total, { temperature }),
      ].map((f) => grad(f)(x).normalize(-1));
      return a.mul(b).sum();
    });
    const draws = randint(key(3), [1, m], { high: items });
    const cosine = await run(random64([items, d]), random64([1, d], { stream: 5 }), draws);
    expect(Number(cosine.data[0])).toBeGreaterThan(0.99);
  });
});

describe('temperatures', () => {
  it("are the paper's for ImageNet by default", async () => {
    const plain = (options?: { readonly temperature: number }) => [
      algorithms.instanceSoftmax(feature(), item(), bank(), options),
      algorithms.instanceNormalizer(feature(), item(), noise(), bank(), options),
      algorithms.instanceNce(feature(), item(), noise(), bank(), c64(9), options),
    ];
    const [byDefault, given] = await compile(() => [plain(), plain({ temperature: 0.07 })])();
    byDefault.forEach((v, i) => allClose(v, Array.from(given[i].data as Float64Array), 1e-14, `function ${i}`));
    const constants = await compile((b: Tensor, v: Tensor) => [
      grad((rows: Tensor) => algorithms.instanceNce(feature(), item(), noise(), rows, c64(9)))(b),
      grad((z: Tensor) => algorithms.instanceNce(feature(), item(), noise(), bank(), z))(v),
      grad((rows: Tensor) => algorithms.proximalTerm(feature(), item(), rows))(b),
      grad((x: Tensor) => algorithms.updateBank(bank(), item(), x).sum())(feature()),
    ])(ndarray(Float64Array.of(1, 0, 0, 1, -1, 0, 0.6, 0.8), { shape: [4, 2] }), ndarray(9, { dtype: 'float64' }));
    for (const gradient of constants) for (const g of gradient.data as Float64Array) expect(g + 0).toBe(0);
  });
});

describe('the bank', () => {
  it('moves towards the features of a batch', async () => {
    await expectValue(
      () => algorithms.updateBank(bank(), item(), feature()),
      [0.9486832980505139, 0.31622776601683794, 0, 1, -1, 0, 0.6, 0.8],
      12,
    );
    await expectValue(() => algorithms.updateBank(bank(), c32([2]), feature(), { momentum: 0 }).at(2), [0.8, 0.6], 12);
    expect(() => algorithms.updateBank(bank(), item(), feature(), { momentum: 2 })).toThrow(/momentum 2 must lie/);
  });

  it('begins with rows of a squared length of 1 on average', () => {
    const first = algorithms.initialBank(key(0), 500, 16);
    expect(first.shape).toEqual([500, 16]);
    expect(first.data.reduce((total, v) => total + v * v, 0) / 500).toBeCloseTo(1, 1);
  });
});

describe('instanceDiscrimination', () => {
  const train = async (options: { readonly noise?: number; readonly proximalWeight?: number }) => {
    const procedure = algorithms.instanceDiscrimination<{ w: Tensor }>({
      embed: ({ w }, x) => x.matmul(w),
      optimizer: adam({ learningRate: 0.05 }),
      items: 8,
      dimension: 4,
      temperature: 0.2,
      ...options,
    });
    const step = compile(procedure.step);
    const data = normal(key(1), [8, 6]);
    let state = procedure.init(key(2), { w: normal(key(3), [6, 4]) });
    const losses: number[] = [];
    const normalizers: number[] = [];
    for (let i = 0; i < 60; i++) {
      const indices = permutation(foldIn(key(4), i), 8);
      const x = ndarray(
        Float32Array.from({ length: 48 }, (_, j) => data.data[indices.data[Math.floor(j / 6)] * 6 + (j % 6)]),
        { shape: [8, 6] },
      );
      const made = await step(state as never, x, indices, foldIn(key(5), i));
      state = made.state as never;
      losses.push(Number(made.loss.data[0]));
      normalizers.push(Number(state.normalizer.data[0]));
    }
    return { losses, normalizers, state };
  };

  it('learns to tell items apart, and its bank holds their features', async () => {
    const { losses, normalizers, state } = await train({});
    expect(losses[59]).toBeLessThan(0.8 * losses[1]);
    expect(new Set(normalizers)).toEqual(new Set([0]));
    const lengths = compile((b: Tensor) => b.norm(-1));
    allClose(await lengths(state.bank), Array(8).fill(1), 1e-5, 'lengths of rows');
  });

  it('steps on the loss plus the weighted proximal term, none by default, and moves the bank by the momentum', async () => {
    const base = {
      embed: ({ w }: { w: Tensor }, x: Tensor) => x.matmul(w),
      optimizer: adam({ learningRate: 0.05 }),
      items: 3,
    };
    const initial = { w: normal(key(3), [5, 4]) };
    const x = normal(key(1), [2, 5]);
    expect(algorithms.instanceDiscrimination(base).init(key(2), initial).bank.shape).toEqual([3, 128]);
    for (const { proximalWeight, momentum } of [{}, { proximalWeight: 2, momentum: 0.9 }] as {
      proximalWeight?: number;
      momentum?: number;
    }[]) {
      const procedure = algorithms.instanceDiscrimination<{ w: Tensor }>({
        ...base,
        dimension: 4,
        ...(proximalWeight !== undefined && { proximalWeight }),
        ...(momentum !== undefined && { momentum }),
      });
      const state = procedure.init(key(2), initial);
      const made = await compile(procedure.step)(state as never, x, ndarray(Int32Array.of(2, 0)), key(5));
      const expected = await compile((w: Tensor, rows: Tensor, seen: Tensor) => {
        const [v, i] = [seen.matmul(w).normalize(-1), c32([2, 0])];
        const proximal = algorithms.proximalTerm(v, i, rows).mul(proximalWeight ?? 0);
        return {
          loss: algorithms.instanceSoftmax(v, i, rows).add(proximal),
          bank: algorithms.updateBank(rows, i, v, { momentum: momentum ?? 0.5 }),
        };
      })(initial.w, state.bank, x);
      allClose(made.loss, Array.from(expected.loss.data as Float32Array), 1e-5, 'loss');
      allClose(made.state.bank, Array.from(expected.bank.data as Float32Array), 1e-6, 'bank');
    }
  });

  it('sets Z on the first batch and keeps it', async () => {
    const { losses, normalizers } = await train({ noise: 5, proximalWeight: 0.1 });
    expect(losses[59]).toBeLessThan(losses[1]);
    expect(normalizers[0]).toBeGreaterThan(0);
    expect(new Set(normalizers).size).toBe(1);
    expect(() =>
      algorithms.instanceDiscrimination({
        embed: (_, x) => x,
        optimizer: adam({ learningRate: 1 }),
        items: 2,
        noise: -1,
      }),
    ).toThrow(/noise -1 must be/);
  });
});
