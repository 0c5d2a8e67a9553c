import { expect } from 'vitest';
import { compile, grad, type NDArray, type Tensor } from '../../src/index.js';
import { fromGolden, type GoldenArray } from './golden.js';

/** A function at one point, as `differentiated` in tools/golden/common.py writes it. */
export interface DifferentiatedCase {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, GoldenArray>>;
  readonly cotangent: GoldenArray;
  readonly output: GoldenArray;
  readonly gradients: Readonly<Record<string, GoldenArray>>;
  readonly directions: Readonly<Record<string, GoldenArray>>;
  readonly second: Readonly<Record<string, GoldenArray>> | null;
}

export type Inputs = Record<string, Tensor>;

function closeTo(actual: NDArray, expected: GoldenArray, tolerance: number, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  // Relative to the size of the whole array: sums of many terms cancel.
  const scale = Math.max(1, ...expected.data.map(Math.abs));
  expected.data.forEach((value, i) => {
    expect(
      Math.abs(Number(actual.data[i]) - value) / scale,
      `${what}[${i}]: ${actual.data[i]}, PyTorch ${value}`,
    ).toBeLessThan(tolerance);
  });
}

/** Checks output, gradients and second derivatives of `fn` against the case's, in either precision. */
export async function agreesWith(
  c: DifferentiatedCase,
  fn: (inputs: Inputs) => Tensor,
  tolerances: { readonly float32: number; readonly float64: number },
): Promise<void> {
  const form = (inputs: Inputs, cotangent: Tensor) => fn(inputs).mul(cotangent).sum();
  const program = compile((inputs: Inputs, cotangent: Tensor, directions: Inputs) => {
    const first = (x: Inputs) => grad(form)(x, cotangent);
    const along = (x: Inputs) =>
      Object.entries(first(x))
        .map(([name, g]) => g.mul(directions[name]).sum())
        .reduce((a, b) => a.add(b));
    return { output: fn(inputs), gradients: first(inputs), second: grad(along)(inputs) };
  });
  for (const dtype of ['float32', 'float64'] as const) {
    const tolerance = tolerances[dtype];
    const load = (arrays: DifferentiatedCase['inputs']) =>
      Object.fromEntries(Object.entries(arrays).map(([name, a]) => [name, fromGolden(a, dtype)]));
    const got = await program(load(c.inputs), fromGolden(c.cotangent, dtype), load(c.directions));
    closeTo(got.output, c.output, tolerance, `${dtype} output`);
    for (const name of Object.keys(c.inputs)) {
      closeTo(got.gradients[name], c.gradients[name], tolerance, `${dtype} gradient of ${name}`);
      if (c.second) closeTo(got.second[name], c.second[name], tolerance, `${dtype} second derivative of ${name}`);
    }
  }
  await program.release();
}
