import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barrierEntropy, mixup, regMixup, regMixupLoss } from '../../../src/augment/index.js';
import { dempsterShaferUncertainty } from '../../../src/calibration/index.js';
import { compile, constant, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { conditionalEntropy, crossEntropy, focalLoss } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const Z = [
  [2, -1, 0.5],
  [0, 1, -2],
];
const Zm = [
  [0.3, 0.2, -0.5],
  [1, -0.4, 0.1],
];
const mixture = () => ({ partner: c32([1, 0]), share: c64(0.4) });
const labels = () => c32([0, 2]);

describe('regMixupLoss', () => {
  it('has the values of the card', async () => {
    await expectValue(() => crossEntropy(c64(Z), labels()), [1.7951617567]);
    await expectValue(() => regMixupLoss(c64(Z), c64(Zm), labels(), mixture(), { reduction: 'sum' }), [2.8946014075]);
    await expectValue(() => regMixupLoss(c64(Z), c64(Zm), labels(), mixture()), [1.4473007037]);
    await expectValue(() => regMixupLoss(c64(Z), c64(Zm), labels(), mixture(), { weight: 0 }), [1.7951617567]);
    // Of the 2n rows together, as the authors have it.
    await expectValue(() => {
      const all = c64([...Z, ...Zm]);
      return crossEntropy(all, c32([0, 2, 0, 2]))
        .mul(0.4)
        .add(crossEntropy(all, c32([0, 2, 2, 0])).mul(0.6));
    }, [1.4473007037]);
  });

  it('has the gradients of the card', async () => {
    const run = compile((z: Tensor, m: Tensor) =>
      grad(([a, b]: readonly [Tensor, Tensor]) => regMixupLoss(a, b, labels(), mixture(), { reduction: 'sum' }))([
        z,
        m,
      ]),
    );
    const [z, m] = await run(ndarray(Z, { dtype: 'float64' }), ndarray(Zm, { dtype: 'float64' }));
    allClose(z, [-0.1072014827, 0.0195562866, 0.0876451961, 0.1297482302, 0.3526922563, -0.4824404865], 1e-10, 'clean');
    allClose(m, [0.0123894062, 0.1921778819, -0.2045672881, 0.0024498516, 0.0745832151, -0.0770330667], 1e-10, 'mixed');
    await checkDerivatives(
      (a, b) => regMixupLoss(a, b, labels(), mixture(), { weight: 0.7 }),
      [random64([2, 3]), random64([2, 3], { stream: 1 })],
    );
  });

  it('is least between two classes where the prediction is the share', async () => {
    for (const [share, entropy] of [
      [0.5, Math.log(2)],
      [0.4, 0.673011667],
    ]) {
      const run = compile((z: Tensor) => {
        const of = (logits: Tensor) =>
          regMixupLoss(
            zeros([2, 2], 'float64'),
            logits,
            c32([0, 1]),
            { partner: c32([1, 0]), share: c64(share) },
            {
              reduction: 'sum',
            },
          ).sub(Math.log(2));
        return { value: of(z), gradient: grad((p: Tensor) => of(p))(z) };
      });
      const logit = Math.log(share / (1 - share));
      const { value, gradient } = await run(
        ndarray(
          [
            [logit, 0],
            [0, logit],
          ],
          { dtype: 'float64' },
        ),
      );
      close(toNumbers(value)[0], entropy, 1e-10, 'entropy of the share');
      allClose(gradient, [0, 0, 0, 0], 1e-15, 'gradient');
    }
  });
});

describe('regMixup', () => {
  const x = random64([5, 4], { stream: 2 });
  const weights = random64([4, 3], { stream: 3 });
  const y = () => c32([0, 1, 2, 1, 0]);

  it('is the loss of the examples and of the mixed ones, together or one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.double({ min: 0, max: 3, noNaN: true }), async (seed, weight) => {
        const run = compile((p: Tensor, w: Tensor, k: Tensor) => {
          const model = (v: Tensor) => v.matmul(w);
          const mixed = mixup(p, k, { alpha: 20 });
          return {
            got: regMixup(model, p, y(), k, { weight }),
            apart: regMixup(model, p, y(), k, { weight, separately: true }),
            expected: regMixupLoss(model(p), model(mixed.x), y(), mixed, { weight }),
          };
        });
        const { got, apart, expected } = await run(x, weights, key(seed));
        close(toNumbers(got)[0], toNumbers(expected)[0], 1e-14, 'together');
        close(toNumbers(apart)[0], toNumbers(expected)[0], 1e-14, 'apart');
      }),
      { numRuns: 6 },
    );
  });

  it("draws shares as the authors' for CIFAR-10 by default", async () => {
    const run = compile((p: Tensor, w: Tensor, k: Tensor) => {
      const model = (v: Tensor) => v.matmul(w);
      return [regMixup(model, p, y(), k), regMixup(model, p, y(), k, { alpha: 20, weight: 1, reduction: 'mean' })];
    });
    const [byDefault, named] = await run(x, weights, key(4));
    expect(toNumbers(byDefault)).toEqual(toNumbers(named));
  });

  it('applies the model once to all rows, which batch statistics see together', async () => {
    const shapes: string[] = [];
    const scaled = (w: Tensor) => (v: Tensor) => {
      shapes.push(v.shape.join());
      return v.div(v.square().mean(0).sqrt()).matmul(w);
    };
    const run = compile((p: Tensor, w: Tensor, k: Tensor) => [
      regMixup(scaled(w), p, y(), k),
      regMixup(scaled(w), p, y(), k, { separately: true }),
    ]);
    const [together, apart] = await run(x, weights, key(3));
    expect(shapes).toEqual(['10,4', '5,4', '5,4']);
    expect(toNumbers(together)).not.toEqual(toNumbers(apart));
  });

  it('with alpha 0 is the loss itself, whichever it is', async () => {
    const run = compile((p: Tensor, w: Tensor, k: Tensor) => {
      const model = (v: Tensor) => v.matmul(w);
      return [
        regMixup(model, p, y(), k, { alpha: 0 }),
        crossEntropy(model(p), y()),
        regMixup(model, p, y(), k, { alpha: 0, loss: focalLoss, reduction: 'sum' }),
        focalLoss(model(p), y()).mul(2),
      ];
    });
    const [a, b, c, d] = (await run(x, weights, key(1))).map((v) => toNumbers(v)[0]);
    close(a, b, 1e-14, 'cross-entropy');
    close(c, d, 1e-14, 'focal');
  });

  it('refuses a negative weight', () => {
    expect(() => regMixupLoss(zeros([1, 2]), zeros([1, 2]), c32([0]), mixture(), { weight: -1 })).toThrow(
      /regMixupLoss: weight -1 must be a number at least 0/,
    );
    expect(() => regMixup((v) => v, zeros([1, 2]), c32([0]), constant(key(0)), { alpha: -1 })).toThrow(/alpha -1/);
  });
});

describe('uncertainty', () => {
  it('has the values of the card', async () => {
    await expectValue(() => conditionalEntropy(c64(Z), { reduction: 'none' }), [0.6215846047, 0.713865758]);
    await expectValue(() => dempsterShaferUncertainty(c64(Z)), [0.2418251646, 0.4377250657]);
  });

  it('of Dempster and Shafer stays finite far out, and sees what is added to all logits', async () => {
    await expectValue(
      () =>
        dempsterShaferUncertainty(
          c64([
            [1e4, 0],
            [-1e4, -1e4],
          ]),
        ),
      [0, 1],
    );
    const shifted = c64(Z).add(1);
    await expectValue(() => conditionalEntropy(shifted, { reduction: 'none' }), [0.6215846047, 0.713865758]);
    const [a] = toNumbers(await compile(() => dempsterShaferUncertainty(c64(Z).add(1)))());
    expect(a).toBeLessThan(0.2);
    await checkDerivatives((z) => dempsterShaferUncertainty(z), [random64([3, 4], { low: -3, high: 3 })]);
    expect(() => dempsterShaferUncertainty(zeros([3]))).toThrow(/dempsterShaferUncertainty: logits \[3\]/);
  });

  it('between examples is that of the mixed ones', async () => {
    // One weight: logits (3 v, 0) at v from -1 to 1.
    const run = compile(() => barrierEntropy((v) => v.mul(c64([[3, 0]])), c64([[1]]), c64([[-1]]), [0, 0.5, 1]));
    const p = 1 / (1 + Math.exp(-3));
    const sure = -p * Math.log(p) - (1 - p) * Math.log(1 - p);
    allClose(await run(), [sure, Math.log(2), sure], 1e-12, 'entropies');
    const [tenths, byDefault] = await compile(() => {
      const [a, b] = [c64([[1, 2]]), c64([[2, 5]])];
      const shares = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
      return [barrierEntropy((v) => v, a, b, shares), barrierEntropy((v) => v, a, b)];
    })();
    expect(toNumbers(byDefault)).toEqual(toNumbers(tenths));
  });
});
