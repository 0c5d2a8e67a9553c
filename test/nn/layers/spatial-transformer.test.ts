import { describe, expect, it } from 'vitest';
import {
  affineGrid,
  castArray,
  compile,
  constant,
  grad,
  gridSample,
  mapTree,
  type NDArray,
  ones,
  type Tensor,
  toNumbers,
  zeros,
} from '../../../src/index.js';
import {
  affineTransformation,
  attentionGrid,
  attentionTransformation,
  Context,
  controlGrid,
  convLocalization,
  flattenLayer,
  type Layer,
  linear,
  projectiveGrid,
  projectiveTransformation,
  type SpatialTransformer,
  type Symbolic,
  sequential,
  similarityGrid,
  similarityTransformation,
  spatialTransformer,
  tanhLayer,
  thinPlateSplineGrid,
  thinPlateSplineTransformation,
  type Variables,
} from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';
import { c64, expectValue } from '../../support/losses.js';

const image = () => c64([1, 2, 3, 4, 5, 6, 7, 8, 10]).reshape([1, 1, 3, 3]);
const A = [
  [0.5, 0.1, 0.2],
  [-0.3, 0.8, -0.1],
];

describe('sampling', () => {
  it('has the values of the card', async () => {
    const sampled = (alignCorners: boolean) => (theta: Tensor) =>
      gridSample(image(), affineGrid(theta, [1, 1, 2, 3], { alignCorners }), { alignCorners });
    await expectValue(
      () => affineGrid(c64([A]), [1, 1, 2, 3], { alignCorners: true }),
      [-0.4, -0.6, 0.1, -0.9, 0.6, -1.2, -0.2, 1, 0.3, 0.7, 0.8, 0.4],
    );
    await expectValue(() => sampled(true)(c64([A])), [2.8, 2.4, 2.08, 7.8, 7.61, 7.32]);
    await expectValue(() => grad((t: Tensor) => sampled(true)(t).sum())(c64([A])), [0.2, 1.3, 6.9, 11.2, -9.3, 7.9]);
    await expectValue(
      () => affineGrid(c64([A]), [1, 1, 2, 3]),
      [-0.18333333, -0.3, 0.15, -0.5, 0.48333333, -0.7, -0.08333333, 0.5, 0.25, 0.3, 0.58333333, 0.1],
      7,
    );
    await expectValue(() => sampled(false)(c64([A])), [3.375, 2.975, 2.58875, 7.125, 6.89375, 6.45625]);
  });

  it.each([true, false])(
    'is exact for identity, mirror and quarter turns, corners aligned: %s',
    async (alignCorners) => {
      const by = (matrix: number[][], x: Tensor = image()) =>
        gridSample(x, affineGrid(c64([matrix]), [1, 1, 3, 3], { alignCorners }), { alignCorners });
      const original = [1, 2, 3, 4, 5, 6, 7, 8, 10];
      await expectValue(
        () =>
          by([
            [1, 0, 0],
            [0, 1, 0],
          ]),
        original,
        13,
      );
      await expectValue(
        () =>
          by([
            [-1, 0, 0],
            [0, 1, 0],
          ]),
        [3, 2, 1, 6, 5, 4, 10, 8, 7],
        13,
      );
      const [left, right] = [
        [
          [0, -1, 0],
          [1, 0, 0],
        ],
        [
          [0, 1, 0],
          [-1, 0, 0],
        ],
      ];
      await expectValue(() => by(left), [3, 6, 10, 2, 5, 8, 1, 4, 7], 13);
      await expectValue(() => by(right, by(left)), original, 13);
    },
  );

  it('of the nearest has no gradient by theta, nor has a constant image with its border continued', async () => {
    const slope = (options: object, x: Tensor) =>
      grad((t: Tensor) =>
        gridSample(x, affineGrid(t, [1, 1, 3, 3]), options)
          .square()
          .sum(),
      )(c64([A]));
    await expectValue(() => slope({ mode: 'nearest' }, image()), [0, 0, 0, 0, 0, 0]);
    await expectValue(() => slope({ padding: 'border' }, ones([1, 1, 3, 3], 'float64')), [0, 0, 0, 0, 0, 0], 14);
  });
});

describe('grids', () => {
  const size = [3, 4] as const;

  it.each([true, false])('agree where their maps are one, corners aligned: %s', async (alignCorners) => {
    const options = { alignCorners };
    const affine = (matrix: number[][]) => toNumbersOf(() => affineGrid(c64([matrix]), [1, 1, ...size], options));
    const toNumbersOf = async (fn: () => Tensor) => toNumbers(await compile(fn)());
    const same = async (fn: () => Tensor, matrix: number[][]) =>
      allClose(await compile(fn)(), await affine(matrix), 1e-13, 'grid');
    await same(
      () => attentionGrid(c64([[0.6, 0.1, -0.2]]), size, options),
      [
        [0.6, 0, 0.1],
        [0, 0.6, -0.2],
      ],
    );
    const [c, s] = [0.7 * Math.cos(0.4), 0.7 * Math.sin(0.4)];
    await same(
      () => similarityGrid(c64([[0.7, 0.4, 0.3, 0.2]]), size, options),
      [
        [c, -s, 0.3],
        [s, c, 0.2],
      ],
    );
    await same(() => projectiveGrid(c64([[...A.flat(), 0, 0]]), size, options), A);
    const points = controlGrid(4);
    const moved = points.map(([x, y]) => A.map(([a, b, t]) => a * x + b * y + t));
    await same(() => thinPlateSplineGrid(c64([moved]), size, { ...options, controlPoints: points }), A);
  });

  it('in perspective and of splines have the values of the card', async () => {
    // Of the four corner pixels of a 2 x 2 output the point is not one; a 5 x 5 output has (0.5, -0.5) in row 1, column 3.
    const h = [[0.9, 0.1, 0.05, -0.1, 1.1, 0, 0.2, -0.1]];
    await expectValue(() => projectiveGrid(c64(h), [5, 5]).reshape([25, 2]).at(8), [0.3913043478, -0.5217391304]);
    // The horizon: z = 1 - 2 x is 0 at x = 1/2.
    const far = toNumbers(await compile(() => projectiveGrid(c64([[1, 0, 0, 0, 1, 0, -2, 0]]), [1, 5]))());
    expect(far.every(Number.isFinite)).toBe(true);
    const controlPoints = [
      [-1, -1],
      [1, -1],
      [-1, 1],
      [1, 1],
    ] as const;
    const images = c64([
      [
        [-1, -1],
        [1, -1],
        [-1, 1],
        [0.5, 0.8],
      ],
    ]);
    const spline = () => thinPlateSplineGrid(images, [5, 5], { controlPoints }).reshape([25, 2]);
    await expectValue(
      () => spline().gather(constant([12, 18, 24], 'int32')),
      [-0.125, -0.05, 0.2085152807, 0.3834061123, 0.5, 0.8],
    );
  });

  it('take a side of one pixel to be in the middle', async () => {
    await expectValue(() => attentionGrid(c64([[1, 0, 0]]), [1, 1]), [0, 0]);
    await expectValue(() => projectiveGrid(c64([[1, 0, 0, 0, 1, 0, 0, 0]]), [1, 2]), [-1, 0, 1, 0]);
  });

  it('are right in their derivatives', async () => {
    const shifted = (x: NDArray<'float64'>, by: readonly number[]): NDArray => ({
      ...x,
      data: x.data.map((v, i) => 0.3 * v + by[i % by.length]),
    });
    const checks: [(t: Tensor) => Tensor, readonly number[]][] = [
      [(t) => attentionGrid(t, [2, 3]), [1, 0, 0]],
      [(t) => similarityGrid(t, [2, 3]), [1, 0, 0, 0]],
      [(t) => projectiveGrid(t, [2, 3]), [1, 0, 0, 0, 1, 0, 0, 0]],
    ];
    for (const [fn, identity] of checks)
      await checkDerivatives(fn, [shifted(random64([2, identity.length], { stream: 2 }), identity)]);
    await checkDerivatives(
      (t) => thinPlateSplineGrid(t, [2, 3], { controlPoints: controlGrid(2) }),
      [random64([1, 4, 2], { stream: 3 })],
    );
  });
});

const transformations = {
  affine: affineTransformation,
  attention: attentionTransformation,
  similarity: similarityTransformation,
  projective: projectiveTransformation,
  spline: thinPlateSplineTransformation(),
};

describe('spatialTransformer', () => {
  const localization: Layer<Variables> = sequential([flattenLayer, linear(50, 6), tanhLayer]);
  const applied = (layer: SpatialTransformer) => {
    const variables = mapTree(layer.init(key(3)), (leaf: NDArray) => castArray(leaf, 'float64'));
    return {
      variables,
      run: compile((v: Symbolic<Variables>, x: Tensor) => layer.apply(v as never, x, new Context({ training: true }))),
    };
  };

  it.each(Object.entries(transformations))('begins as the identity: %s', async (_, transformation) => {
    for (const alignCorners of [true, false]) {
      const { variables, run } = applied(
        spatialTransformer({ localization, features: 6, transformation, alignCorners }),
      );
      const x = random64([2, 2, 5, 5], { stream: 8 });
      allClose(await run(variables as never, x), x.data, 1e-12, 'output');
    }
  });

  it('sends gradients to theta and to its localisation network, and makes outputs of any size', async () => {
    const layer = spatialTransformer({ localization, features: 6, outputSize: [3, 4], padding: 'border' });
    const { variables, run } = applied(layer);
    const x = random64([2, 2, 5, 5], { stream: 9 });
    expect((await run(variables as never, x)).shape).toEqual([2, 2, 3, 4]);
    const gradient = compile((v: Symbolic<Variables>, u: Tensor) =>
      grad((w: Symbolic<Variables>) =>
        layer
          .apply(w as never, u, new Context())
          .square()
          .sum(),
      )(v),
    );
    const at = (tree: unknown, ...path: string[]) =>
      toNumbers(path.reduce((t, name) => (t as Record<string, unknown>)[name], tree) as NDArray);
    const first = await gradient(variables as never, x);
    expect(at(first, 'theta', 'bias').every((v) => v !== 0)).toBe(true);
    expect(at(first, 'theta', 'weight').some((v) => v !== 0)).toBe(true);
    // Nothing reaches the localisation network through a weight of 0.
    expect(at(first, 'localization', '1', 'weight').every((v) => v === 0)).toBe(true);
    const moved = {
      ...variables,
      theta: { ...variables.theta, weight: random64([6, 6], { stream: 10, low: -0.1, high: 0.1 }) },
    };
    expect(at(await gradient(moved as never, x), 'localization', '1', 'weight').some((v) => v !== 0)).toBe(true);
  });

  const reference = golden<{
    transformers: {
      x: GoldenArray;
      weight: GoldenArray;
      bias: GoldenArray;
      output: GoldenArray;
      gradients: GoldenArray[];
    }[];
  }>('spatial-transformer');
  it.each(reference.transformers.map((c, i) => [i, c] as const))('agrees with PyTorch: %i', async (i, c) => {
    const layer = spatialTransformer({
      localization: flattenLayer,
      features: c.weight.shape[1],
      outputSize: [3, 5],
      // The first by default: corners aligned, zeros outside.
      ...(i > 0 && { alignCorners: false, padding: 'border' }),
    });
    const fn = (x: Tensor, weight: Tensor, bias: Tensor) =>
      layer.apply({ localization: {}, theta: { weight, bias } } as never, x, new Context());
    const run = compile((x: Tensor, w: Tensor, b: Tensor, u: Tensor) => ({
      output: fn(x, w, b),
      gradients: grad((t: readonly [Tensor, Tensor, Tensor]) =>
        fn(...t)
          .mul(u)
          .sum(),
      )([x, w, b]),
    }));
    const cotangent = random64(c.output.shape, { stream: 900, low: 0.5, high: 1.5 });
    const { output, gradients } = await run(fromGolden(c.x), fromGolden(c.weight), fromGolden(c.bias), cotangent);
    allClose(output, c.output.data, 1e-12, 'output');
    gradients.forEach((g, k) => allClose(g, c.gradients[k].data, 1e-11, `gradient ${k}`));
  });

  it("the paper's localisation network makes features of images of its size", async () => {
    const layer = convLocalization(1, [28, 28]);
    const variables = layer.init(key(1)) as { [name: string]: { weight: NDArray } };
    expect(variables['7'].weight.shape).toEqual([20, 20 * 4 * 4]);
    const run = compile((v: Symbolic<Variables>, x: Tensor) => layer.apply(v, x, new Context()));
    expect((await run(variables as never, castArray(random64([3, 1, 28, 28]), 'float32'))).shape).toEqual([3, 20]);
    expect(() => convLocalization(1, [10, 28])).toThrow(/convLocalization: \[10, 28\] is too small/);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['theta', () => attentionGrid(zeros([2, 4]), [3, 3]), /attentionGrid: theta \[2, 4\] must be \[n, 3\]/],
    ['size', () => projectiveGrid(zeros([2, 8]), [3]), /projectiveGrid: size \[3\] must be a height and a width/],
    ['similarity', () => similarityGrid(zeros([4]), [3, 3]), /similarityGrid: theta \[4\] must be \[n, 4\]/],
    [
      'points',
      () => thinPlateSplineGrid(zeros([1, 3, 2]), [3, 3], { controlPoints: controlGrid(2) }),
      /thinPlateSplineGrid: images \[1, 3, 2\] must be \[n, 4, 2\] for 4 control points/,
    ],
    [
      'a line',
      () =>
        thinPlateSplineGrid(zeros([1, 3, 2]), [3, 3], {
          controlPoints: [
            [0, 0],
            [0.5, 0.5],
            [1, 1],
          ],
        }),
      /3 control points must be three or more, not on one line/,
    ],
    ['side', () => controlGrid(1), /controlGrid: side 1/],
    [
      'x',
      () => spatialTransformer({ localization, features: 6 }).apply({} as never, zeros([2, 50]), new Context()),
      /spatialTransformer: x \[2, 50\] must be \[n, channels, height, width\]/,
    ],
    [
      'features',
      () =>
        spatialTransformer({ localization: flattenLayer, features: 6 }).apply(
          { localization: {}, theta: {} } as never,
          zeros([2, 1, 3, 3]),
          new Context(),
        ),
      /spatialTransformer: localization makes \[2, 9\] of x \[2, 1, 3, 3\], not \[2, 6\]/,
    ],
  ])('refuses another %s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
