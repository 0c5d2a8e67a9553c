import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { importOnnx, OnnxImportError } from '../../src/import/index.js';
import { compile, ndarray, type Tensor } from '../../src/index.js';
import type { GraphProto } from '../../src/onnx/generated/onnx_pb.js';
import {
  TensorProto_DataType as Code,
  type FunctionProto,
  FunctionProtoSchema,
  ModelProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from '../../src/onnx/generated/onnx_pb.js';
import { float, type GraphParts, graph, modelFile, node, value } from '../support/onnx-model.js';

const x = value('x', 'float32', [2]);
const y = value('y');
const one = (parts: Partial<GraphParts>) => modelFile({ inputs: [x], outputs: [y], nodes: [], ...parts });

type TensorFields = Pick<TensorProto, 'dims'> &
  Partial<Pick<TensorProto, 'dataType' | 'rawData' | 'floatData' | 'int64Data' | 'dataLocation' | 'externalData'>>;

function stored(fields: TensorFields): TensorProto {
  return create(TensorProtoSchema, { name: 'w', dataType: Code.FLOAT, ...fields });
}

const withWeight = (tensor: TensorProto) => one({ nodes: [node('Add', ['x', 'w'], ['y'])], initializers: [tensor] });

function fn(name: string, nodes: FunctionProto['node']): FunctionProto {
  return create(FunctionProtoSchema, {
    name,
    domain: 'own',
    input: ['a'],
    output: ['c'],
    node: nodes,
    opsetImport: [
      { domain: '', version: 21n },
      { domain: 'own', version: 1n },
    ],
  });
}

const call = (name: string, input: string, output: string) => node(name, [input], [output], {}, { domain: 'own' });
const calling = (functions: FunctionProto[]) =>
  modelFile({ inputs: [x], outputs: [y], nodes: [call('f0', 'x', 'y')] }, { functions, domains: ['own'] });

/** A graph inside a branch inside a branch ..., each in both branches: bytes double with every level. */
function nested(depth: number): GraphProto {
  let inner = graph({ outputs: [value('deepest')], nodes: [node('Neg', ['x'], ['deepest'])] });
  for (let i = 0; i < depth; i++) {
    const branch = node('If', ['condition'], [`out${i}`], { then_branch: inner, else_branch: inner });
    inner = graph({ outputs: [value(`out${i}`)], nodes: [branch] });
  }
  return inner;
}

const message = (fields: Parameters<typeof create<typeof ModelProtoSchema>>[1]) =>
  toBinary(ModelProtoSchema, create(ModelProtoSchema, fields));

describe('crafted models are refused by the name of what is wrong', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['no bytes', new Uint8Array(0), /holds no graph/],
    ['noise', Uint8Array.from({ length: 64 }, (_, i) => (i * 89) & 0xff), /the 64 bytes are no ONNX model/],
    ['gigantic dims', withWeight(stored({ dims: [1n << 40n, 1n << 40n] })), /'w' has the shape \[1099511627776, /],
    [
      'large dims without the bytes',
      withWeight(stored({ dims: [1n << 30n] })),
      /'w' \[1073741824\] needs \d+ \w+ and has 0/,
    ],
    ['negative dims', withWeight(stored({ dims: [-2n] })), /'w' has the shape \[-2\]/],
    [
      'too few bytes',
      withWeight(stored({ dims: [2n], rawData: new Uint8Array(7) })),
      /'w' \[2\] needs 8 bytes and has 7/,
    ],
    [
      'too many bytes',
      withWeight(stored({ dims: [2n], rawData: new Uint8Array(9) })),
      /'w' \[2\] needs 8 bytes and has 9/,
    ],
    ['too few numbers', withWeight(stored({ dims: [2n], floatData: [1] })), /'w' \[2\] needs 2 numbers and has 1/],
    [
      'numbers twice',
      withWeight(stored({ dims: [1n], floatData: [1], rawData: new Uint8Array(4) })),
      /'w' stores its numbers twice/,
    ],
    ['an unknown element type', withWeight(stored({ dims: [1n], dataType: 99 })), /'w' has the element type number 99/],
    ['no element type', withWeight(stored({ dims: [1n], dataType: 0 })), /'w' has no element type/],
    [
      'a node in a circle',
      one({ nodes: [node('Add', ['x', 'y'], ['y'])] }),
      /uses 'y' before it is made: the graph is cyclic/,
    ],
    [
      'two nodes in a circle',
      one({ nodes: [node('Add', ['x', 'b'], ['a']), node('Neg', ['a'], ['b']), node('Neg', ['a'], ['y'])] }),
      /'Add_0' \(Add\) uses 'b' before it is made/,
    ],
    [
      'a name made twice',
      one({ nodes: [node('Neg', ['x'], ['y']), node('Abs', ['x'], ['y'])] }),
      /'Abs_0' \(Abs\) makes 'y', a name that is taken/,
    ],
    ['an input made again', one({ nodes: [node('Neg', ['x'], ['x'])] }), /makes 'x', a name that is taken/],
    ['an input twice', one({ inputs: [x, x], nodes: [node('Neg', ['x'], ['y'])] }), /an input makes 'x'/],
    [
      'an initializer twice',
      one({
        nodes: [node('Add', ['x', 'w'], ['y'])],
        initializers: [stored({ dims: [1n], floatData: [1] }), stored({ dims: [1n], floatData: [1] })],
      }),
      /the initializer 'w' stands there twice/,
    ],
    ['a value from nowhere', one({ nodes: [node('Add', ['x', 'z'], ['y'])] }), /uses 'z', which nothing makes/],
    ['an output from nowhere', one({}), /the output 'y' is made by nothing/],
    [
      'an unknown operator',
      one({ nodes: [node('Frobnicate', ['x'], ['y'])] }),
      /not supported: Frobnicate at 'Frobnicate_0'/,
    ],
    ['an operator without a name', one({ nodes: [node('', ['x'], ['y'])] }), /an operator without a name/],
    [
      'an unknown operator set',
      modelFile({ inputs: [x], outputs: [y], nodes: [node('Neg', ['x'], ['y'])] }, { opset: 99 }),
      /Neg of operator set 99/,
    ],
    [
      'an operator before its time',
      modelFile({ inputs: [x], outputs: [y], nodes: [node('Gelu', ['x'], ['y'])] }, { opset: 13 }),
      /Gelu.* of operator set 13/,
    ],
    [
      'an unknown attribute',
      one({ nodes: [node('Softmax', ['x'], ['y'], { axiz: 0 })] }),
      /'Softmax_0' \(Softmax\) has the attribute 'axiz', which the operator does not know/,
    ],
    [
      'an attribute of another type',
      one({ nodes: [node('Softmax', ['x'], ['y'], { axis: float(1) })] }),
      /has 'axis' as an attribute of type FLOAT, not INT/,
    ],
    [
      'an attribute missing',
      one({ nodes: [node('Concat', ['x'], ['y'])] }),
      /\(Concat\) must have the attribute 'axis'/,
    ],
    [
      'an attribute of an unknown word',
      one({ nodes: [node('Gelu', ['x'], ['y'], { approximate: 'tan' })] }),
      /\(Gelu\) has 'approximate' as 'tan', not none, tanh/,
    ],
    ['inputs missing', one({ nodes: [node('Add', ['x'], ['y'])] }), /\(Add\) has 1 inputs and must have 2/],
    ['inputs too many', one({ nodes: [node('Neg', ['x', 'x'], ['y'])] }), /\(Neg\) has 2 inputs and must have 1/],
    ['a function that calls itself', calling([fn('f0', [call('f0', 'a', 'c')])]), /the function f0 calls itself/],
    [
      'functions in a circle',
      calling([fn('f0', [call('f1', 'a', 'c')]), fn('f1', [call('f0', 'a', 'c')])]),
      /the function f\d calls itself/,
    ],
    [
      'a function twice',
      calling([fn('f0', [node('Neg', ['a'], ['c'])]), fn('f0', [node('Abs', ['a'], ['c'])])]),
      /the function f0 stands there twice/,
    ],
    [
      'functions that double',
      calling(
        Array.from({ length: 40 }, (_, i) =>
          fn(
            `f${i}`,
            i === 39 ? [node('Neg', ['a'], ['c'])] : [call(`f${i + 1}`, 'a', 'b'), call(`f${i + 1}`, 'b', 'c')],
          ),
        ),
      ),
      /functions make more than 20000 nodes once they are inlined/,
    ],
    [
      'functions that call each other deep',
      calling(
        Array.from({ length: 300 }, (_, i) =>
          fn(`f${i}`, [i === 299 ? node('Neg', ['a'], ['c']) : call(`f${i + 1}`, 'a', 'c')]),
        ),
      ),
      /functions call each other too deep, at f\d+/,
    ],
    [
      'an operator set twice',
      message({
        irVersion: 10n,
        opsetImport: [
          { domain: '', version: 21n },
          { domain: 'ai.onnx', version: 11n },
        ],
        graph: graph({ inputs: [x], outputs: [y], nodes: [node('Neg', ['x'], ['y'])] }),
      }),
      /the operator set of ONNX stands there twice/,
    ],
    [
      'a range without end',
      one({
        nodes: [node('ConstantOfShape', ['w'], ['y'])],
        initializers: [stored({ dims: [2n], dataType: Code.INT64, int64Data: [1n << 40n, 1n << 40n] })],
      }),
      /\(ConstantOfShape\): \[1099511627776, 1099511627776\] is more than a model can hold/,
    ],
  ])('%s', (_, bytes, expected) => {
    let error: unknown;
    try {
      const model = importOnnx(bytes);
      compile((v: Record<string, Tensor>, input: Tensor) => model.apply(v, input)).toOnnx(
        model.init(),
        ndarray([1, 2]),
      );
    } catch (thrown) {
      error = thrown;
    }
    expect(`${(error as Error | undefined)?.message}`).toMatch(expected);
  });

  it('graphs nested deeper than the format allows', () => {
    const deep = (depth: number) =>
      message({
        irVersion: 10n,
        opsetImport: [{ domain: '', version: 21n }],
        graph: graph({
          inputs: [x, value('condition', 'bool', [])],
          outputs: [y],
          nodes: [node('If', ['condition'], ['y'], { then_branch: nested(depth), else_branch: nested(1) })],
        }),
      });
    expect(() => importOnnx(deep(3))).not.toThrow();
    // By hand, as encoders have limits of their own: model.graph is field 7, graph.node 1, node.attribute 5, attribute.g 6.
    const field = (number: number, content: number[] | Uint8Array) => {
      const length: number[] = [];
      let rest = content.length;
      for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest & 127) | 128);
      return Uint8Array.from([(number << 3) | 2, ...length, rest, ...content]);
    };
    const chain = (depth: number) => {
      let inner = new Uint8Array(0);
      for (let i = 0; i < depth; i++) inner = field(1, field(5, field(6, inner)));
      return field(7, inner);
    };
    for (const depth of [60, 2000]) {
      expect(() => importOnnx(chain(depth))).toThrow(OnnxImportError);
      expect(() => importOnnx(chain(depth))).toThrow(/recursion|too deep/);
    }
  });

  it('external data that is not at hand, or not as long as it is said to be', () => {
    const outside = (entries: Record<string, string>) =>
      withWeight(
        stored({
          dims: [2n],
          dataLocation: 1,
          externalData: Object.entries(entries).map(([key, value]) => ({
            $typeName: 'onnx.StringStringEntryProto' as const,
            key,
            value,
          })),
        }),
      );
    const read = (bytes: Uint8Array) => () => importOnnx(bytes, { externalData: () => new Uint8Array(8) });
    expect(() => importOnnx(outside({ location: 'w.bin' }))).toThrow("'w' has its numbers in the file 'w.bin'");
    expect(read(outside({ location: 'w.bin' }))).not.toThrow();
    expect(read(outside({}))).toThrow("'w' has external data without a location");
    expect(read(outside({ location: 'w.bin', offset: '4' }))).toThrow(
      /'w' lies at bytes 4 to 12 of 'w.bin', which has 8/,
    );
    expect(read(outside({ location: 'w.bin', length: '99999999999' }))).toThrow(/'w' lies at bytes 0 to 99999999999/);
    expect(read(outside({ location: 'w.bin', offset: '-4' }))).toThrow("'w' has the external offset '-4'");
    expect(read(outside({ location: 'w.bin', length: '4' }))).toThrow(/'w' \[2\] needs 8 bytes and has 4/);
  });

  it('types that must agree and do not', () => {
    const bytes = one({ inputs: [x, value('z', 'int32', [2])], nodes: [node('Add', ['x', 'z'], ['y'])] });
    const model = importOnnx(bytes);
    expect(() =>
      compile((a: Tensor, b: Tensor) => model.apply({}, { x: a, z: b })).toOnnx(
        ndarray([1, 2]),
        ndarray([1, 2], { dtype: 'int32' }),
      ),
    ).toThrow("node 'Add_0' (Add): has inputs of float32 and int32 where one type is needed");
  });
});
