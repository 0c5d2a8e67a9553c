import { describe, it } from 'vitest';
import { randomAffine } from '../../../src/augment/index.js';
import { compile, grad, type Tensor } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, random64 } from '../../support/derivatives.js';
import { type GoldenArray, golden } from '../../support/golden.js';

interface Affine {
  stream: number;
  shape: number[];
  options: { rotation: number; translation: number[]; scale: number; shear: number; border: 'zeros' };
  output: GoldenArray;
  gradient: GoldenArray;
}
const { affine } = golden<{ affine: Affine[] }>('augment');

describe('agrees with PyTorch', () => {
  it.each(affine.map((c) => [c.options.border, c] as const))('randomAffine with a border of %s', async (_, c) => {
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
  });
});
