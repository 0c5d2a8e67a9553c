import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { importOnnx, joinNormalization } from '../../../src/import/index.js';
import { compile, exportOnnx, ndarray, type Tensor, toNumbers, zerosArray } from '../../../src/index.js';
import {
  batchNorm,
  Context,
  conv2d,
  type Layer,
  linear,
  resnet9,
  type Symbolic,
  sequential,
  type Variables,
} from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { leavesOf, mapTree, merge, partition } from '../../../src/tensor/tree.js';
import { allClose } from '../../support/derivatives.js';
import { numbers } from '../../support/numbers.js';

/** A model whose statistics and scales are not those that it begins with. */
function drawn(model: Layer<Variables>): Variables {
  let stream = 0;
  return mapTree(model.init(key(0)), (leaf, path) => {
    const { shape, dtype, data } = leaf as { shape: number[]; dtype: string; data: Float32Array };
    if (dtype !== 'float32' || shape.length > 1) return leaf;
    const low = path.endsWith('running_var') || path.endsWith('weight') ? 0.5 : -0.5;
    return ndarray(Float32Array.from(numbers(stream++, data.length, low, low + 1)), { shape });
  }) as unknown as Variables;
}

describe('joinNormalization', () => {
  it.each([
    ['of maps', resnet9({ classes: 3, inputChannels: 1, width: 2 }), [4, 1, 8, 8], 8],
    ['of vectors', sequential([linear(5, 4) as never, batchNorm(4) as never, linear(4, 2) as never]), [6, 5], 1],
    [
      'of maps with another epsilon',
      sequential([conv2d(1, 2, 3) as never, batchNorm(2, { epsilon: 0.1 }) as never]),
      [2, 1, 5, 5],
      1,
    ],
  ] as const)(
    '%s: nodes that compute the same, and train as the layers do',
    async (_, model: Layer<Variables>, shape, count) => {
      const variables = drawn(model);
      const bytes = exportOnnx(
        (v: never, x: { x: Tensor }) => ({ y: model.apply(v, x.x, new Context()) }),
        variables as never,
        { x: zerosArray(shape) },
        { dynamic: { name: 'batch', axis: 0 } },
      );
      const made = joinNormalization(bytes);
      const layer = importOnnx(made);
      expect(layer.nodes.filter(({ type }) => type === 'BatchNormalization')).toHaveLength(count);
      expect(layer.buffers).toHaveLength(2 * count);
      const x = ndarray(
        Float32Array.from(
          numbers(
            77,
            shape.reduce<number>((a, b) => a * b, 1),
          ),
        ),
        { shape: [...shape] },
      );
      const run = async (file: Uint8Array) => {
        const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
        return Array.from(
          (await session.run({ x: new ort.Tensor('float32', x.data, [...shape]) })).y.data as Float32Array,
        );
      };
      const expected = await run(bytes);
      const close = (found: number[], what: number[]) =>
        found.forEach((v, i) => expect(Math.abs(v - what[i])).toBeLessThan(1e-5 * Math.max(1, Math.abs(what[i]))));
      close(await run(made), expected);

      const [buffers, parameters] = partition(
        variables,
        (path) => path.includes('running') || path.includes('num_batches'),
      );
      const own = compile((p: Symbolic<Variables>, b: Symbolic<Variables>, x: Tensor) => {
        const context = new Context({ training: true });
        return { y: model.apply(merge(p, b), x, context), updated: context.updated(b) };
      });
      const imported = compile((v: never, x: Tensor) => {
        const context = new Context({ training: true });
        return { y: layer.apply(v, x, context), updated: context.updated(v) };
      });
      const [a, b] = [await own(parameters as never, buffers as never, x), await imported(layer.init() as never, x)];
      allClose(b.y, toNumbers(a.y), 1e-5, 'in training');
      const moved = new Map(leavesOf(a.updated).map(({ path, value }) => [path, value]));
      for (const name of layer.buffers)
        allClose((b.updated as never as Record<string, never>)[name], toNumbers(moved.get(name) as never), 1e-5, name);
    },
  );

  it('leaves a model without any as it is', () => {
    const scale = { w: ndarray([2, 3]) };
    const bytes = exportOnnx((v, inputs) => inputs.x.mul(v.w).add(1), scale, { x: zerosArray([2]) });
    expect(importOnnx(joinNormalization(bytes)).nodes).toEqual(importOnnx(bytes).nodes);
  });
});
