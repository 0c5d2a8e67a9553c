import { describe, expect, it } from 'vitest';
import * as ct from '../../../src/index.js';
import { compile, grad, type Tensor, vmap } from '../../../src/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

interface Case {
  name: string;
  options: Record<string, never>;
  inputs: Record<string, GoldenArray>;
  cotangent: GoldenArray;
  output: GoldenArray;
  gradients: Record<string, GoldenArray>;
}
const { cases } = golden<{ cases: Case[] }>('image');

type Inputs = Record<string, Tensor>;
const functions: Record<string, (inputs: Inputs, options: Record<string, never>) => Tensor> = {
  padReflect: ({ x }, { widths }) => ct.padReflect(x, widths),
  padReplicate: ({ x }, { widths }) => ct.padReplicate(x, widths),
  padCircular: ({ x }, { widths }) => ct.padCircular(x, widths),
  resize: ({ x }, { lengths, ...options }) => ct.resize(x, lengths, options),
  pixelShuffle: ({ x }, { factor }) => ct.pixelShuffle(x, factor),
  pixelUnshuffle: ({ x }, { factor }) => ct.pixelUnshuffle(x, factor),
  unfold: ({ x }, { kernel, ...options }) => ct.unfold(x, kernel, options),
  fold: ({ x }, { size, kernel, ...options }) => ct.fold(x, size, kernel, options),
  gridSample: ({ x, grid }, options) => ct.gridSample(x, grid, options),
  affineGrid: ({ theta }, { size, ...options }) => ct.affineGrid(theta, size, options),
};

describe('agree with PyTorch', () => {
  it.each(cases.map((c, i) => [`${i} ${c.name} ${JSON.stringify(c.options)}`, c] as const))('%s', async (_, c) => {
    const fn = (inputs: Inputs) => functions[c.name](inputs, c.options);
    const program = compile((inputs: Inputs, u: Tensor) => ({
      output: fn(inputs),
      gradients: grad((p: Inputs) => fn(p).mul(u).sum())(inputs),
    }));
    const got = await program(
      Object.fromEntries(Object.entries(c.inputs).map(([name, a]) => [name, fromGolden(a)])),
      fromGolden(c.cotangent),
    );
    expect(got.output.shape).toEqual(c.output.shape);
    allClose(got.output, c.output.data, 1e-12, 'output');
    for (const name of Object.keys(c.gradients))
      allClose(got.gradients[name], c.gradients[name].data, 1e-11, `gradient of ${name}`);
  });
});

describe('derivatives of second order', () => {
  const x = random64([1, 2, 4, 4], { stream: 1 });
  it.each<[string, (x: Tensor) => Tensor]>([
    [
      'padReflect',
      (t) =>
        ct.padReflect(t, [
          [1, 2],
          [0, 3],
        ]),
    ],
    ['resize', (t) => ct.resize(t, [6, 3], { mode: 'cubic' })],
    ['unfold', (t) => ct.unfold(t, 2, { stride: 2, padding: 1 })],
    ['fold of unfold', (t) => ct.fold(ct.unfold(t, 3, { padding: 1 }), [4, 4], 3, { padding: 1 })],
    ['pixelUnshuffle', (t) => ct.pixelUnshuffle(t, 2)],
  ])('%s', async (_, fn) => {
    await checkDerivatives((t) => fn(t).square(), [x]);
  });

  it('gridSample, to image and grid', async () => {
    const grid = random64([1, 2, 3, 2], { stream: 2, low: -0.9, high: 0.9 });
    for (const padding of ['zeros', 'border', 'reflection'] as const)
      await checkDerivatives((t, g) => ct.gridSample(t, g, { padding }).square(), [x, grid], {
        step: 1e-6,
        tolerance: 1e-5,
      });
  });

  it('go with vmap', async () => {
    const [images, grids] = [random64([3, 1, 2, 4, 4], { stream: 3 }), random64([3, 1, 2, 3, 2], { stream: 4 })];
    const f = (t: Tensor, g: Tensor) => ct.gridSample(ct.resize(t, [5, 5]), g, { padding: 'border' });
    const got = await compile((a: Tensor, b: Tensor) => [
      vmap(f)(a, b),
      ct.stack([0, 1, 2].map((i) => f(a.at(i), b.at(i)))),
    ])(images, grids);
    allClose(got[0], Array.from(got[1].data as Float64Array), 1e-13, 'vmap');
  });
});

describe('errors', () => {
  const x = ct.zeros([1, 2, 4, 4]);
  it.each<[string, () => unknown, RegExp]>([
    [
      'padReflect',
      () => ct.padReflect(x, [[4, 0]]),
      /padReflect: widths \[4, 0\] do not fit axis 3 of x \[1, 2, 4, 4\]/,
    ],
    ['resize', () => ct.resize(x, [3]), /resize: x \[1, 2, 4, 4\] does not go to the lengths \[3\]/],
    ['pixelShuffle', () => ct.pixelShuffle(x, 2), /pixelShuffle: x \[1, 2, 4, 4\] has no multiple of 4 channels/],
    [
      'gridSample',
      () => ct.gridSample(x, ct.zeros([1, 3, 3, 3])),
      /gridSample: grid \[1, 3, 3, 3\] must be \[1, ...outputs, 2\]/,
    ],
    [
      'affineGrid',
      () => ct.affineGrid(ct.zeros([1, 2, 2]), [1, 1, 3, 3]),
      /affineGrid: theta \[1, 2, 2\] must be \[1, 2, 3\]/,
    ],
    ['fold', () => ct.fold(ct.zeros([1, 4, 5]), [4, 4], 2), /fold: x \[1, 4, 5\] must be \[n, a multiple of 4, 9\]/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
