import { describe, expect, it } from 'vitest';
import {
  type AdaptationState,
  cafa,
  core,
  type TestTimeAdaptation,
  tent,
  testTimeAdaptation,
} from '../../../src/algorithms/index.js';
import {
  compile,
  constant,
  grad,
  leavesOf,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
  zeros,
} from '../../../src/index.js';
import { conditionalEntropy, fitClassGaussians } from '../../../src/losses/index.js';
import {
  batchNorm,
  batchNormalize,
  batchNormParameters,
  Context,
  calibratedMoments,
  channelMoments,
  conv2d,
  flattenLayer,
  type Layer,
  linear,
  reluLayer,
  type Symbolic,
  sequential,
  type Variables,
} from '../../../src/nn/index.js';
import { adam, sgd } from '../../../src/optim/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { nested } from '../../nn/variables.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

type Steps = { outputs: GoldenArray[]; parameters: GoldenArray[] };
const reference = golden<{
  variables: Record<string, GoldenArray>;
  tent: Steps;
  tentTwice: Steps;
  cafaSteps: Steps;
  core: Steps;
}>('adaptation');

const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });

/** The net of the reference, and where its features are. */
const body: Layer<Variables> = sequential([
  conv2d(2, 3, 3, { padding: 1 }),
  batchNorm(3),
  reluLayer,
  flattenLayer,
  linear(48, 5),
  batchNorm(5),
  reluLayer,
]);
const head = linear(5, 4);
const apply = (v: Symbolic<Variables>, x: Tensor, context: Context) => {
  const features = body.apply(v, x, context);
  return { features, logits: head.apply(v['7'] as never, features, context) };
};
const net = { apply: (v: Symbolic<Variables>, x: Tensor, context: Context) => apply(v, x, context).logits };
const variables = nested({
  ...Object.fromEntries(Object.entries(reference.variables).map(([name, a]) => [name, fromGolden(a)])),
  '1.num_batches_tracked': ndarray(BigInt64Array.of(3n), { shape: [] }),
  '5.num_batches_tracked': ndarray(BigInt64Array.of(3n), { shape: [] }),
});
const batches = [0, 1, 2].map((i) => random64([8, 2, 4, 4], { stream: 750 + i, low: -1, high: 2 }));
const affine = ['1.weight', '1.bias', '5.weight', '5.bias'];

/** All that a procedure said of the batches, and its last state. */
async function adapted<O>(procedure: TestTimeAdaptation<O>, logits: (outputs: O) => Tensor, xs = batches) {
  const run = compile((state: AdaptationState<Tensor>, x: Tensor) => {
    const { state: next, outputs, loss } = procedure.step(state, x);
    return { state: next, logits: logits(outputs), loss };
  });
  let state = procedure.init(variables);
  const said: NDArray[] = [];
  for (const x of xs) {
    const got = await run(state as never, x);
    state = got.state as never;
    said.push(got.logits as NDArray);
  }
  await run.release();
  const leaves = new Map(leavesOf<NDArray>(state.variables).map(({ path, value }) => [path, value]));
  return { said, leaves, state };
}

describe('agrees with the published procedure in PyTorch', () => {
  const gaussians = async () => {
    const labels = [...Array(14).fill(0), ...Array(15).fill(1), 3] as number[];
    const shifts = [0.5, -0.3, 0.1, 0, 0.2];
    const plain = random64([30, 5], { stream: 701 });
    const x = { ...plain, data: plain.data.map((v, i) => v + shifts[i % 5] * labels[Math.floor(i / 5)]) };
    return compile((g: Tensor) => fitClassGaussians(g, constant(labels, 'int32'), { classes: 4 }))(x as NDArray);
  };
  const fast = adam({ learningRate: 0.05 });
  const matches = ({ said, leaves }: { said: NDArray[]; leaves: Map<string, NDArray> }, expected: Steps) => {
    said.forEach((logits, i) => allClose(logits, expected.outputs[i].data, 1e-9, `batch ${i}`));
    affine.forEach((path, i) => allClose(leaves.get(path) as NDArray, expected.parameters[i].data, 1e-9, path));
  };

  it('Tent', async () => {
    matches(await adapted(tent({ model: net, optimizer: fast }), (z) => z), reference.tent);
  });
  it('Tent with two steps a batch, by SGD with momentum', async () => {
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
    matches(await adapted(tent({ model: net, optimizer, steps: 2 }), (z) => z), reference.tentTwice);
  });
  it('Core', async () => {
    matches(await adapted(core({ model: net, optimizer: fast, sourceWeight: 0.7 }), (z) => z), reference.core);
  });
  it('Core gives the batch a tenth by default', async () => {
    const [byDefault, named] = await Promise.all(
      [{}, { sourceWeight: 0.9 }].map((options) =>
        adapted(core({ model: net, optimizer: fast, ...options }), (z) => z),
      ),
    );
    byDefault.said.forEach((logits, i) => {
      expect(logits.data).toEqual(named.said[i].data);
    });
  });
  it('CAFA', async () => {
    const procedure = cafa({ model: { apply }, gaussians: await gaussians(), optimizer: fast });
    matches(await adapted(procedure, ({ logits }) => logits), reference.cafaSteps);
  });
});

describe('testTimeAdaptation', () => {
  const optimizer = adam({ learningRate: 0.02 });

  it('leaves all but scale and shift as they are, to the byte', async () => {
    const { leaves } = await adapted(tent({ model: net, optimizer }), (z) => z);
    for (const { path, value } of leavesOf<NDArray>(variables)) {
      const same = expect(leaves.get(path)?.data, path);
      if (affine.includes(path)) same.not.toEqual(value.data);
      else same.toEqual(value.data);
    }
  });

  it('with a rate of 0 is test-time normalisation, bit for bit', async () => {
    const { said } = await adapted(tent({ model: net, optimizer: sgd({ learningRate: 0 }) }), (z) => z);
    const normalised = compile((v: Symbolic<Variables>, x: Tensor) =>
      net.apply(v, x, new Context({ statistics: { sourceWeight: 0 } })),
    );
    for (const [i, x] of batches.entries()) {
      const expected = (await normalised(variables as never, x)) as NDArray;
      expect(said[i].data).toEqual(expected.data);
    }
  });

  it('episodic, does not remember earlier batches', async () => {
    const procedure = tent({ model: net, optimizer, steps: 3, episodic: true });
    const forward = await adapted(procedure, (z) => z);
    const backward = await adapted(procedure, (z) => z, [...batches].reverse());
    batches.forEach((_, i) => expect(forward.said[i].data).toEqual(backward.said[2 - i].data));
    const online = await adapted(tent({ model: net, optimizer, steps: 3 }), (z) => z);
    expect(online.said[0].data).toEqual(forward.said[0].data);
    expect(online.said[1].data).not.toEqual(forward.said[1].data);
  });

  it('resets to a state that was kept', async () => {
    const procedure = tent({ model: net, optimizer });
    const first = await adapted(procedure, (z) => z);
    const again = await adapted(procedure, (z) => z);
    expect(again.said.map(({ data }) => data)).toEqual(first.said.map(({ data }) => data));
  });

  it('lowers its loss on a batch that it sees again and again', async () => {
    const procedure = testTimeAdaptation({ model: net, optimizer, loss: (z: Tensor) => conditionalEntropy(z) });
    const run = compile((state: AdaptationState<Tensor>, x: Tensor) => procedure.step(state, x));
    let state = procedure.init(variables);
    const losses: number[] = [];
    for (let i = 0; i < 30; i++) {
      const got = await run(state as never, batches[0]);
      state = got.state as never;
      losses.push(Number(got.loss.data[0]));
    }
    losses.slice(1).forEach((value, i) => expect(value, `step ${i + 1}`).toBeLessThan(losses[i]));
  });

  it('adapts other parameters where it is told to', async () => {
    const parameters = (path: string) => path === '7.bias';
    const { leaves } = await adapted(tent({ model: net, optimizer, parameters }), (z) => z);
    const changed = leavesOf<NDArray>(variables).filter(
      ({ path, value }) => toNumbers(leaves.get(path) as NDArray).join() !== toNumbers(value).join(),
    );
    expect(changed.map(({ path }) => path)).toEqual(['7.bias']);
  });

  it('refuses what cannot adapt', () => {
    const plain = { apply: linear(2, 2).apply as never };
    expect(() => tent({ model: plain, optimizer }).init(linear(2, 2).init(key(0)) as never)).toThrow(
      /no variable adapts; there is no batch normalisation with scale and shift/,
    );
    expect(() => tent({ model: net, optimizer, parameters: () => false }).init(variables)).toThrow(
      /there is none that `parameters` names/,
    );
    expect(() => tent({ model: net, optimizer, steps: 0 })).toThrow(/steps 0 must be a positive integer/);
    const { step } = tent({ model: net, optimizer });
    expect(() => step({} as never, zeros([0, 2, 4, 4]))).toThrow(/x \[0, 2, 4, 4\] must be a batch of some/);
  });
});

describe('batchNormParameters', () => {
  it('are weights and biases beside running means', () => {
    const chosen = batchNormParameters(variables);
    expect(leavesOf(variables).flatMap(({ path }) => (chosen(path) ? [path] : []))).toEqual(affine);
    expect(['weight', 'bias', 'running_mean'].map(batchNormParameters(batchNorm(2).init(key(0))))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('calibrated statistics', () => {
  const x = f64([
    [0, 2],
    [2, 0],
    [4, 1],
    [6, 5],
  ]);
  const layer = batchNorm(2);
  const own = {
    weight: f64([1, 1]),
    bias: f64([0, 0]),
    running_mean: f64([1, -1]),
    running_var: f64([4, 0.25]),
    num_batches_tracked: ndarray(BigInt64Array.of(0n), { shape: [] }),
  };
  const at = (sourceWeight: number, unbiased = false) =>
    compile((v: Symbolic<Variables>, input: Tensor) => {
      const context = new Context({ statistics: { sourceWeight, unbiased } });
      const y = layer.apply(v as never, input, context);
      return { y, updated: context.updated(v) };
    })(own as never, x) as unknown as Promise<{ y: NDArray; updated: typeof own }>;
  const plain = (training: boolean) =>
    compile((v: Symbolic<Variables>, input: Tensor) => layer.apply(v as never, input, new Context({ training })))(
      own as never,
      x,
    ) as unknown as Promise<NDArray>;

  it('have the values of the card', async () => {
    const rows = async (alpha: number) => toNumbers((await at(alpha)).y);
    allClose(f64((await rows(0)).slice(0, 2)), [-1.3416394449, 0], 1e-10, 'alpha 0');
    const half = await rows(0.5);
    allClose(
      f64([...half.slice(0, 2), ...half.slice(6)]),
      [-0.942807994, 1.0954421938, 1.885615988, 3.2863265815],
      1e-10,
      'alpha 0.5',
    );
    allClose(f64((await rows(0.9)).slice(0, 2)), [-0.5926370353, 3.5606235945], 1e-10, 'alpha 0.9');
    allClose(f64((await rows(1)).slice(0, 2)), [-0.499999375, 5.9998800036], 1e-10, 'alpha 1');
  });

  it('are those of evaluation and of training at the ends, bit for bit, and move no buffer', async () => {
    const [source, batch] = [await at(1), await at(0)];
    expect(source.y.data).toEqual((await plain(false)).data);
    expect(batch.y.data).toEqual((await plain(true)).data);
    for (const { updated } of [source, batch, await at(0.3)])
      for (const [name, value] of Object.entries(own)) expect(updated[name as 'weight'].data, name).toEqual(value.data);
  });

  it('take a tensor for the weight, so that one program serves all', async () => {
    const run = compile((v: Symbolic<Variables>, input: Tensor, alpha: Tensor) =>
      layer.apply(v as never, input, new Context({ statistics: { sourceWeight: alpha } })),
    );
    for (const alpha of [0, 0.25, 0.9, 1]) {
      const got = (await run(own as never, x, f64(alpha))) as NDArray;
      allClose(got, toNumbers((await at(alpha)).y), 1e-14, `${alpha}`);
    }
    expect(run.stats()).toHaveLength(1);
  });

  it('do not depend on the weight where source and batch agree; unbiased variances divide by n - 1', async () => {
    const [mean, variance] = [f64([3, 2]), f64([5, 3.5])];
    for (const sourceWeight of [0, 0.4, 1]) {
      const got = await compile((input: Tensor, m: Tensor, v: Tensor) =>
        calibratedMoments(input, { mean: m, variance: v }, { sourceWeight }),
      )(x, mean, variance);
      allClose(got.mean, [3, 2], 1e-15, 'mean');
      allClose(got.variance, [5, 3.5], 1e-15, 'variance');
    }
    const unbiased = await compile((input: Tensor, m: Tensor, v: Tensor) =>
      calibratedMoments(input, { mean: m, variance: v }, { sourceWeight: 0.5, unbiased: true }),
    )(x, mean, f64([0, 0]));
    allClose(unbiased.variance, [10 / 3, 7 / 3], 1e-14, 'n - 1');
  });

  it('are right in their derivatives', async () => {
    await checkDerivatives(
      (v, mean, variance) => {
        const m = calibratedMoments(v, { mean, variance: variance.square() }, { sourceWeight: 0.6 });
        return batchNormalize(v, m.mean, m.variance);
      },
      [random64([4, 2, 3]), random64([2], { stream: 1 }), random64([2], { stream: 2, low: 0.6, high: 1 })],
    );
  });

  it('refuse weights outside [0, 1] and batches without a variance', () => {
    const one = constant([[1, 2]]);
    const source = channelMoments(one);
    expect(() => calibratedMoments(one, source, { sourceWeight: 1.1 })).toThrow(
      /sourceWeight 1.1 must be a number in \[0, 1\]/,
    );
    expect(() => calibratedMoments(one, source, { sourceWeight: 0 })).toThrow(
      /x \[1, 2\] has fewer than two values a channel/,
    );
    expect(() => calibratedMoments(one, source, { sourceWeight: 0.9 })).not.toThrow();
  });
});

describe("Tent's loss behind batch normalisation", () => {
  it('has the values of the card', async () => {
    const x = f64([
      [0, 2],
      [2, 0],
      [4, 1],
      [6, 5],
    ]);
    const got = await compile((input: Tensor, weight: Tensor, bias: Tensor) => {
      const loss = (p: { weight: Tensor; bias: Tensor }) => {
        const { mean, variance } = channelMoments(input);
        return conditionalEntropy(batchNormalize(input, mean, variance, p.weight, p.bias));
      };
      return { loss: loss({ weight, bias }), gradient: grad(loss)({ weight, bias }) };
    })(x, f64([1, 1]), f64([0, 0]));
    close(toNumbers(got.loss)[0], 0.6069378477755119, 1e-14, 'entropy');
    allClose(got.gradient.weight, [-0.0582992386, -0.0895928887], 1e-9, 'scale');
    allClose(got.gradient.bias, [-0.0128000637, 0.0128000637], 1e-9, 'shift');
  });

  it('is the entropy of the card, with its gradient', async () => {
    const z = f64([
      [1, 2, 3],
      [0, 0, 0],
      [5, 0, -5],
    ]);
    const got = await compile((logits: Tensor) => ({
      each: conditionalEntropy(logits, { reduction: 'none' }),
      gradient: grad((p: Tensor) => conditionalEntropy(p))(logits),
    }))(z);
    allClose(got.each, [0.8323955818, 1.0986122887, 0.0406741295], 1e-10, 'entropy');
    allClose(
      got.gradient,
      [0.047272364537, 0.04692345249, -0.094195817026, 0, 0, 0, -0.011228395894, 0.011078592191, 0.000149803702],
      1e-10,
      'gradient',
    );
  });
});
