import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../src/import/index.js';
import { recognised } from '../../src/import/recognise.js';
import { compile, grad, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { topological } from '../../src/tensor/graph.js';
import { input } from '../../src/tensor/ops/constant.js';
import { allClose } from '../support/derivatives.js';
import { numbers } from '../support/numbers.js';

const x = input('x', [3, 4], 'float32');
const other = input('z', [3, 4], 'float32');
const cumulative = (u: Tensor) => u.erf().add(1);
const root = Math.fround(Math.SQRT2);
const plain = (t: Tensor) => t.mul(cumulative(t.div(root))).mul(0.5);

describe('recognised', () => {
  it.each<[string, (t: Tensor) => Tensor]>([
    ['as PyTorch exports it', plain],
    ['halved first', (t) => t.mul(0.5).mul(cumulative(t.div(root)))],
    ['halved in between', (t) => t.mul(cumulative(t.div(root)).mul(0.5))],
    [
      'multiplied by the root of a half',
      (t) =>
        cumulative(t.mul(Math.fround(Math.SQRT1_2)))
          .mul(t)
          .mul(0.5),
    ],
  ])('one GELU: %s', async (_, written) => {
    for (const argument of [x, x.mul(other), x.mul(2)]) {
      const y = recognised(written(argument));
      expect(y.node.operator.type).toBe('Gelu');
      expect(y.node.inputs).toEqual([argument]);
    }
    // Value and first two derivatives are those of what was written.
    const all = (f: (t: Tensor) => Tensor) => (t: Tensor) => {
      const first = (p: Tensor) => grad((q: Tensor) => f(q).sum())(p);
      return [f(t), first(t), grad((p: Tensor) => first(p).sum())(t)];
    };
    const at = ndarray(Float32Array.from(numbers(1, 60, -4, 4)));
    const [got, expected] = [await compile(all((t) => recognised(written(t))))(at), await compile(all(written))(at)];
    for (const [i, value] of got.entries()) allClose(value, toNumbers(expected[i]), 2e-6, `derivative ${i}`);
  });

  it.each<[string, Tensor]>([
    ['another factor', x.mul(cumulative(x.div(root))).mul(0.4)],
    ['another scale', x.mul(cumulative(x.div(1.4))).mul(0.5)],
    ['another tensor', other.mul(cumulative(x.div(root))).mul(0.5)],
    ['one more tensor', x.mul(cumulative(x.div(root))).mul(other)],
    ['a divided number', x.mul(cumulative(x.reciprocal().mul(root))).mul(0.5)],
    ['without the one', x.mul(x.div(root).erf()).mul(0.5)],
    [
      'a row that is repeated',
      input('r', [1, 4], 'float32')
        .mul(cumulative(x.div(root)))
        .mul(0.5),
    ],
    ['no product', x.add(1)],
  ])('leaves alone: %s', (_, y) => {
    expect(recognised(y)).toBe(y);
  });

  it('finds those of an encoder that PyTorch exported', () => {
    const model = importOnnx(readFileSync(new URL('../golden/encoder.onnx', import.meta.url)));
    const ids = input('ids', [2, 7], 'int64');
    const weights = Object.fromEntries(
      Object.entries(model.init()).map(([name, { shape, dtype }]) => [name, input(name, shape, dtype)]),
    );
    const y = model.apply(weights, { input_ids: ids, attention_mask: ids.onesLike(), token_type_ids: ids.zerosLike() });
    const types = topological([y]).map((node) => node.operator.type);
    expect(types.filter((type) => type === 'Gelu')).toHaveLength(2);
    expect(types).not.toContain('Erf');
  });
});
