import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ImportedModel, importOnnx } from '../../src/import/index.js';
import { compile, constant, type NDArray, type Tensor } from '../../src/index.js';
import { casesIn, expectClose, onnxData, readCase, withoutOnnxData } from '../support/onnx-data.js';

/** Cases that are out of scope, with what is said of them. */
const outOfScope: Readonly<Record<string, RegExp>> = {
  test_gradient_of_add: /ai\.onnx\.preview\.training\.Gradient/,
  test_gradient_of_add_and_mul: /ai\.onnx\.preview\.training\.Gradient/,
  test_strnorm_model_monday_casesensintive_lower: /StringNormalizer/,
  test_strnorm_model_monday_casesensintive_nochangecase: /StringNormalizer/,
  test_strnorm_model_monday_casesensintive_upper: /StringNormalizer/,
  test_strnorm_model_monday_empty_output: /StringNormalizer/,
  test_strnorm_model_monday_insensintive_upper_twodim: /StringNormalizer/,
  test_strnorm_model_nostopwords_nochangecase: /StringNormalizer/,
};

/** Outputs of a model; integer inputs, which are shapes and positions in these cases, are constants of the program. */
async function outputsOf(model: ImportedModel, inputs: readonly NDArray[]): Promise<NDArray[]> {
  const names = model.inputs.map((i) => i.name);
  const fixed = (x: NDArray) => x.dtype === 'int64';
  const program = compile((variables: Record<string, Tensor>, x: Record<string, Tensor>) => {
    const constants = Object.fromEntries(
      inputs.flatMap((array, i) => (fixed(array) ? [[names[i], constant(array)]] : [])),
    );
    return model.outputsOf(variables, { ...constants, ...x });
  });
  const given = Object.fromEntries(inputs.flatMap((array, i) => (fixed(array) ? [] : [[names[i], array]])));
  const made = await program(model.init(), given);
  await program.release();
  return Object.values(made);
}

describe.runIf(onnxData).each(['pytorch-converted', 'simple'])("the ONNX project's models: %s", (group) => {
  const folder = join(onnxData ?? '', group);
  for (const name of onnxData ? casesIn(folder) : []) {
    const reason = outOfScope[name];
    if (reason) {
      it(`${name} is refused by name`, () => {
        expect(() => importOnnx(readFileSync(join(folder, name, 'model.onnx')))).toThrow(reason);
      });
      continue;
    }
    it(name, async () => {
      const { model: bytes, sets } = readCase(folder, name);
      expect(sets.length).toBeGreaterThan(0);
      const model = importOnnx(bytes);
      for (const { inputs, outputs } of sets) {
        const got = await outputsOf(model, inputs);
        expect(got.length).toBe(outputs.length);
        outputs.forEach((expected, i) => expectClose(got[i], expected, 1e-5, `${name}: ${model.outputs[i].name}`));
      }
    });
  }
});

it.skipIf(onnxData)(`the ONNX project's models: ${withoutOnnxData}`, () => {
  expect(onnxData).toBeUndefined();
});
