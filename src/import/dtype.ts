import { TensorProto_DataType as Code } from '../onnx/generated/onnx_pb.js';
import type { DType } from '../tensor/index.js';
import { OnnxImportError } from './error.js';

/** What becomes of half-precision numbers, which no tensor here holds. */
export type HalfPrecision = 'refuse' | 'float32';

const supported: Readonly<Record<number, DType>> = {
  [Code.FLOAT]: 'float32',
  [Code.DOUBLE]: 'float64',
  [Code.INT32]: 'int32',
  [Code.INT64]: 'int64',
  [Code.BOOL]: 'bool',
  [Code.UINT8]: 'uint8',
};

export function isHalf(code: number): boolean {
  return code === Code.FLOAT16 || code === Code.BFLOAT16;
}

/** The dtype for ONNX's code. @throws OnnxImportError naming `what` where there is none. */
export function dtypeOf(what: string, code: number, half: HalfPrecision): DType {
  const dtype = supported[code];
  if (dtype) return dtype;
  if (isHalf(code) && half === 'float32') return 'float32';
  if (code === Code.UNDEFINED) throw new OnnxImportError(`${what} has no element type`);
  const name = (Code[code] ?? `number ${code}`).toLowerCase();
  const remedy = isHalf(code) ? "; { float16: 'float32' } reads it as float32" : '';
  throw new OnnxImportError(`${what} has the element type ${name}, which is not supported${remedy}`);
}
