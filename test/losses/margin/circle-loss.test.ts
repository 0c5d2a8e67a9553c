import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const positives = () => c64([0.8, 0.5]);
const negatives = () => c64([0.3, -0.1, 0.6]);

describe('circleLoss', () => {
  it('is its equation', async () => {
    for (const [margin, scale, expected] of [
      [0.25, 10, 5.0648010998],
      [0.25, 64, 31.0400014872],
      [0.4, 80, 23.200000051],
    ])
      await expectValue(() => losses.circleLoss(positives(), negatives(), { margin, scale }), [expected]);
  });

  it('pulls each similarity by how far it is from where it should be, and no more', async () => {
    const loss = (p: Tensor, n: Tensor) => losses.circleLoss(p, n, { scale: 10 });
    await expectValue(() => grad((p: Tensor) => loss(p, negatives()))(positives()), [-0.4878353545, -6.6395773243]);
    await expectValue(
      () => grad((n: Tensor) => loss(positives(), n))(negatives()),
      [0.3346957113, 0.0410150393, 7.6966455175],
    );
  });

  it('is log 2 on its circle, whatever the scale', async () => {
    for (const scale of [1, 64, 256])
      for (const angle of [0.7, 1.1]) {
        const [x, y] = [Math.SQRT2 * 0.25 * Math.cos(angle), Math.SQRT2 * 0.25 * Math.sin(angle)];
        await expectValue(() => losses.circleLoss(c64([1 - x]), c64([y]), { scale }), [Math.LN2]);
      }
    await expectValue(() => losses.circleLoss(c64([0.75]), c64([0.25]), { scale: 64 }), [Math.LN2]);
  });

  it('moves a pair so that (s_n + m) / (1 + m - s_p) stays', async () => {
    const step = compile((p: Tensor, n: Tensor) => {
      const [a, b] = grad(([x, y]: [Tensor, Tensor]) => losses.circleLoss(x, y, { scale: 4 }))([p, n]);
      return [p.sub(a.mul(1e-4)), n.sub(b.mul(1e-4))] as const;
    });
    let [p, n] = [ndarray(Float64Array.of(0.3)), ndarray(Float64Array.of(0.5))];
    const ratio = () => (Number(n.data[0]) + 0.25) / (1.25 - Number(p.data[0]));
    const before = ratio();
    for (let i = 0; i < 50; i++) [p, n] = (await step(p, n)) as unknown as [typeof p, typeof n];
    expect(Number(p.data[0])).toBeGreaterThan(0.31);
    expect(ratio()).toBeCloseTo(before, 4);
  });

  it('leaves out what is masked, and anchors without positives or negatives', async () => {
    const [p, n] = [() => c64([[0.8, 0.5, 9]]), () => c64([[0.3, -0.1, 0.6]])];
    const mask = (values: number[][]) => c32(values).cast('bool');
    await expectValue(
      () => losses.circleLoss(p(), n(), { scale: 10, positiveMask: mask([[1, 1, 0]]) }),
      [5.0648010998],
    );
    const none = (x: Tensor) => losses.circleLoss(x, n(), { positiveMask: mask([[0, 0, 0]]) });
    await expectValue(() => none(p()), [0]);
    await expectValue(() => grad(none)(p()), [0, 0, 0]);
  });
});

describe('circlePairLoss', () => {
  const embeddings = () =>
    c64([
      [1, 0],
      [0.8, 0.6],
      [0, 1],
      [-0.6, 0.8],
    ]);
  const options = { margin: 0.25, scale: 16 };

  it('has an anchor in each embedding', async () => {
    const each = [0.6700510582, 4.4153106431, 4.4153106431, 0.6700510582];
    const labels = () => c32([0, 0, 1, 1]);
    await expectValue(() => losses.circlePairLoss(embeddings(), labels(), { ...options, reduction: 'none' }), each);
    await expectValue(() => losses.circlePairLoss(embeddings(), labels(), options), [2.5426808507]);
    // Compared with a copy of itself an embedding is a positive of itself.
    const reference = () => ({ embeddings: embeddings(), labels: labels() });
    await expectValue(
      () =>
        losses
          .circlePairLoss(embeddings().mul(3), labels(), { ...options, reference: reference() })
          .less(3)
          .cast('float64'),
      [1],
    );
  });

  it('is the same part by part', async () => {
    const run = compile((x: Tensor) => {
      const labels = c32([0, 1, 1, 0, 2, 1, 0]);
      return [undefined, 3, 7, 1].flatMap((chunk) =>
        [losses.allPairs, losses.hardestPairs].flatMap((miner) => {
          const loss = (e: Tensor) => losses.circlePairLoss(e, labels, { ...options, miner, ...(chunk && { chunk }) });
          return [loss(x), grad(loss)(x)];
        }),
      );
    });
    const [all, gradient, hard, hardGradient, ...parts] = await run(random64([7, 3]));
    parts.forEach((part, i) => {
      const plain = [all, gradient, hard, hardGradient][i % 4];
      allClose(part, Array.from(plain.data as Float64Array), 1e-12, `part ${i}`);
    });
  });

  it('does not count anchors without a partner, and is 0 where there are none at all', async () => {
    const loss = (labels: number[], reduction?: 'none') =>
      losses.circlePairLoss(embeddings(), c32(labels), { ...options, reduction });
    await expectValue(() => loss([0, 0, 1, 2], 'none').slice([[2, 4]]), [0, 0]);
    await expectValue(() => loss([0, 0, 1, 2]).sub(loss([0, 0, 1, 2], 'none').sum().div(2)), [0]);
    await expectValue(() => loss([0, 1, 2, 3]), [0]);
    const gradient = compile((x: Tensor) => grad((e: Tensor) => losses.circlePairLoss(e, c32([0, 0, 0, 0])))(x));
    expect(toNumbers(await gradient(random64([4, 2]))).flat()).toEqual(Array(8).fill(0));
  });

  it("stays finite at the paper's scale in single precision", async () => {
    const run = compile((x: Tensor) => {
      const loss = (e: Tensor) => losses.circlePairLoss(e, c32([0, 0, 1, 1]), { scale: 256 });
      return [loss(x), grad(loss)(x)] as const;
    });
    const [value, gradient] = await run(ndarray([1, 0, -1, 0.001, 1, 0.001, -1, 0], { shape: [4, 2] }));
    for (const number of [toNumbers(value), toNumbers(gradient)].flat(2)) expect(Number.isFinite(number)).toBe(true);
  });
});

describe('defaults', () => {
  it("are the paper's: 0.25 and 256 for faces, 0.4 and 80 for retrieval", async () => {
    const [faces, retrieval] = [
      { margin: 0.25, scale: 256 },
      { margin: 0.4, scale: 80 },
    ];
    const cosine = () => c64([[0.31, 0.1, -0.2]]);
    const embeddings = () =>
      c64([
        [1, 0],
        [0.8, 0.6],
        [0, 1],
        [-0.6, 0.8],
      ]);
    const labels = () => c32([0, 0, 1, 1]);
    const same = (a: () => Tensor, b: () => Tensor, elements: number) =>
      expectValue(() => a().sub(b()), Array(elements).fill(0));
    // Near the boundary, where the scale is not lost in a straight line.
    const near = [() => c64([0.8, 0.76]), () => c64([0.24, 0.2])] as const;
    await same(
      () => losses.circleLoss(near[0](), near[1]()),
      () => losses.circleLoss(near[0](), near[1](), faces),
      1,
    );
    await same(
      () => losses.circleLogits(cosine(), c32([1])),
      () => losses.circleLogits(cosine(), c32([1]), faces),
      3,
    );
    await same(
      () => losses.circlePairLoss(embeddings(), labels()),
      () => losses.circlePairLoss(embeddings(), labels(), retrieval),
      1,
    );
  });
});

describe('circleLogits', () => {
  it('make cross-entropy the circle loss of one positive', async () => {
    const cosine = () => c64([[0.6, 0.1, -0.2]]);
    await expectValue(
      () =>
        losses
          .crossEntropy(losses.circleLogits(cosine(), c32([1]), { scale: 20 }), c32([1]))
          .sub(losses.circleLoss(c64([0.1]), c64([0.6, -0.2]), { scale: 20 })),
      [0],
    );
  });

  it('count their weights as constants', async () => {
    // s (1.25 - c) for the label and s (c + 0.25) for the others.
    await expectValue(
      () => grad((c: Tensor) => losses.circleLogits(c, c32([1]), { scale: 2 }).sum())(c64([[0.6, 0.1, -0.5]])),
      [1.7, 2.3, 0],
    );
  });

  it('refuses what does not fit', () => {
    expect(() => losses.circleLoss(zeros([2, 3]), zeros([3, 3]))).toThrow(
      /positives \[2, 3\] and negatives \[3, 3\] must have the same leading axes/,
    );
    expect(() => losses.circleLoss(zeros([3]), zeros([3]), { positiveMask: zeros([3]) })).toThrow(
      /positiveMask float32\[3\] must be bool\[3\]/,
    );
    expect(() => losses.circleLogits(zeros([2, 3]), c32([0, 0]), { margin: 2 })).toThrow(/margin 2 must be/);
    expect(() => losses.circlePairLoss(zeros([2, 3]), c32([0]))).toThrow(/labels int32\[1\] must be integers \[2\]/);
  });
});

describe('derivatives', () => {
  it('are those of the exponents with constant weights', async () => {
    // Where the weights are constants, central differences of the loss itself do not apply: those of the linear exponents do.
    const fixed = (p: Tensor, n: Tensor) => {
      const [a, b] = [c64([0.45, 0.75]), c64([0.55, 0.15, 0.85])];
      const miss = a.mul(p.sub(0.75)).mul(-10).logSumExp(-1);
      return miss.add(b.mul(n.sub(0.25)).mul(10).logSumExp(-1)).softplus();
    };
    await checkDerivatives(fixed, [ndarray(Float64Array.of(0.8, 0.5)), ndarray(Float64Array.of(0.3, -0.1, 0.6))]);
    await expectValue(
      () =>
        grad((p: Tensor) => fixed(p, negatives()))(positives()).sub(
          grad((p: Tensor) => losses.circleLoss(p, negatives(), { scale: 10 }))(positives()),
        ),
      [0, 0],
    );
  });
});
