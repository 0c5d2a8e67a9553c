import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import { storedTensor } from '../../src/import/tensor-data.js';
import { type NDArray, showShape, toNumbers } from '../../src/index.js';
import { TensorProtoSchema } from '../../src/onnx/generated/onnx_pb.js';

const root = process.env['COTANGENT_DATA'];

/** The folder of the ONNX project's own test data, where COTANGENT_DATA has it. */
export const onnxData = root && existsSync(join(root, 'onnx')) ? join(root, 'onnx') : undefined;

/** What is said where it has not. */
export const withoutOnnxData = 'COTANGENT_DATA names no folder with onnx in it';

/** An array from the bytes of a TensorProto. */
export function arrayOf(bytes: Uint8Array): NDArray {
  return storedTensor(fromBinary(TensorProtoSchema, bytes), { half: 'float32' }).read();
}

export function readArray(path: string): NDArray {
  return arrayOf(readFileSync(path));
}

/** A case of the ONNX project: a model, and sets of inputs and outputs. */
export interface OnnxCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly sets: readonly { readonly inputs: readonly NDArray[]; readonly outputs: readonly NDArray[] }[];
}

export function casesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'model.onnx')));
}

export function readCase(folder: string, name: string): OnnxCase {
  const at = join(folder, name);
  const numbered = (set: string, kind: string) => {
    const files = readdirSync(join(at, set)).filter((file) => file.startsWith(kind));
    return files.map((_, i) => readArray(join(at, set, `${kind}_${i}.pb`)));
  };
  const sets = readdirSync(at).filter((entry) => entry.startsWith('test_data_set_'));
  return {
    name,
    model: readFileSync(join(at, 'model.onnx')),
    sets: sets.map((set) => ({ inputs: numbered(set, 'input'), outputs: numbered(set, 'output') })),
  };
}

/** Asserts that arrays are equal to a tolerance, relative to their size and absolute. */
export function expectClose(got: NDArray, expected: NDArray, tolerance: number, what: string): void {
  expect(`${got.dtype}${showShape(got.shape)}`, what).toBe(`${expected.dtype}${showShape(expected.shape)}`);
  const [a, b] = [toNumbers(got), toNumbers(expected)];
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    const error = Math.abs(a[i] - b[i]) / (1 + Math.abs(b[i]));
    worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
  }
  expect(worst, what).toBeLessThanOrEqual(tolerance);
}
