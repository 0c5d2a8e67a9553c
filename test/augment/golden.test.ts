import { describe, it } from 'vitest';
import { diffJpeg, randomAffine } from '../../src/augment/index.js';
import { compile, grad, ndarray, type Tensor } from '../../src/index.js';
import { key } from '../../src/runtime/random/index.js';
import { allClose, random64 } from '../support/derivatives.js';
import { type GoldenArray, golden } from '../support/golden.js';

interface Affine {
  stream: number;
  shape: number[];
  options: { rotation: number; translation: number[]; scale: number; shear: number; border: 'zeros' };
  output: GoldenArray;
  gradient: GoldenArray;
}
const reference = golden<{
  jpeg: { stream: number; quality: number[]; output: GoldenArray; gradients: [GoldenArray, GoldenArray] }[];
  affine: Affine[];
}>('augment');

describe('augmentations agree', () => {
  it.each(reference.jpeg.map((c) => [c.output.shape.join(), c] as const))('diffJpeg with PyTorch: %s', async (_, c) => {
    const fn = (x: Tensor, q: Tensor) => diffJpeg(x, q, { blurChroma: true });
    const run = compile((x: Tensor, q: Tensor, u: Tensor) => ({
      output: fn(x, q),
      gradients: grad(([y, p]: readonly [Tensor, Tensor]) => fn(y, p).mul(u).sum())([x, q]),
    }));
    const { output, gradients } = await run(
      random64(c.output.shape, { stream: c.stream, low: 0, high: 255 }),
      ndarray(c.quality, { dtype: 'float64' }),
      random64(c.output.shape, { stream: c.stream + 1, low: 0.5, high: 1.5 }),
    );
    allClose(output, c.output.data, 1e-12, 'images');
    gradients.forEach((g, i) => allClose(g, c.gradients[i].data, 1e-11, `gradient ${i}`));
  });

  it.each(reference.affine.map((c) => [c.options.border, c] as const))(
    'randomAffine with PyTorch: %s',
    async (_, c) => {
      const { rotation, translation, scale, shear, border } = c.options;
      const always = (v: number) => [v, v] as const;
      const fn = (x: Tensor, k: Tensor) =>
        randomAffine(x, k, {
          rotation: always(rotation),
          translation: [translation[0], translation[0]],
          scale: always(scale),
          shear: always(shear),
          border,
        });
      const run = compile((x: Tensor, k: Tensor, u: Tensor) => ({
        output: fn(x, k),
        gradient: grad((p: Tensor) => fn(p, k).mul(u).sum())(x),
      }));
      const cotangent = random64(c.shape, { stream: c.stream + 1, low: 0.5, high: 1.5 });
      const { output, gradient } = await run(random64(c.shape, { stream: c.stream }), key(1), cotangent);
      allClose(output, c.output.data, 1e-12, 'images');
      allClose(gradient, c.gradient.data, 1e-12, 'gradient');
    },
  );
});
