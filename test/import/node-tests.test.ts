import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../src/import/index.js';
import { compile, constant, type NDArray, showShape, type Tensor, toNumbers } from '../../src/index.js';
import { TensorProto_DataType as Code } from '../../src/onnx/generated/onnx_pb.js';
import { type CaseValue, elementTypesOf, modelOf, type NodeTest, nodeTests } from '../support/node-tests.js';
import { arrayOf } from '../support/onnx-data.js';

const { cases, relative, absolute } = nodeTests();

/** Operators that are not imported, and why. A case that has one must be refused by that name. */
const operators: Readonly<Record<string, string>> = {
  ArrayFeatureExtractor: 'classical machine learning',
  Binarizer: 'classical machine learning',
  LabelEncoder: 'classical machine learning',
  TreeEnsemble: 'classical machine learning',
  Adagrad: 'an optimizer: training is what this library does',
  Adam: 'an optimizer: training is what this library does',
  Momentum: 'an optimizer: training is what this library does',
  FlexAttention: 'a preview',
  Bernoulli: 'random numbers that no two runtimes draw alike',
  RandomUniformLike: 'random numbers that no two runtimes draw alike',
  ImageDecoder: 'bytes of files, not tensors',
  RegexFullMatch: 'strings',
  StringConcat: 'strings',
  StringNormalizer: 'strings',
  StringSplit: 'strings',
  TfIdfVectorizer: 'strings',
  BitCast: 'bits of numbers read as others',
  CausalConvWithState: 'newer than what exporters write',
  LinearAttention: 'newer than what exporters write',
  SwiGLU: 'newer than what exporters write',
  CumProd: 'newer than what exporters write',
  CenterCropPad: 'preprocessing of images',
  MelWeightMatrix: 'preprocessing of sound',
  DeformConv: 'no exporter of PyTorch writes it',
  ConvInteger: 'integer arithmetic of quantised inference',
  MatMulInteger: 'integer arithmetic of quantised inference',
  QLinearConv: 'integer arithmetic of quantised inference',
  QLinearMatMul: 'integer arithmetic of quantised inference',
  Unique: 'results whose shape depends on values',
};

/** Element types that no tensor here has. A case that has one must be refused by that name. */
const elementTypes: Readonly<Record<string, string>> = {
  string: 'strings',
  int8: 'integers of a width that no tensor here has',
  int16: 'integers of a width that no tensor here has',
  uint16: 'integers of a width that no tensor here has',
  uint32: 'integers of a width that no tensor here has',
  uint64: 'integers of a width that no tensor here has',
  int4: 'packed integers',
  uint4: 'packed integers',
  int2: 'packed integers',
  uint2: 'packed integers',
  float4e2m1: 'floats of a byte and less',
  float8e4m3fn: 'floats of a byte and less',
  float8e4m3fnuz: 'floats of a byte and less',
  float8e5m2: 'floats of a byte and less',
  float8e5m2fnuz: 'floats of a byte and less',
  float8e8m0: 'floats of a byte and less',
};

interface Exception {
  readonly cases: RegExp;
  readonly why: string;
  /** What is said of it; absent where it runs to another result. */
  readonly error?: RegExp;
}

const exceptions: readonly Exception[] = [
  {
    cases: /^test_training_dropout(_default)?(_mask)?$/,
    why: 'whether dropout drops is up to the context that the model is applied in, and which elements up to its key',
  },
  { cases: /^test_bitshift_\w+_int(32|64)(_\w+)?$/, why: 'shifts are of unsigned bytes', error: /is not uint8/ },
  {
    cases: /^test_scan_sum$/,
    why: 'batches of sequences, which version 9 did away with',
    error: /Scan of operator set 8/,
  },
  { cases: /^test_col2im_5d$/, why: 'columns become images of two axes', error: /images of 3 axes are not supported/ },
];

const half = new Set<number>([Code.FLOAT16, Code.BFLOAT16]);
const read = ({ tensor, sequence }: CaseValue) => (tensor ? arrayOf(tensor) : sequence?.map(arrayOf));

/** What a case needs that is not imported: the names of operators and element types that are in the tables above. */
function missing(test: NodeTest): string[] {
  const types = [...elementTypesOf(test)].map((code) => Code[code].toLowerCase());
  const nodes = modelOf(test).graph?.node ?? [];
  return [
    ...types.filter((type) => type in elementTypes),
    ...new Set(nodes.map((node) => node.opType).filter((type) => type in operators)),
  ];
}

/** Which of a case's inputs are constants of the program, because the graph cannot be made without their values: none, integers, or all. */
const fixings: readonly ((x: NDArray) => boolean)[] = [
  () => false,
  (x) => x.dtype === 'int64',
  (x) => x.dtype !== 'float32' || x.shape.length <= 1,
  () => true,
];

async function outputsOf(test: NodeTest): Promise<Record<string, NDArray>> {
  const model = importOnnx(test.model, { float16: 'float32' });
  const inputs = test.inputs.map((value) => ({ name: value.name, value: read(value) }));
  for (const fixed of fixings) {
    const given: Record<string, NDArray> = {};
    const program = compile((variables: Record<string, Tensor>, x: Record<string, Tensor>) => {
      const all: Record<string, Tensor | Tensor[]> = {};
      for (const { name, value } of inputs) {
        const tensorOf = (array: NDArray, path: string) => (fixed(array) ? constant(array) : x[path]);
        if (Array.isArray(value)) all[name] = value.map((array: NDArray, i) => tensorOf(array, `${name}.${i}`));
        else if (value) all[name] = tensorOf(value as NDArray, name);
      }
      return model.outputsOf(variables, all);
    });
    for (const { name, value } of inputs) {
      const put = (array: NDArray, path: string) => {
        if (!fixed(array)) given[path] = array;
      };
      if (Array.isArray(value)) value.forEach((array: NDArray, i) => put(array, `${name}.${i}`));
      else if (value) put(value as NDArray, name);
    }
    try {
      return await program(model.init(), given);
    } catch (error) {
      const needsValues = /must be known|depends? on values|cannot be counted/.test((error as Error).message);
      if (!needsValues || fixed === fixings.at(-1)) throw error;
    } finally {
      await program.release();
    }
  }
  throw new Error('unreachable');
}

/** What is wrong with an array, in words; undefined where it is as expected. */
function fault(got: NDArray | undefined, expected: NDArray, rough: boolean): string | undefined {
  const shown = (x: NDArray) => `${x.dtype}${showShape(x.shape)}`;
  if (!got) return 'is missing';
  if (shown(got) !== shown(expected)) return `is ${shown(got)}, expected ${shown(expected)}`;
  const [a, b] = [toNumbers(got), toNumbers(expected)];
  // The case's own tolerance, or that of the half precision it was computed in; below, a few roundings of float32 in sums as large as the result.
  const largest = b.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  const [share, floor] = rough ? [1e-2, 5e-3] : [relative, Math.max(absolute, largest * 2 ** -22)];
  const i = a.findIndex(
    (x, k) => !Object.is(x, b[k]) && x !== b[k] && !(Math.abs(x - b[k]) <= floor + share * Math.abs(b[k])),
  );
  return i < 0 ? undefined : `[${i}] is ${a[i]}, expected ${b[i]}`;
}

async function faults(test: NodeTest): Promise<string | undefined> {
  const rough = [...elementTypesOf(test)].some((code) => half.has(code));
  const got = await outputsOf(test);
  for (const output of test.outputs) {
    const expected = read(output);
    const pairs: [string, NDArray][] = Array.isArray(expected)
      ? expected.map((array, i) => [`${output.name}.${i}`, array])
      : expected
        ? [[output.name, expected as NDArray]]
        : [];
    for (const [name, array] of pairs) {
      const wrong = fault(got[name], array, rough);
      if (wrong) return `${name} ${wrong}`;
    }
  }
  return undefined;
}

/** What becomes of a case: undefined where that is as it should be. */
async function verdict(test: NodeTest): Promise<string | undefined> {
  const lacking = missing(test);
  const exception = exceptions.find((e) => e.cases.test(test.name));
  let result: string | undefined;
  let error: Error | undefined;
  try {
    result = await faults(test);
  } catch (thrown) {
    error = thrown as Error;
  }
  if (lacking.length > 0) {
    if (!error) return `ran, though it has ${lacking.join(', ')}`;
    return lacking.some((name) => error.message.includes(name))
      ? undefined
      : `was refused without naming ${lacking.join(', ')}: ${error.message}`;
  }
  if (exception?.error)
    return error && exception.error.test(error.message) ? undefined : `was not refused as said: ${error?.message}`;
  if (exception) return result ? undefined : `is right, and stands among the exceptions (${error?.message})`;
  return error ? error.message : result;
}

/** The operator that a case is about: that of the case whose function body it is, else of its first node. */
function subject(test: NodeTest, byName: ReadonlyMap<string, NodeTest>): string {
  const whole = byName.get(test.name.replace(/_expanded.*$/, '')) ?? test;
  return modelOf(whole).graph?.node[0].opType ?? '';
}

describe("the onnx package's node tests", () => {
  const byName = new Map(cases.map((test) => [test.name, test]));
  const groups = new Map<string, NodeTest[]>();
  for (const test of cases) {
    const name = subject(test, byName);
    groups.set(name, [...(groups.get(name) ?? []), test]);
  }

  it('are 1884, of which all run that need nothing that is not imported', () => {
    expect(cases.length).toBe(1884);
    const refused = cases.filter((test) => missing(test).length > 0);
    const excepted = cases.filter(
      (test) => missing(test).length === 0 && exceptions.some((e) => e.cases.test(test.name)),
    );
    expect({ refused: refused.length, excepted: excepted.length }).toEqual({ refused: 420, excepted: 16 });
    const used = new Set(refused.flatMap(missing));
    expect([...Object.keys(operators), ...Object.keys(elementTypes)].filter((name) => !used.has(name))).toEqual([]);
  });

  it.each([...groups.keys()].sort())('%s', async (name) => {
    const wrong: string[] = [];
    for (const test of groups.get(name) ?? []) {
      const said = await verdict(test);
      if (said) wrong.push(`${test.name}: ${said}`);
    }
    expect(wrong).toEqual([]);
  });
});
