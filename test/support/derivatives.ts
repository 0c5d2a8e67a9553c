import { expect } from 'vitest';
import { compile, grad, hvp, jvp, type NDArray, ndarray, type Tensor, vjp } from '../../src/index.js';
import { numbers } from './numbers.js';

export { numbers };

export interface RandomOptions {
  readonly low?: number;
  readonly high?: number;
  readonly stream?: number;
}

/** A float64 array of repeatable random numbers. */
export function random64(
  shape: readonly number[],
  { low = -1, high = 1, stream = 0 }: RandomOptions = {},
): NDArray<'float64'> {
  const size = shape.reduce((a, b) => a * b, 1);
  return ndarray(Float64Array.from(numbers(stream, size, low, high)), { shape });
}

function shifted(x: NDArray, direction: ArrayLike<number>, step: number): NDArray {
  const data = Float64Array.from(x.data as Float64Array, (value, i) => value + step * direction[i]);
  return { data, shape: x.shape, dtype: 'float64' };
}

export interface CheckOptions {
  /** Leave out where the operator has no second derivative or ONNX Runtime lacks a kernel for it. Default true. */
  readonly second?: boolean;
  readonly step?: number;
  readonly tolerance?: number;
}

/**
 * Checks the derivatives of a function of float64 tensors at a point: the gradient of a random linear form of its result against
 * central differences in every coordinate, J v against differences and against the pullback (u . J v = v . J^T u), and Hessian
 * times vector against differences of the gradient.
 *
 * @returns the gradients.
 */
export async function checkDerivatives(
  fn: (...x: Tensor[]) => Tensor,
  inputs: readonly NDArray[],
  options: CheckOptions = {},
): Promise<NDArray[]> {
  const { second = true, step = 1e-5, tolerance = 1e-6 } = options;
  const directions = inputs.map((x, i) => random64(x.shape, { stream: 100 + i }));
  const form = (x: Tensor[], c: Tensor) =>
    fn(...x)
      .mul(c)
      .sum();
  const value = compile((x: Tensor[]) => fn(...x));
  const y0 = await value([...inputs]);
  const c = random64(y0.shape, { stream: 200, low: 0.5, high: 1.5 });

  const derivatives = compile((x: Tensor[], v: Tensor[], u: Tensor) => {
    const gradient = grad(form)(x, u);
    const [, tangent] = jvp((p: Tensor[]) => fn(...p), x, v);
    const [, pull] = vjp((p: Tensor[]) => fn(...p), x);
    const curvature = second ? hvp((p: Tensor[]) => form(p, u), x, v) : [];
    return { gradient, tangent, pulled: pull(u), curvature };
  });
  const got = await derivatives([...inputs], directions, c);

  const linear = (y: NDArray) =>
    Array.from(y.data as Float64Array).reduce((total, value, i) => total + value * (c.data as Float64Array)[i], 0);
  for (let k = 0; k < inputs.length; k++) {
    const size = inputs[k].data.length;
    for (let i = 0; i < size; i++) {
      const unit = new Float64Array(size);
      unit[i] = 1;
      const at = async (h: number) => linear(await value(inputs.map((x, j) => (j === k ? shifted(x, unit, h) : x))));
      const expected = ((await at(step)) - (await at(-step))) / (2 * step);
      close(Number(got.gradient[k].data[i]), expected, tolerance, `gradient of input ${k}, element ${i}`);
    }
  }

  const along = async (h: number) => value(inputs.map((x, k) => shifted(x, directions[k].data as Float64Array, h)));
  const [plus, minus] = [await along(step), await along(-step)];
  for (let i = 0; i < plus.data.length; i++) {
    close(
      Number(got.tangent.data[i]),
      (Number(plus.data[i]) - Number(minus.data[i])) / (2 * step),
      tolerance,
      `tangent, element ${i}`,
    );
  }
  const forward = linear(got.tangent);
  const reverse = got.pulled.reduce((total, g, k) => total + dotProduct(g, directions[k]), 0);
  close(reverse, forward, Math.max(1e-9, tolerance * 1e-2), 'u . Jv and v . J^T u');

  if (second) {
    const gradientAt = async (h: number) => {
      const moved = inputs.map((x, k) => shifted(x, directions[k].data as Float64Array, h));
      return (await derivatives(moved, directions, c)).gradient;
    };
    const [above, below] = [await gradientAt(step), await gradientAt(-step)];
    for (let k = 0; k < inputs.length; k++) {
      for (let i = 0; i < above[k].data.length; i++) {
        const expected = (Number(above[k].data[i]) - Number(below[k].data[i])) / (2 * step);
        close(
          Number(got.curvature[k].data[i]),
          expected,
          tolerance,
          `Hessian times vector of input ${k}, element ${i}`,
        );
      }
    }
  }
  return got.gradient;
}

function dotProduct(a: NDArray, b: NDArray): number {
  return Array.from(a.data as Float64Array).reduce((total, value, i) => total + value * Number(b.data[i]), 0);
}

/** Fails unless two numbers agree to `tolerance`, relative above 1 and absolute below. */
export function close(actual: number, expected: number, tolerance: number, what: string): void {
  const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
  expect(error, `${what}: ${actual}, expected ${expected}`).toBeLessThanOrEqual(tolerance);
}

/** {@link close} for all elements of an array. */
export function allClose(actual: NDArray, expected: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.data.length, `${what}: number of elements`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) close(Number(actual.data[i]), expected[i], tolerance, `${what}[${i}]`);
}
