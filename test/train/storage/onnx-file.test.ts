import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, describe, expect, it } from 'vitest';
import { ndarray } from '../../../src/index.js';
import { rawBytes } from '../../../src/onnx/dtype.js';
import { TensorProto_DataType as Code, TensorProtoSchema } from '../../../src/onnx/generated/onnx_pb.js';
import { importOnnxFile } from '../../../src/train/index.js';
import { modelFile, node, value } from '../../support/onnx-model.js';

const root = mkdtempSync(join(tmpdir(), 'cotangent-onnx-'));
afterAll(() => rmSync(root, { recursive: true }));

const weight = ndarray([1, 2, 3]);
const folder = join(root, 'model');
mkdirSync(join(folder, 'data'), { recursive: true });
writeFileSync(join(folder, 'data', 'w.bin'), rawBytes(weight));
writeFileSync(join(root, 'secret.bin'), rawBytes(weight));
symlinkSync(join(root, 'secret.bin'), join(folder, 'link.bin'));

function written(name: string, location: string): string {
  const outside = create(TensorProtoSchema, {
    name: 'w',
    dims: [3n],
    dataType: Code.FLOAT,
    dataLocation: 1,
    externalData: [{ key: 'location', value: location }],
  });
  const path = join(folder, name);
  writeFileSync(
    path,
    modelFile({
      inputs: [value('x', 'float32', [3])],
      outputs: [value('y')],
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      initializers: [outside],
    }),
  );
  return path;
}

describe('importOnnxFile', () => {
  it('reads external data beside the model', async () => {
    const model = await importOnnxFile(written('good.onnx', 'data/w.bin'));
    expect(model.init()).toEqual({ w: weight });
  });

  it.each(['../secret.bin', 'data/../../secret.bin', '/etc/hostname', 'link.bin', '..\\secret.bin', '..'])(
    'refuses external data outside of the folder: %s',
    async (location) => {
      await expect(importOnnxFile(written('bad.onnx', location))).rejects.toThrow(
        `external data '${location}' leads out of the model's folder`,
      );
    },
  );

  it('names what is not there', async () => {
    await expect(importOnnxFile(written('bad.onnx', 'data/none.bin'))).rejects.toThrow(
      "external data 'data/none.bin' cannot be read: ENOENT",
    );
    await expect(importOnnxFile(join(folder, 'none.onnx'))).rejects.toThrow('none.onnx: does not exist');
  });
});
