import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { gaussianKl, gradientPenalty, ssimLoss } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import {
  type AdversarialObjective,
  discriminatorRegularizers,
  generationLosses,
  type VariationalObjective,
} from '../../../src/train/generation/losses.js';
import { chosenFrom, made } from '../../../src/train/options/choice.js';

const named = <T>(text: string) => made(generationLosses, chosenFrom('loss', generationLosses).parse(text)) as T;

describe('losses of generators by name', () => {
  const names = Object.keys(generationLosses);
  const kinds = names.map((name) => [name, named<VariationalObjective | AdversarialObjective>(name).kind] as const);

  it.each(kinds.filter(([, kind]) => kind === 'variational'))(
    '%s: a number for each image, lowered by its gradient',
    async (name) => {
      const { loss, reconstruction } = named<VariationalObjective>(name);
      const run = compile((mean: Tensor, logVariance: Tensor, logits: Tensor, target: Tensor) => {
        type Code = { mean: Tensor; logVariance: Tensor; logits: Tensor };
        const of = (x: Code) =>
          loss(reconstruction({ logits: x.logits, images: x.logits.sigmoid() }, target), x.mean, x.logVariance, 64);
        const code = { mean, logVariance, logits };
        const slope = grad((x: Code) => of(x).sum())(code);
        const moved = {
          mean: mean.sub(slope.mean.mul(1e-3)),
          logVariance: logVariance.sub(slope.logVariance.mul(1e-3)),
          logits: logits.sub(slope.logits.mul(1e-3)),
        };
        return [of(code), of(moved)];
      });
      const code = ndarray([
        [1, -2, 0.5],
        [0, 0.3, -1],
      ]);
      const picture = { data: Float32Array.from({ length: 128 }, (_, i) => (i % 5) / 4), shape: [2, 1, 8, 8] };
      const [before, after] = (
        await run(code, code, { ...picture, dtype: 'float32' }, { ...picture, dtype: 'float32' })
      ).map((x) => toNumbers(x));
      expect(before.length).toBe(2);
      before.forEach((value, i) => {
        expect(after[i]).toBeLessThan(value);
      });
    },
  );

  it('the evidence lower bound is the sum over pixels and the divergence, in nats', async () => {
    const { loss } = named<VariationalObjective>('gaussianKl:weight=2');
    const run = compile((r: Tensor, mean: Tensor, logVariance: Tensor) => [
      loss(r, mean, logVariance, 100),
      r.mul(100).add(gaussianKl(mean, logVariance, { reduction: 'none' }).mul(2)),
    ]);
    const code = ndarray([[1, -2]]);
    const [a, b] = (await run(ndarray([0.3]), code, code)).map((x) => toNumbers(x));
    expect(a).toEqual(b);
    expect(a[0]).toBeGreaterThan(30);
  });

  it('reconstruct with any loss of images', async () => {
    const { reconstruction } = named<VariationalObjective>(
      'expectedLossVae:beta=10,reconstruction=ssimLoss:windowSize=5',
    );
    const run = compile((z: Tensor, y: Tensor) => [
      reconstruction({ logits: z, images: z.sigmoid() }, y),
      ssimLoss(z.sigmoid(), y, { windowSize: 5, reduction: 'none' }),
    ]);
    const image = (offset: number) => ({
      data: Float32Array.from({ length: 64 }, (_, i) => ((i + offset) % 7) / 6),
      shape: [1, 1, 8, 8],
      dtype: 'float32' as const,
    });
    const [a, b] = (await run(image(0), image(3))).map((x) => toNumbers(x));
    expect(a).toEqual(b);
    expect(() => named('expectedLossVae:reconstruction=ssimLos')).toThrow(
      /no reconstruction is called ssimLos; did you mean ssimLoss/,
    );
  });

  it.each(kinds.filter(([, kind]) => kind === 'adversarial'))(
    '%s: the two pull in opposite directions',
    async (name) => {
      const { discriminator, generator } = named<AdversarialObjective>(name);
      const run = compile((real: Tensor, fake: Tensor) => ({
        real: grad((x: Tensor) => discriminator(x, fake))(real),
        fake: grad((x: Tensor) => discriminator(real, x))(fake),
        generator: grad((x: Tensor) => generator(x))(fake),
      }));
      const slopes = await run(ndarray([[0.5], [-1]]), ndarray([[0.2], [-0.3]]));
      const [real, fake, made] = [slopes.real, slopes.fake, slopes.generator].map((x) => toNumbers(x));
      for (let i = 0; i < 2; i++) {
        expect(real[i]).toBeLessThan(0);
        expect(fake[i]).toBeGreaterThan(0);
        expect(made[i]).toBeLessThan(0);
      }
    },
  );

  it('the slope of a critic is held at 1', async () => {
    const penalty = made(discriminatorRegularizers, { name: 'gradientPenalty', options: { weight: 3 } });
    const run = compile((w: Tensor, real: Tensor, fake: Tensor, k: Tensor) => {
      const critic = (x: Tensor) => x.mul(w).flatten(1).sum(-1);
      return [penalty(critic, real, fake, k), gradientPenalty(critic, real, fake, k, { weight: 3 }), constant(0)];
    });
    const [real, fake] = [ndarray([[0.2, 0.5]]), ndarray([[1, 0]])];
    const [a, b] = (await run(ndarray([3, 4]), real, fake, key(0))).map((x) => toNumbers(x)[0]);
    expect(a).toBe(b);
    expect(a).toBeCloseTo(3 * 16, 4);
  });
});
