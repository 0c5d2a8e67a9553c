import type { DType, NDArray } from '../tensor/index.js';
import { TensorProto_DataType as Code } from './generated/onnx_pb.js';

/** ONNX's code of each dtype. */
export const dtypeCode: Record<DType, Code> = {
  float32: Code.FLOAT,
  float64: Code.DOUBLE,
  int32: Code.INT32,
  int64: Code.INT64,
  bool: Code.BOOL,
  uint8: Code.UINT8,
};

/** The bytes of an array as ONNX stores them: little-endian, row-major. */
export function rawBytes({ data }: NDArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
