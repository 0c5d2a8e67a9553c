import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AdaptationState, tent } from '../../../src/algorithms/index.js';
import { importOnnx, normalizationWeights } from '../../../src/import/index.js';
import { compile, leavesOf, type NDArray, type Tensor } from '../../../src/index.js';
import { batchNormParameters, Context } from '../../../src/nn/index.js';
import { sgd } from '../../../src/optim/index.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

const model = importOnnx(readFileSync(new URL('../../golden/onnx/resnet-script-13.onnx', import.meta.url)));
const { inputs } = golden<{ inputs: Record<string, GoldenArray> }>('onnx/resnet');
const x = fromGolden(Object.values(inputs)[0], 'float32');
const apply = (v: Record<string, Tensor>, input: Tensor, context: Context) => model.apply(v, input, context);

describe('an imported model', () => {
  const weights = model.init();
  const chosen = Object.keys(weights).filter(batchNormParameters(weights));

  it('has its batch normalisations found, by name as by node', () => {
    expect(chosen.length).toBeGreaterThan(2);
    expect([...chosen].sort()).toEqual(normalizationWeights(model).sort());
  });

  it('adapts by Tent: nothing but scales and shifts move, the entropy falls, the statistics are those of the batch', async () => {
    const { init, step } = tent({ model: { apply: apply as never }, optimizer: sgd({ learningRate: 1e-2 }) });
    const run = compile((state: AdaptationState<Tensor>, input: Tensor) => step(state, input));
    const normalised = compile((v: Record<string, Tensor>, input: Tensor) =>
      apply(v, input, new Context({ statistics: { sourceWeight: 0 } })),
    );
    const evaluated = compile((v: Record<string, Tensor>, input: Tensor) => apply(v, input, new Context()));
    let state = init(weights) as never;
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) {
      const made = await run(state, x);
      if (i === 0) {
        expect((made.outputs as NDArray).data).toEqual(((await normalised(weights as never, x)) as NDArray).data);
        expect((made.outputs as NDArray).data).not.toEqual(((await evaluated(weights as never, x)) as NDArray).data);
      }
      losses.push(Number((made.loss as NDArray).data[0]));
      state = made.state as never;
    }
    losses.slice(1).forEach((loss, i) => expect(loss).toBeLessThan(losses[i]));
    const moved = leavesOf<NDArray>((state as { variables: unknown }).variables).filter(
      ({ path, value }) => !value.data.every((v, i) => v === weights[path].data[i]),
    );
    expect(moved.map(({ path }) => path).sort()).toEqual([...chosen].sort());
  });
});
