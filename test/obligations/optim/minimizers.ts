import { constant, type Tensor } from '../../../src/index.js';
import * as optim from '../../../src/optim/index.js';
import { foldIn, key } from '../../../src/runtime/random/index.js';

/** How an export becomes something that minimises: a minimizer, made of it and of what it needs to get to the end. */
export interface Entry {
  readonly make: () => optim.Minimizer;
  /** It moves parameters where gradients are 0 too: why. */
  readonly restless?: string;
}

const of = (make: () => optim.GradientTransformation, rest: Omit<Entry, 'make'> = {}): Entry => ({
  make: () => optim.firstOrder(make()),
  ...rest,
});
/** A transformation before a plain descent. */
const before = (make: () => optim.GradientTransformation, rate: number, rest: Omit<Entry, 'make'> = {}): Entry =>
  of(() => optim.chain(make(), optim.scale(-rate)), rest);
/** Rates that fall let those with steps of one length come to rest. */
const falling = (from: number) => optim.cosine(from, { steps: 400 });
const descent = () => optim.sgd({ learningRate: 0.1 });

/** A minimizer that is handed a key of its own at each step. */
const keyed = (minimizer: optim.Minimizer): optim.Minimizer => ({
  init: (params) => ({ inner: minimizer.init(params), count: optim.scaleBySchedule(optim.constant(1)).init(params) }),
  step: (objective, params, state) => {
    const { inner, count } = state as { inner: unknown; count: { count: Tensor } };
    const next = minimizer.step(objective, params, inner, { key: foldIn(constant(key(3)), count.count) });
    return { ...next, state: { inner: next.state, count: { count: count.count.add(1) } } };
  },
});

/** Every export that is a gradient transformation or a minimizer, or makes one. */
export const minimizers: Record<string, Entry> = {
  sgd: of(descent),
  'sgd: momentum': of(() => optim.sgd({ learningRate: 0.05, momentum: 0.8, nesterov: true })),
  'sgd: dampened': of(() => optim.sgd({ learningRate: 0.1, momentum: 0.8, dampening: 0.5 })),
  adam: of(() => optim.adam({ learningRate: falling(0.1) })),
  'adam: the largest of squares': of(() => optim.adam({ learningRate: falling(0.1), amsgrad: true })),
  adamW: of(() => optim.adamW({ learningRate: falling(0.1), weightDecay: 1e-4 }), { restless: 'weights decay' }),
  rmsprop: of(() => optim.rmsprop({ learningRate: falling(0.05) })),
  'rmsprop: momentum': of(() => optim.rmsprop({ learningRate: falling(0.02), momentum: 0.5 })),
  adagrad: of(() => optim.adagrad({ learningRate: 0.5 })),
  scaleByAdam: of(() => optim.chain(optim.scaleByAdam(), optim.scaleByLearningRate(falling(0.1)))),
  scaleByRms: of(() => optim.chain(optim.scaleByRms(), optim.scaleByLearningRate(falling(0.05)))),
  scaleByAdagrad: before(() => optim.scaleByAdagrad(), 0.5),
  identity: before(() => optim.identity, 0.1),
  clipByGlobalNorm: before(() => optim.clipByGlobalNorm(1), 0.1),
  clipByValue: before(() => optim.clipByValue(1), 0.1),
  trace: before(() => optim.trace({ momentum: 0.8 }), 0.05),
  scaleByLbfgs: before(() => optim.scaleByLbfgs(), 0.5),
  'scaleByLbfgs: one pair': before(() => optim.scaleByLbfgs({ history: 1 }), 0.2),
  onlineLbfgs: { make: () => optim.onlineLbfgs(optim.scale(-0.5)) },
  addDecayedWeights: before(() => optim.addDecayedWeights(1e-4), 0.1, { restless: 'weights decay' }),
  scale: of(() => optim.scale(-0.1)),
  scaleBySchedule: of(() => optim.scaleBySchedule(optim.constant(0.1), -1)),
  scaleByLearningRate: of(() => optim.scaleByLearningRate(0.1)),
  scaleByPath: before(() => optim.scaleByPath([{ match: 'bowl.*', factor: 0.5 }]), 0.1),
  layerWiseDecay: before(() => optim.layerWiseDecay({ groups: ['bowl.*', 'line.*'], decay: 0.5 }), 0.1),
  chain: of(() => optim.chain(optim.identity, descent())),
  firstOrder: { make: () => optim.firstOrder(descent()) },
  withGradients: {
    make: () =>
      optim.withGradients(descent(), (objective, params) => optim.samGradient(objective, params, { radius: 0 })),
  },
  forwardDescent: { make: () => keyed(optim.forwardDescent(optim.sgd({ learningRate: falling(0.05) }))) },
  'forwardDescent: signs, normalised': {
    make: () =>
      keyed(optim.forwardDescent(optim.sgd({ learningRate: falling(0.3) }), { guess: 'signs', normalize: true })),
  },
  sam: { make: () => optim.sam(optim.sgd({ learningRate: falling(0.1) }), { radius: 0.01 }) },
  'sam: adaptive, second order': {
    make: () =>
      optim.sam(optim.sgd({ learningRate: falling(0.1) }), { radius: 0.01, adaptive: true, secondOrder: true }),
  },
};

export type Params = {
  readonly bowl: { readonly wide: Tensor; readonly long: Tensor };
  readonly line: readonly [slope: Tensor, offset: Tensor];
};

/**
 * Three convex problems in one objective, 0 at best, in a tree of lists and records: a bowl of one curvature, a valley ten times as steep as
 * it is long, and a line through three points.
 */
export const objective = ({ bowl: { wide, long }, line: [slope, offset] }: Params): Tensor => {
  const steep = long.at(0).sub(1).square().mul(2.5);
  const flat = long.at(1).add(0.5).square().mul(0.25);
  const points = [0, 1, 2].map((x) =>
    slope
      .mul(x)
      .add(offset)
      .sub(x - 1)
      .square(),
  );
  return wide
    .sub(0.3)
    .square()
    .sum()
    .add(steep)
    .add(flat)
    .add(
      points
        .reduce((a, b) => a.add(b))
        .sum()
        .mul(1 / 3),
    );
};
