import { describe, expect, it } from 'vitest';
import {
  compile,
  conv as convolve,
  grad,
  linear,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
} from '../../../src/index.js';
import { crossEntropy } from '../../../src/losses/index.js';
import { type Adapters, Context, lora, mlp } from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

interface Case {
  name: 'linear' | 'inputs-first' | 'convolution';
  alpha: number;
  weight: GoldenArray;
  a: GoldenArray;
  b: GoldenArray;
  x: GoldenArray;
  cotangent: GoldenArray;
  output: GoldenArray;
  gradients: GoldenArray[];
}
const { cases } = golden<{ cases: Case[] }>('lora');
const forward = {
  linear: (x: Tensor, w: Tensor) => linear(x, w),
  'inputs-first': (x: Tensor, w: Tensor) => x.matmul(w),
  convolution: (x: Tensor, w: Tensor) => convolve(x, w, undefined, { padding: 1 }),
};

describe('lora', () => {
  it.each(cases.map((c) => [c.name, c] as const))(
    '%s: outputs, gradients and merged weights agree with PyTorch',
    async (name, c) => {
      const adapter = lora({
        target: 'layer.weight',
        rank: 2,
        alpha: c.alpha,
        layout: () => (name === 'inputs-first' ? name : 'outputs-first'),
      });
      const variables = { layer: { weight: fromGolden(c.weight) } };
      const adapters = { 'layer.weight': { lora_A: fromGolden(c.a), lora_B: fromGolden(c.b) } };
      const apply = (v: { layer: { weight: Tensor } }, x: Tensor) => forward[name](x, v.layer.weight);
      const run = compile((v: { layer: { weight: Tensor } }, a: Adapters<Tensor>, x: Tensor, c: Tensor) => {
        const form = (p: Adapters<Tensor>, w: typeof v) => apply(adapter.apply(w, p), x).mul(c).sum();
        return {
          output: apply(adapter.apply(v, a), x),
          gradient: grad(form)(a, v),
          ofWeights: grad((w: typeof v) => form(a, w))(v),
        };
      });
      const { output, gradient, ofWeights } = await run(variables, adapters, fromGolden(c.x), fromGolden(c.cotangent));
      allClose(output, c.output.data, 1e-12, 'output');
      allClose((gradient as unknown as Adapters)['layer.weight'].lora_A, c.gradients[0].data, 1e-12, 'gradient of A');
      allClose((gradient as unknown as Adapters)['layer.weight'].lora_B, c.gradients[1].data, 1e-12, 'gradient of B');
      expect(toNumbers(ofWeights.layer.weight).every((g) => g === 0)).toBe(true);
      const plain = compile(apply as never) as unknown as (v: unknown, x: unknown) => Promise<NDArray>;
      allClose(await plain(adapter.merge(variables, adapters), fromGolden(c.x)), c.output.data, 1e-12, 'merged');
    },
  );

  it('has the derivatives of differences', () =>
    checkDerivatives(
      (a, b) =>
        lora({ target: 'w', rank: 2, alpha: 3 })
          .apply({ w: b.matmul(a).zerosLike() }, { w: { lora_A: a, lora_B: b } })
          .w.tanh(),
      [random64([2, 3]), random64([4, 2], { stream: 1 })],
    ));

  it('begins with the model as it is, and learns in two small matrices a weight', async () => {
    const model = mlp({ sizes: [6, 16, 3] });
    const variables = model.init(key(0));
    const adapter = lora({ target: '*', rank: 2 });
    const adapters = adapter.init(key(1), variables);
    const weights = Object.keys(adapters);
    expect(weights).toHaveLength(2);
    for (const path of weights) {
      expect(adapters[path].lora_A.shape[0]).toBe(2);
      expect(toNumbers(adapters[path].lora_B).every((v) => v === 0)).toBe(true);
    }
    const bound = 1 / Math.sqrt(6);
    const first = toNumbers(adapters[weights[0]].lora_A);
    expect(Math.max(...first.map(Math.abs))).toBeLessThan(bound);
    expect(adapter.merge(variables, adapters)).toEqual(variables);
    expect(adapter.init(key(1), variables)).toEqual(adapters);

    const x = ndarray([
      [1, 0, 0, 1, 0, 1],
      [0, 1, 1, 0, 1, 0],
      [1, 1, 0, 0, 1, 1],
    ]);
    const y = ndarray([0, 1, 2], { dtype: 'int32' });
    const step = compile((v: never, a: Adapters<Tensor>, x: Tensor, y: Tensor) => {
      const loss = (p: Adapters<Tensor>) => crossEntropy(model.apply(adapter.apply(v, p), x, new Context()), y);
      const gradient = grad(loss)(a);
      const next = Object.fromEntries(
        Object.entries(a).map(([path, { lora_A, lora_B }]) => [
          path,
          { lora_A: lora_A.sub(gradient[path].lora_A), lora_B: lora_B.sub(gradient[path].lora_B) },
        ]),
      );
      return { loss: loss(a), next };
    });
    let current: unknown = adapters;
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) {
      const result = await step(variables as never, current as never, x, y);
      current = result.next;
      losses.push(Number(result.loss.data[0]));
    }
    expect(losses[59]).toBeLessThan(0.1 * losses[0]);
    const merged = adapter.merge(variables, current as Adapters);
    const logits = compile((v: never, x: Tensor) => model.apply(v, x, new Context()));
    const viaAdapters = compile((v: never, a: Adapters<Tensor>, x: Tensor) =>
      model.apply(adapter.apply(v, a), x, new Context()),
    );
    allClose(
      await logits(merged as never, x),
      toNumbers(await viaAdapters(variables as never, current as never, x)),
      1e-5,
      'merged',
    );
  });

  it('says what does not fit', () => {
    expect(() => lora({ target: '*', rank: 0 })).toThrow(/lora: rank 0 must be a positive integer/);
    expect(() => lora({ target: '*', alpha: -1 })).toThrow(/lora: alpha -1 must be positive/);
    expect(() =>
      lora({ target: '*.bias' }).init(key(0), { a: { weight: ndarray([[1]]), bias: ndarray([1]) } }),
    ).toThrow(/lora: the pattern \*\.bias matches none of the 1 names: a\.weight/);
    const inputsFirst = lora({ target: '*', layout: () => 'inputs-first' });
    expect(() => inputsFirst.init(key(0), { k: ndarray([[[1]]]) })).toThrow(
      /lora: k \[1, 1, 1\] must be \[inputs, outputs\]/,
    );
    expect(() => lora({ target: '*' }).merge({}, { w: { lora_A: ndarray([[1]]), lora_B: ndarray([[1]]) } })).toThrow(
      /lora: the model has no weight w/,
    );
  });
});
