import { describe, expect, it } from 'vitest';
import { compile, mapTree, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { adamW, applyUpdates, chain, layerWiseDecay, scaleByPath, sgd } from '../../../src/optim/index.js';

const params = {
  stem: { weight: ndarray([1, 2]) },
  blocks: [{ weight: ndarray([3]) }, { weight: ndarray([4]) }],
  head: ndarray([5]),
};
type P = typeof params;

/** Parameters after steps along gradients that are all 2. */
async function afterSteps(optimizer: ReturnType<typeof sgd>, steps = 1): Promise<P> {
  const step = compile((p: never, state: unknown) => {
    const gradients = mapTree(p, (leaf: Tensor) => leaf.zerosLike().add(2)) as never;
    const { updates, state: next } = optimizer.update(gradients, state, p);
    return { p: applyUpdates(p, updates), state: next };
  }) as unknown as (p: unknown, state: unknown) => Promise<{ p: P; state: unknown }>;
  let state: unknown = optimizer.init(params);
  let p = params;
  for (let i = 0; i < steps; i++) ({ p, state } = await step(p, state));
  return p;
}
const moved = (p: P) =>
  [p.stem.weight, p.blocks[0].weight, p.blocks[1].weight, p.head].map(
    (x: NDArray, i) => toNumbers(x)[0] - [1, 3, 4, 5][i],
  );

describe('learning rates by path', () => {
  it('scaleByPath: the first rule that matches counts, what none names stays', async () => {
    const rules = [
      { match: 'stem.*', factor: 0 },
      { match: ['stem.weight', 'blocks.1.*'], factor: 0.5 },
    ];
    expect(moved(await afterSteps(chain(sgd({ learningRate: 0.5 }), scaleByPath(rules))))).toEqual([0, -1, -0.5, -1]);
  });

  it('layerWiseDecay: each layer decay times the next, new parameters in full; Adam and its weight decay are scaled too', async () => {
    const groups = [['stem.weight'], 'blocks.0.*', 'blocks.1.*'];
    const decay = layerWiseDecay({ groups, decay: 0.5 });
    expect(moved(await afterSteps(chain(sgd({ learningRate: 0.5 }), decay)))).toEqual([-0.25, -0.5, -1, -1]);
    const plain = moved(await afterSteps(adamW({ learningRate: 0.1, weightDecay: 0.1 })));
    const scaled = moved(await afterSteps(chain(adamW({ learningRate: 0.1, weightDecay: 0.1 }), decay)));
    [0.25, 0.5, 1, 1].forEach((factor, i) => expect(scaled[i]).toBeCloseTo(factor * plain[i], 6));
  });

  it('say what does not fit', () => {
    expect(() => scaleByPath([{ match: '*', factor: -1 }])).toThrow(/scaleByPath: factor -1/);
    expect(() => layerWiseDecay({ groups: [], decay: 1.2 })).toThrow(/layerWiseDecay: decay 1.2 must lie in \(0, 1\]/);
  });
});
