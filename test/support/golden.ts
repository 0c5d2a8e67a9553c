import { readFileSync } from 'node:fs';
import { type DType, type NDArray, ndarray } from '../../src/index.js';

/** An array as the reference scripts write it. */
export interface GoldenArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A file of reference values made by tools/golden. */
export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as T;
}

export function fromGolden(array: GoldenArray, dtype: DType = 'float64'): NDArray {
  const flat = ndarray(array.data as number[], { dtype });
  return { ...flat, shape: array.shape };
}
