import { describe, it } from 'vitest';
import { diffJpeg } from '../../../src/augment/index.js';
import { compile, grad, ndarray, type Tensor } from '../../../src/index.js';
import { allClose, random64 } from '../../support/derivatives.js';
import { type GoldenArray, golden } from '../../support/golden.js';

const { jpeg } = golden<{
  jpeg: { stream: number; quality: number[]; output: GoldenArray; gradients: [GoldenArray, GoldenArray] }[];
}>('augment');

describe('agrees with PyTorch', () => {
  it.each(jpeg.map((c) => [c.output.shape.join(), c] as const))('diffJpeg of %s', async (_, c) => {
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
});
