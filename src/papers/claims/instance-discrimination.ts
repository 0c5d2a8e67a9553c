import { instanceDiscrimination } from '../../algorithms/index.js';
import { knnAccuracy } from '../../metrics/index.js';
import { Context, type Layer, mlp, type Symbolic, standardize, type Variables } from '../../nn/index.js';
import { adam } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, permutation } from '../../runtime/random/index.js';
import { mapTree, type NDArray, ndarray, type Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { contents, viewsOf } from '../experiments/views.js';

const [items, steps, batchSize] = [1000, 600, 128];

export const claim: Claim = {
  statement:
    'Telling every training item from all others, without any labels, brings items of one class together: their nearest neighbours name the class.',
  effect:
    'accuracy of 20 nearest neighbours after instance discrimination (full softmax) less that of the untrained network',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.3,
  data: '10 classes of contents in 8 dimensions, seen in 64 through a random network beside a style drawn anew for each view; 1,000 training items, 1,000 test items',
  seeds: 5,
  remarks:
    'An encoder 64-128-128-32 whose features are standardised over the batch, Adam, 600 steps of 128, temperature 0.1, bank momentum 0.5. Beside it noise contrast with 1, 8 and 256 noise items, and with 8 and the proximal term (weight 30), which comes near the full softmax; more noise items help little here.',
  async measure(seed, note) {
    const data = contents(seed, { radius: 2, train: items, test: 1000 });
    const view = viewsOf(seed);
    const network: Layer<Variables> = mlp({ sizes: [64, 128, 128, 32] });
    const embed = (p: Symbolic<Variables>, x: Tensor) =>
      standardize(network.apply(p, x, new Context({ training: true })), [0], 1e-5).y;
    const infer = compile((p: Symbolic<Variables>, u: Tensor, draw: Tensor) => embed(p, view(u, draw)));
    const root = key(seed);
    const initial = network.init(foldIn(root, 0));

    const scores = async (params: Variables): Promise<Arm> => {
      const [train, test] = await Promise.all(
        [data.train, data.test].map(async ({ contents: u, labels }, i) => ({
          embeddings: (await infer(params as never, u, foldIn(root, 10 + i))) as NDArray,
          labels,
        })),
      );
      return { 'neighbours name the class': knnAccuracy(train, test, { k: 20, temperature: 0.1 }) };
    };
    const arm = async (name: string, options: { readonly noise?: number; readonly proximalWeight?: number }) => {
      const procedure = instanceDiscrimination<Symbolic<Variables>>({
        embed,
        optimizer: adam({ learningRate: 1e-3 }),
        items,
        dimension: 32,
        temperature: 0.1,
        ...options,
      });
      const step = compile(
        (state: never, all: Tensor, indices: Tensor, draw: Tensor) =>
          procedure.step(state, view(all.gather(indices), foldIn(draw, 0)), indices, foldIn(draw, 1)).state,
        { name: 'instances', donate: [0] },
      );
      let state = procedure.init(foldIn(root, 1), copied(initial)) as never;
      for (let i = 0; i < steps; i++) {
        const chosen = ndarray(permutation(foldIn(foldIn(root, 2), i), items).data.slice(0, batchSize));
        state = (await step(state, data.train.contents, chosen, foldIn(foldIn(root, 3), i))) as never;
      }
      await step.release();
      const made = await scores((state as { readonly params: Variables }).params);
      note(`${name} ${made['neighbours name the class'].toFixed(3)}`);
      return made;
    };
    const untrained = await scores(initial);
    note(`untrained ${untrained['neighbours name the class'].toFixed(3)}`);
    const full = await arm('full softmax', {});
    const arms = {
      untrained,
      'NCE, 1 noise item': await arm('NCE 1', { noise: 1 }),
      'NCE, 8': await arm('NCE 8', { noise: 8 }),
      'NCE, 8, proximal': await arm('NCE 8, proximal', { noise: 8, proximalWeight: 30 }),
      'NCE, 256': await arm('NCE 256', { noise: 256 }),
      'full softmax': full,
    };
    await infer.release();
    return { effect: full['neighbours name the class'] - untrained['neighbours name the class'], arms };
  },
};

/** A tree of arrays of its own, that a donated step may write to. */
function copied(variables: Variables): Variables {
  return mapTree(variables, (leaf: NDArray) => ({ ...leaf, data: leaf.data.slice() })) as Variables;
}
