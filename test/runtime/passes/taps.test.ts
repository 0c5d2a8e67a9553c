import { describe, expect, it } from 'vitest';
import { type ConvOptions, compile, conv, grad, ndarray, type Tensor, vjp } from '../../../src/index.js';
import { lower } from '../../../src/runtime/lower.js';
import { topological } from '../../../src/tensor/graph.js';
import { input } from '../../../src/tensor/ops/constant.js';
import { numbers } from '../../support/numbers.js';
import { runPlain } from '../../support/plain.js';

/** Whole numbers from -3 to 3: with these all sums are exact in single precision, whatever their order. */
const whole = (stream: number, shape: readonly number[]) =>
  ndarray(
    Float32Array.from(
      numbers(
        stream,
        shape.reduce((a, b) => a * b),
        -3.5,
        3.5,
      ),
      Math.round,
    ),
    { shape },
  );

/** The operators of the gradient by the weight of a convolution of x [x] with `outputs` kernels [kernel]. */
function typesOf(x: number[], outputs: number, kernel: number[], options: ConvOptions, device?: 'cpu' | 'webgpu') {
  const weight = input('w', [outputs, x[1] / (options.groups ?? 1), ...kernel], 'float32');
  const gradient = grad((w: Tensor) =>
    conv(input('x', x, 'float32'), w, undefined, options)
      .square()
      .sum(),
  )(weight);
  return topological(lower([gradient], device)).map((node) => node.operator.type);
}
const count = (types: readonly string[], type: string) => types.filter((name) => name === type).length;

describe('taps', () => {
  it('copies x and the cotangent twice each for 3 x 3 taps, on processors and nowhere else', () => {
    const args = [[2, 8, 8, 8], 8, [3, 3], { padding: 1 }] as const;
    const types = typesOf([...args[0]], args[1], [...args[2]], args[3], 'cpu');
    expect([count(types, 'Pad'), count(types, 'Slice')]).toEqual([4, 0]);
    for (const device of ['webgpu', undefined] as const)
      expect(count(typesOf([...args[0]], args[1], [...args[2]], args[3], device), 'Slice')).toBe(9);
  });

  it.each<[string, number[], number, number[], ConvOptions]>([
    ['few channels of x', [2, 3, 8, 8], 64, [3, 3], { padding: 1 }],
    ['strides', [2, 8, 8, 8], 8, [3, 3], { padding: 1, stride: 2 }],
    ['other lengths', [2, 8, 8, 8], 8, [3, 3], {}],
    ['small images', [2, 8, 5, 6], 8, [3, 3], { padding: 1 }],
    ['groups', [2, 32, 8, 8], 32, [3, 3], { padding: 1, groups: 2 }],
    ['many taps', [2, 8, 8, 8], 8, [7, 7], { padding: 3 }],
  ])('leaves alone: %s', (_, x, outputs, kernel, options) => {
    // With strides and small images the cotangent is as it was; what is moved there is x alone.
    const types = typesOf(x, outputs, kernel, options, 'cpu');
    expect(count(types, 'Slice') + count(types, 'Conv')).toBeGreaterThan(1);
  });

  it.each<[string, number[], number[], ConvOptions]>([
    ['an image', [3, 4, 6, 7], [3, 3], { padding: 1 }],
    ['padding on one side', [3, 4, 6, 7], [3, 2], { padding: [[2, 0] as const, [0, 1] as const] }],
    ['holes', [3, 4, 6, 7], [3, 3], { padding: 2, dilation: 2 }],
    ['a kernel larger than the image', [2, 4, 3, 16], [5, 5], { padding: 2 }],
    ['a signal', [3, 4, 40], [5], { padding: 2 }],
    ['a volume', [2, 4, 3, 4, 5], [3, 3, 3], { padding: 1 }],
  ])(
    'gives the very numbers, and derivatives, of the portable model where all are whole: %s',
    async (...[, shape, kernel, options]) => {
      const f = (x: Tensor, w: Tensor) => conv(x, w, undefined, options);
      const program = compile(
        (x: Tensor, w: Tensor, u: Tensor, v: Tensor) => {
          const weightGradient = (a: Tensor, ct: Tensor) => vjp((k: Tensor) => f(a, k), w)[1](ct);
          return {
            first: weightGradient(x, u),
            byX: grad((a: Tensor) => weightGradient(a, u).mul(v).sum())(x),
            byCotangent: grad((ct: Tensor) => weightGradient(x, ct).mul(v).sum())(u),
          };
        },
        { argumentNames: ['x', 'w', 'u', 'v'] },
      );
      const weightShape = [5, shape[1], ...kernel];
      const [x, w, v] = [whole(1, shape), whole(2, weightShape), whole(3, weightShape)];
      const u = whole(4, [shape[0], 5, ...shape.slice(2)]);
      const got = await program(x, w, u, v);
      const plain = await runPlain(program, { x, w, u, v }, x, w, u, v);
      for (const name of ['first', 'byX', 'byCotangent'] as const) {
        expect(got[name].shape).toEqual(plain[name].shape);
        expect(got[name].data).toEqual(plain[name].data);
      }
      await program.release();
    },
  );
});
