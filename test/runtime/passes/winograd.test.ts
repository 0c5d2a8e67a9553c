import { describe, expect, it } from 'vitest';
import { compile, constant, conv, grad, type NDArray, ndarray, type Tensor, vjp } from '../../../src/index.js';
import { lower } from '../../../src/runtime/lower.js';
import { topological } from '../../../src/tensor/graph.js';
import { input } from '../../../src/tensor/ops/constant.js';
import { numbers } from '../../support/numbers.js';
import { runPlain } from '../../support/plain.js';

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const random = (stream: number, shape: readonly number[]): NDArray =>
  ndarray(Float32Array.from(numbers(stream, size(shape))), { shape });
/** Whole numbers from -3 to 3: with these all sums are exact in single precision, whatever their order. */
const whole = (stream: number, shape: readonly number[]): NDArray =>
  ndarray(Float32Array.from(numbers(stream, size(shape), -3.5, 3.5), Math.round), { shape });

/** Equality of every element; toEqual takes seconds for as many. */
function expectSame(a: NDArray, b: NDArray): void {
  expect(a.shape).toEqual(b.shape);
  expect(a.data.findIndex((value, i) => value !== b.data[i])).toBe(-1);
}

type Pair = { readonly x: Tensor; readonly w: Tensor };

const typesOf = (outputs: readonly Tensor[], device?: 'cpu' | 'webgpu') =>
  topological(lower(outputs, device)).map((node) => node.operator.type);
const symbols = (x: number[], w: number[]): Pair => ({ x: input('x', x, 'float32'), w: input('w', w, 'float32') });

describe('winograd: where', () => {
  const convolution = ({ x, w }: Pair) => conv(x, w, undefined, { padding: 1 });
  const withGradients = (p: Pair) => [convolution(p), ...Object.values(grad((q: Pair) => convolution(q).sum())(p))];

  it('takes the place of a convolution and its gradients on processors, and nowhere else', () => {
    const outputs = withGradients(symbols([16, 64, 8, 8], [64, 64, 3, 3]));
    expect(typesOf(outputs, 'cpu')).not.toContain('Conv');
    expect(typesOf(outputs, 'webgpu')).toContain('Conv');
    expect(typesOf(outputs)).toContain('Conv');
  });

  it.each<[string, Pair]>([
    ['few channels', symbols([64, 3, 32, 32], [64, 3, 3, 3])],
    ['few samples', symbols([2, 64, 8, 8], [64, 64, 3, 3])],
    ['other kernels', symbols([16, 64, 8, 8], [64, 64, 5, 5])],
    ['constant weights', { ...symbols([16, 64, 8, 8], []), w: constant(random(1, [64, 64, 3, 3])) }],
  ])('leaves alone: %s', (name, p) => {
    const outputs = name === 'constant weights' ? [convolution(p)] : withGradients(p);
    expect(typesOf(outputs, 'cpu')).toContain('Conv');
  });
});

describe('winograd: what', () => {
  it.each([
    { height: 4, width: 4, above: 1, below: 1, outputs: 64 },
    { height: 5, width: 8, above: 0, below: 2, outputs: 64 },
    { height: 7, width: 3, above: 2, below: 0, outputs: 80 },
  ])(
    'gives the very numbers of the convolution, its gradients and their derivatives where all are whole: $height x $width',
    async ({ height, width, above, below, outputs }) => {
      const options = { padding: [[above, below] as const, [below, above] as const] };
      const f = ({ x, w }: Pair) => conv(x, w, undefined, options);
      // A form of both gradients; its derivatives are every mixed second derivative of f.
      const form = (p: Pair, u: Tensor, v: Pair) => {
        const g = vjp(f, p)[1](u);
        return g.x.mul(v.x).sum().add(g.w.mul(v.w).sum());
      };
      const program = compile(
        (p: Pair, u: Tensor, v: Pair) => ({
          y: f(p),
          first: vjp(f, p)[1](u),
          second: grad(form)(p, u, v),
          along: grad((ct: Tensor) => form(p, ct, v))(u),
        }),
        { argumentNames: ['p', 'u', 'v'] },
      );
      const [x, w] = [whole(1, [32, 64, height, width]), whole(2, [outputs, 64, 3, 3])];
      const u = whole(3, [32, outputs, height + above + below - 2, width + below + above - 2]);
      const v = { x: whole(4, x.shape), w: whole(5, w.shape) };
      const got = await program({ x, w }, u, v);
      const plain = await runPlain(program, { 'p.x': x, 'p.w': w, u, 'v.x': v.x, 'v.w': v.w }, { x, w }, u, v);
      expectSame(got.y, plain.y);
      expectSame(got.along, plain.along);
      for (const name of ['x', 'w'] as const) {
        expectSame(got.first[name], plain[`first.${name}`]);
        expectSame(got.second[name], plain[`second.${name}`]);
      }
      await program.release();
    },
  );

  it('rounds no worse than the convolution does, with a bias, and gives the same bits every time', async () => {
    const [x, w, bias] = [random(1, [8, 128, 8, 8]), random(2, [128, 128, 3, 3]), random(3, [128])];
    const f = compile((a: Tensor, k: Tensor, b: Tensor) => conv(a, k, b, { padding: 1 }), {
      argumentNames: ['x', 'w', 'bias'],
    });
    const [once, again] = [await f(x, w, bias), await f(x, w, bias)];
    expectSame(again, once);
    const { result: plain } = await runPlain(f, { x, w, bias }, x, w, bias);
    // A few results in double precision.
    const exact = (n: number, o: number, i: number, j: number) => {
      let sum = Number(bias.data[o]);
      for (let c = 0; c < 128; c++)
        for (let a = -1; a <= 1; a++)
          for (let b = -1; b <= 1; b++)
            if (i + a >= 0 && i + a < 8 && j + b >= 0 && j + b < 8)
              sum +=
                Number(x.data[((n * 128 + c) * 8 + i + a) * 8 + j + b]) *
                Number(w.data[((o * 128 + c) * 3 + a + 1) * 3 + b + 1]);
      return sum;
    };
    const errors = { once: 0, plain: 0 };
    for (let k = 0; k < 256; k++) {
      const [n, o, i, j] = [k % 8, (k * 37) % 128, (k >> 3) % 8, (k * 5) % 8];
      const at = ((n * 128 + o) * 8 + i) * 8 + j;
      errors.once = Math.max(errors.once, Math.abs(Number(once.data[at]) - exact(n, o, i, j)));
      errors.plain = Math.max(errors.plain, Math.abs(Number(plain.data[at]) - exact(n, o, i, j)));
    }
    // Sums of 1,152 products of size 1/3: a few units in the last place of 32.
    expect(errors.once).toBeLessThan(3e-5);
    expect(errors.once).toBeLessThan(8 * errors.plain);
  });
});
