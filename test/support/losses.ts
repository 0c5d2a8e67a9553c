import { expect, it } from 'vitest';
import { compile, constant, grad, type Tensor, toNumbers } from '../../src/index.js';
import type { Reduction } from '../../src/losses/index.js';
import { allClose } from './derivatives.js';
import { fromGolden, type GoldenArray, golden } from './golden.js';

interface Case {
  name: string;
  reduction: Reduction;
  options: Record<string, number | string | boolean | readonly number[] | GoldenArray>;
  integer: boolean;
  x: GoldenArray;
  target: GoldenArray;
  cotangent: GoldenArray;
  output: GoldenArray;
  gradient: GoldenArray;
}

type Loss = (predictions: Tensor, targets: Tensor, options: object) => Tensor;

const isArray = (value: Case['options'][string]): value is GoldenArray =>
  typeof value === 'object' && 'shape' in value && 'data' in value;

/** One test for each case of a golden file: outputs and gradients of the loss it names, one of `losses`, are PyTorch's. */
export function agreesWithPyTorch(file: string, losses: object, tolerance = 1e-12): void {
  const { cases } = golden<{ cases: Case[] }>(file);
  const named = losses as Record<string, Loss>;
  it.each(cases.map((c, i) => [`${i} ${c.name} ${c.reduction} ${Object.keys(c.options)}`, c] as const))(
    '%s',
    async (_, c) => {
      const options = () =>
        Object.fromEntries(
          Object.entries(c.options).map(([key, value]) => [key, isArray(value) ? constant(fromGolden(value)) : value]),
        );
      const fn = (x: Tensor, y: Tensor) => named[c.name](x, y, { ...options(), reduction: c.reduction });
      const program = compile((x: Tensor, y: Tensor, u: Tensor) => ({
        output: fn(x, y),
        gradient: grad((p: Tensor) => fn(p, y).mul(u).sum())(x),
      }));
      const got = await program(
        fromGolden(c.x),
        fromGolden(c.target, c.integer ? 'int32' : 'float64'),
        fromGolden(c.cotangent),
      );
      expect(got.output.shape).toEqual(c.output.shape);
      allClose(got.output, c.output.data, tolerance, 'loss');
      allClose(got.gradient, c.gradient.data, tolerance, 'gradient');
    },
  );
}

/** The numbers of a program without inputs. */
export const value = async (fn: () => Tensor): Promise<number[]> => toNumbers(await compile(fn)());

/** Fails unless the numbers of a program without inputs are these, to `digits` decimals. */
export async function expectValue(fn: () => Tensor, expected: readonly number[], digits = 9): Promise<void> {
  const got = await value(fn);
  expect(got.length).toBe(expected.length);
  expected.forEach((x, i) => {
    expect(got[i], `element ${i} of ${got}`).toBeCloseTo(x, digits);
  });
}

/** A float64 constant of nested numbers. */
export const c64 = (values: Parameters<typeof constant>[0]): Tensor => constant(values, 'float64');
/** An int32 constant of labels. */
export const c32 = (values: Parameters<typeof constant>[0]): Tensor => constant(values, 'int32');
