import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fromBinary } from '@bufbuild/protobuf';
import { type ModelProto, ModelProtoSchema } from '../../src/onnx/generated/onnx_pb.js';

/** An input or output of a case: the bytes of a TensorProto, those of a sequence's tensors, or none for an optional that is empty. */
export interface CaseValue {
  readonly name: string;
  readonly tensor?: Uint8Array;
  readonly sequence?: readonly Uint8Array[];
}

/** A node test of the `onnx` package. */
export interface NodeTest {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: readonly CaseValue[];
  readonly outputs: readonly CaseValue[];
}

/** As tools/onnx/node-tests.py keeps it: bytes by the number of their blob. */
interface StoredValue {
  readonly name: string;
  readonly tensor?: number;
  readonly sequence?: readonly number[];
}

interface Header {
  readonly onnx: string;
  readonly relative: number;
  readonly absolute: number;
  readonly blobs: readonly number[];
  readonly cases: readonly {
    readonly name: string;
    readonly model: number;
    readonly inputs: readonly StoredValue[];
    readonly outputs: readonly StoredValue[];
  }[];
}

/** All node tests, with the tolerances that they come with. */
export function nodeTests(): { cases: readonly NodeTest[]; relative: number; absolute: number } {
  const file = gunzipSync(readFileSync(new URL('../golden/node-tests.bin.gz', import.meta.url)));
  const start = 4 + file.readUInt32LE(0);
  const header = JSON.parse(file.subarray(4, start).toString()) as Header;
  let end = start;
  const blobs = header.blobs.map((length) => {
    end += length;
    return file.subarray(end - length, end);
  });
  const value = ({ name, tensor, sequence }: StoredValue): CaseValue => ({
    name,
    tensor: tensor === undefined ? undefined : blobs[tensor],
    sequence: sequence?.map((i) => blobs[i]),
  });
  const { relative, absolute } = header;
  const cases = header.cases.map(({ name, model, inputs, outputs }) => ({
    name,
    model: blobs[model],
    inputs: inputs.map(value),
    outputs: outputs.map(value),
  }));
  return { cases, relative, absolute };
}

export const modelOf = ({ model }: NodeTest): ModelProto => fromBinary(ModelProtoSchema, model);

/** The codes of the element types of a case's inputs and outputs. */
export function elementTypesOf(test: NodeTest): Set<number> {
  const found = new Set<number>();
  const { graph } = modelOf(test);
  for (const { type } of [...(graph?.input ?? []), ...(graph?.output ?? [])]) {
    let of = type;
    while (of && (of.value.case === 'sequenceType' || of.value.case === 'optionalType')) of = of.value.value.elemType;
    if (of?.value.case === 'tensorType') found.add(of.value.value.elemType);
  }
  return found;
}
