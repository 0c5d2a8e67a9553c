import { concat, constant, type Tensor } from '../../../src/index.js';
import * as optim from '../../../src/optim/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { choice, type Example, type Named, quantity } from '../differentiable.js';
import { fixed, floats } from '../given.js';

type Tree = { readonly a: Tensor; readonly b: readonly [Tensor] };

/** Two arguments as a tree of parameters, and what comes of one as one tensor again. */
const tree = (a: Tensor, b: Tensor): Tree => ({ a, b: [b] });
const flat = ({ a, b: [b] }: Tree): Tensor => concat([a.flatten(), b.flatten()]);
const bowl = ({ a, b: [b] }: Tree): Tensor => a.square().sum().add(b.sin().square().sum());
const slope = ({ a, b: [b] }: Tree): Tensor => a.mul(2).sum().add(b.sin().sum());

const params = { a: floats([2]), b: floats([1, 2]) };
const guess = { v: floats([2], 0.3, 1), w: floats([1, 2], 0.3, 1) };
const anyTree = 'trees of any tensors are welcome; what does not fit is named by the tree';
const free = Object.fromEntries(['a', 'b', 'v', 'w'].map((name) => [name, anyTree]));
const of = (fn: (p: Tree, x: Named) => Tensor, result: readonly number[], rest: object = {}): Example =>
  quantity(params, result, (x) => fn(tree(x.a, x.b), x), { free, ...rest });

/** What gradient rules and measures are made of, as functions of the leaves of a tree. */
export const functions: Record<string, Example> = {
  globalNorm: of((p) => optim.globalNorm(p), [], { least: 0 }),
  applyUpdates: of((p) => flat(optim.applyUpdates(p, tree(p.b[0].sum(0), p.a.expandDims(0)))), [4]),
  exponentialMovingAverage: of(
    (p) => {
      const average = optim.exponentialMovingAverage(0.9);
      const once = average.update(average.init(p), p);
      return flat(average.value(average.update(once, tree(p.a.mul(2), p.b[0].mul(3)))));
    },
    [4],
  ),
  samPerturbation: of((p) => flat(optim.samPerturbation(p, { radius: 0.3 })), [4]),
  'samPerturbation: adaptive': of(
    (p) => flat(optim.samPerturbation(p, { radius: 0.3, adaptive: true }, tree(p.a.sin(), p.b[0].cos()))),
    [4],
  ),
  'samPerturbation: another norm': of((p) => flat(optim.samPerturbation(p, { radius: 0.3, p: 3 })), [4]),
  samGradient: of((p) => flat(optim.samGradient(bowl, p, { radius: 0.3 })[1]), [4], {
    detached: 'the perturbation counts as a constant',
  }),
  samGradientOfParts: of((p) => flat(optim.samGradientOfParts([bowl, slope], p, { radius: 0.3 })[1]), [4], {
    detached: 'the perturbation counts as a constant',
  }),
  sharpness: of((p) => optim.sharpness(bowl, p, { radius: 0.3, steps: 2 }), []),
  mSharpness: of((p) => optim.mSharpness([bowl, slope], p, { radius: 0.3 }), []),
  forwardGradient: quantity(
    { ...params, ...guess },
    [4],
    ({ a, b, v, w }) => flat(optim.forwardGradient(bowl, tree(a, b), tree(v, w))[1]),
    { free },
  ),
  projectGradient: quantity(
    { ...params, ...guess },
    [4],
    ({ a, b, v, w }) => flat(optim.projectGradient(tree(a, b), tree(v, w))),
    { free },
  ),
  'projectGradient: each tensor': quantity(
    { ...params, ...guess },
    [4],
    ({ a, b, v, w }) => flat(optim.projectGradient(tree(a, b), tree(v, w), { granularity: 'tensor' })),
    { free },
  ),
  randomGuess: choice(
    { a: fixed(params.a), b: fixed(params.b) },
    [4],
    undefined,
    ({ a, b }) => flat(optim.randomGuess(tree(a, b), constant(key(5)))),
    { free, draws: 'each leaf has its own numbers' },
  ),
};
