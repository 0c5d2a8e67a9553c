import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../src/import/index.js';
import type { OnnxOperator } from '../../src/import/operator.js';
import { families } from '../../src/import/operators/index.js';
import {
  castArray,
  compile,
  concat,
  constant,
  grad,
  isFloat,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
} from '../../src/index.js';
import {
  TensorProto_DataType as Code,
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  TensorProtoSchema,
} from '../../src/onnx/generated/onnx_pb.js';
import { checkDerivatives, random64 } from '../support/derivatives.js';
import { type CaseValue, elementTypesOf, modelOf, type NodeTest, nodeTests } from '../support/node-tests.js';
import { numbers } from '../support/numbers.js';
import { arrayOf } from '../support/onnx-data.js';
import { graph, modelFile, node, tensor, value } from '../support/onnx-model.js';

/** Central differences through imported graphs: the node tests of every operator with a gradient, in float64. */

/** A graph in double precision. */
function doubled(graph: GraphProto): void {
  for (const { type } of [...graph.input, ...graph.output, ...graph.valueInfo]) {
    let of = type;
    while (of && (of.value.case === 'sequenceType' || of.value.case === 'optionalType')) of = of.value.value.elemType;
    if (of?.value.case === 'tensorType' && of.value.value.elemType === Code.FLOAT)
      of.value.value.elemType = Code.DOUBLE;
  }
  for (const node of graph.node) {
    for (const attribute of node.attribute) {
      if (attribute.name === 'to' && attribute.i === BigInt(Code.FLOAT)) attribute.i = BigInt(Code.DOUBLE);
      if (attribute.t?.dataType === Code.FLOAT) {
        const { data, shape } = castArray(arrayOf(toBinary(TensorProtoSchema, attribute.t)), 'float64');
        attribute.t = create(TensorProtoSchema, {
          dims: shape.map(BigInt),
          dataType: Code.DOUBLE,
          doubleData: Array.from(data),
        });
      }
      if (attribute.g) doubled(attribute.g);
    }
  }
}

const read = ({ tensor, sequence }: CaseValue): readonly NDArray[] =>
  tensor ? [arrayOf(tensor)] : (sequence ?? []).map(arrayOf);

/** Floats of an input that a gradient goes to, moved off the corners that whole numbers stand at. */
function point(array: NDArray, stream: number, factor = 1): NDArray<'float64'> {
  const x = castArray(array, 'float64');
  const off = numbers(stream, x.data.length, 0.01, 0.09);
  return { ...x, data: Float64Array.from(x.data as Float64Array, (value, i) => value * factor + off[i]) };
}

/** Elements that are differentiated in a case: few, so that every coordinate can be moved. */
const mostElements = 120;

/** Elements that a case is differentiated by. */
function sizeOf(test: NodeTest, { controls = [] }: OnnxOperator): number {
  const sizes = test.inputs.map((input, i) =>
    controls === 'all' || controls.includes(i)
      ? 0
      : read(input).reduce((sum, x) => sum + (isFloat(x.dtype) ? x.data.length : 0), 0),
  );
  return sizes.reduce((a, b) => a + b, 0);
}

async function check(test: NodeTest, { type, controls = [] }: OnnxOperator): Promise<void> {
  const model = modelOf(test);
  doubled(model.graph as GraphProto);
  if (alwaysSingle.has(type)) {
    for (const input of (model.graph as GraphProto).input.slice(1))
      if (input.type?.value.case === 'tensorType' && input.type.value.value.elemType === Code.DOUBLE)
        input.type.value.value.elemType = Code.FLOAT;
  }
  const imported = importOnnx(toBinary(ModelProtoSchema, model));
  const inputs = test.inputs.map((input, i) => ({
    name: input.name,
    list: input.sequence !== undefined,
    steers: controls !== 'all' && controls.includes(i),
    arrays: read(input),
  }));
  const free = inputs.flatMap(({ steers, arrays }, k) =>
    arrays.flatMap((array, i) => (!steers && isFloat(array.dtype) ? [point(array, 10 * k + i, shrunk[type])] : [])),
  );
  const whole = (...x: Tensor[]) => {
    const given: Record<string, Tensor | Tensor[]> = {};
    let next = 0;
    for (const { name, list, steers, arrays } of inputs) {
      const values = arrays.map((array) => {
        if (!isFloat(array.dtype)) return constant(array);
        if (!steers) return x[next++];
        return constant(alwaysSingle.has(type) ? array : castArray(array, 'float64'));
      });
      if (values.length > 0 || list) given[name] = list ? values : values[0];
    }
    const outputs = Object.values(imported.outputsOf({}, given)).filter((y) => isFloat(y.dtype));
    return concat(outputs.map((y) => y.flatten()));
  };
  await checkDerivatives(whole, free, { second: false, tolerance: 1e-5 });
}

/** Element types of the cases that are taken: float32 becomes float64, integers are not differentiated. */
const usual = new Set<number>([Code.FLOAT, Code.DOUBLE, Code.INT32, Code.INT64, Code.BOOL, Code.UINT8]);

const { cases } = nodeTests();
const operators = Object.values(families)
  .flat()
  .filter((o) => o.gradient === 'yes' && !o.domain);

/** Cases at whose points nothing is differentiable, or that have no gradient as docs/operators.md says. */
const leftOut = /edge_cases|scatternd_(max|min|multiply)|scatter_elements_with_reduction_(max|min|mul)|col2im_5d/;

/** Limits that stay in single precision whatever the rest is. */
const alwaysSingle = new Set(['Resize', 'Upsample']);

/** What brings the points of a case inside of where a function is defined, and away from its poles. */
const shrunk: Readonly<Record<string, number>> = { Asin: 0.85, Acos: 0.85, Atanh: 0.85, Tan: 0.4 };

/** Models of operators that no small case is about: floats [shape], then nodes. */
const models: Readonly<
  Record<string, { shapes: Record<string, number[]>; nodes: NodeProto[]; integers?: Record<string, number[]> }>
> = {
  BatchNormalization: {
    shapes: { x: [2, 3, 2], scale: [3], bias: [3], mean: [3], variance: [3] },
    nodes: [node('BatchNormalization', ['x', 'scale', 'bias', 'mean', 'variance'], ['y'])],
  },
  Erf: { shapes: { x: [5] }, nodes: [node('Erf', ['x'], ['y'])] },
  Mish: { shapes: { x: [5] }, nodes: [node('Mish', ['x'], ['y'])] },
  LRN: { shapes: { x: [1, 5, 2, 2] }, nodes: [node('LRN', ['x'], ['y'], { size: 3, alpha: 0.5 })] },
  GlobalLpPool: { shapes: { x: [2, 2, 3] }, nodes: [node('GlobalLpPool', ['x'], ['y'], { p: 3 })] },
  Trilu: { shapes: { x: [3, 4] }, nodes: [node('Trilu', ['x'], ['y'], { upper: 0 })] },
  Slice: {
    shapes: { x: [5, 4] },
    integers: { from: [4, 0], to: [0, -1], axes: [0, 1], by: [-2, 1] },
    nodes: [node('Slice', ['x', 'from', 'to', 'axes', 'by'], ['y'])],
  },
  STFT: {
    shapes: { x: [1, 8, 1], window: [4] },
    integers: { step: [2] },
    nodes: [node('Squeeze', ['step'], ['hop']), node('STFT', ['x', 'hop', 'window'], ['y'])],
  },
  'SequenceEmpty, SequenceInsert, SequenceErase, SequenceAt': {
    shapes: { a: [2], b: [3] },
    nodes: [
      node('SequenceEmpty', [], ['none'], { dtype: Code.DOUBLE }),
      node('SequenceInsert', ['none', 'a'], ['one']),
      node('SequenceInsert', ['one', 'b'], ['two']),
      node('SequenceInsert', ['two', 'a'], ['three']),
      node('SequenceErase', ['three'], ['back']),
      node('Constant', [], ['position'], { value_int: 1 }),
      node('SequenceAt', ['back', 'position'], ['chosen']),
      node('Mul', ['chosen', 'chosen'], ['y']),
    ],
  },
  'SequenceConstruct, ConcatFromSequence': {
    shapes: { a: [2, 2], b: [1, 2] },
    nodes: [
      node('SequenceConstruct', ['a', 'b', 'a'], ['list']),
      node('ConcatFromSequence', ['list'], ['all'], { axis: 0 }),
      node('Mul', ['all', 'all'], ['y']),
    ],
  },
  'Optional, OptionalGetElement': {
    shapes: { x: [2] },
    nodes: [
      node('Optional', ['x'], ['maybe']),
      node('OptionalGetElement', ['maybe'], ['surely']),
      node('Mul', ['surely', 'surely'], ['y']),
    ],
  },
  If: {
    shapes: { x: [3], a: [1] },
    nodes: [
      node('Less', ['a', 'a'], ['never']),
      node('If', ['never'], ['y'], {
        then_branch: graph({ outputs: [value('p', 'float64')], nodes: [node('Neg', ['x'], ['p'])] }),
        else_branch: graph({ outputs: [value('q', 'float64')], nodes: [node('Mul', ['x', 'a'], ['q'])] }),
      }),
    ],
  },
};

/** Operators with a gradient that are checked in other ways. */
const elsewhere: Readonly<Record<string, string>> = {
  Cast: 'nothing, between floats of one precision',
  CastLike: 'nothing, between floats of one precision',
  Constant: 'takes nothing; gradients of weights that are constants: light.test.ts',
  ConstantOfShape: 'takes a shape; gradients of weights that are constants: light.test.ts',
  DequantizeLinear: 'is of single precision; linear in its scale: below',
  RotaryEmbedding: 'is of single precision; the gradients of a Llama by PyTorch: pytorch.test.ts',
  SimplifiedLayerNormalization: "is ONNX Runtime's: fused.test.ts",
};

describe('derivatives of imported operators', () => {
  const found = operators.map((operator): [string, OnnxOperator, NodeTest[]] => {
    const own = cases
      .filter((test) => {
        const nodes = modelOf(test).graph?.node ?? [];
        const plain = [...elementTypesOf(test)].every((type) => usual.has(type));
        return plain && nodes.length === 1 && nodes[0].opType === operator.type && nodes[0].domain === '';
      })
      .filter((test) => !leftOut.test(test.name) && !(operator.type in elsewhere))
      .map((test) => ({ test, size: sizeOf(test, operator) }))
      .filter(({ size }) => size > 0 && size <= mostElements)
      .sort((a, b) => a.size - b.size)
      .map(({ test }) => test);
    return [operator.type, operator, own.slice(0, 2)];
  });

  it.each(Object.entries(models))('%s', async (_, { shapes, nodes, integers = {} }) => {
    const names = Object.keys(shapes);
    const model = importOnnx(
      modelFile(
        {
          inputs: names.map((name) => value(name, 'float64', shapes[name])),
          outputs: [value('y', 'float64')],
          nodes,
          initializers: Object.entries(integers).map(([name, list]) =>
            tensor(name, ndarray(BigInt64Array.from(list, BigInt))),
          ),
        },
        { opset: 23 },
      ),
    );
    const points = names.map((name, i) => random64(shapes[name], { stream: i, low: 0.2, high: 0.9 }));
    const whole = (...x: Tensor[]) => model.apply({}, Object.fromEntries(names.map((name, i) => [name, x[i]])));
    await checkDerivatives(whole, points, { second: false });
  });

  it('DequantizeLinear: the distance from the zero point', async () => {
    const model = importOnnx(
      modelFile({
        inputs: [value('x', 'uint8', [3]), value('scale', 'float32', []), value('zero', 'uint8', [])],
        outputs: [value('y')],
        nodes: [node('DequantizeLinear', ['x', 'scale', 'zero'], ['y'])],
      }),
    );
    const slope = compile((scale: Tensor) => {
      const [x, zero] = [constant([3, 10, 255], 'uint8'), constant(7, 'uint8')];
      return grad((s: Tensor) => model.apply({}, { x, scale: s, zero }).sum())(scale);
    });
    expect(toNumbers(await slope(0.5))).toEqual([-4 + 3 + 248]);
  });

  it.each(found.filter(([, , tests]) => tests.length > 0))('%s', async (_, operator, tests) => {
    for (const test of tests) await check(test, operator);
  });

  it('are checked for every operator that has them', () => {
    const own = new Set(Object.keys(models).flatMap((names) => names.split(', ')));
    const without = found.filter(([type, , tests]) => tests.length === 0 && !own.has(type)).map(([type]) => type);
    expect(without.sort()).toEqual(Object.keys(elsewhere).sort());
  });
});
