import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as Code,
  ModelProtoSchema,
} from '../onnx/generated/onnx_pb.js';

/**
 * ONNX Runtime's binding for Node (1.30) copies every result once more into memory of its own, those too that were written into arrays of the
 * caller: a training step's whole state, into fresh pages, for nothing. It converts results one by one in the model's order, after the run,
 * and refuses what is no tensor. So models here begin with a result that is none: by the time of that refusal every result is in the caller's
 * array, and none has been copied.
 */

/** The name of that result, an empty sequence. */
export const noTensor = 'cotangent.no_tensor';

const refusal = 'Non tensor type is temporarily not supported.';

/** Whether a run ended as it should: results written, none copied. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.message === refusal;
}

/** A model with that result before its own. Messages of protocol buffers are merged by writing one after the other. */
export function withoutCopies(model: Uint8Array): Uint8Array {
  const merged = new Uint8Array(prefix.length + model.length);
  merged.set(prefix);
  merged.set(model, prefix.length);
  return merged;
}

const prefix = toBinary(
  ModelProtoSchema,
  create(ModelProtoSchema, {
    graph: {
      node: [
        {
          opType: 'SequenceEmpty',
          name: noTensor,
          output: [noTensor],
          attribute: [{ name: 'dtype', type: AttributeType.INT, i: BigInt(Code.FLOAT) }],
        },
      ],
      output: [
        {
          name: noTensor,
          type: {
            value: {
              case: 'sequenceType',
              value: { elemType: { value: { case: 'tensorType', value: { elemType: Code.FLOAT } } } },
            },
          },
        },
      ],
    },
  }),
);
