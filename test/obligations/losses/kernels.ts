import * as losses from '../../../src/losses/index.js';
import { choice, type Example, loss, quantity } from '../differentiable.js';
import { bools, distributions, fixed, labels, logarithms, positives } from '../given.js';

const distances = { distances: positives(['n', 'n'], 0.2, 2) };
const supervised = (given: Example['given'], columns: 'n' | number, of: Example['of'], rest: object = {}): Example =>
  choice(given, ['n', columns], 'float32', (x) => of(x, {}).exp(), { least: 0, ...rest });
/** Probabilities: of those that are 0 the logarithm is -Infinity. */
const learned = (given: Example['given'], columns: 'n' | number, of: Example['of'], rest: object = {}): Example =>
  quantity(given, ['n', columns], (x) => of(x, {}).exp(), { least: 0, ...rest });
const empty = { refuses: { none: /must be \[n, n\]|with columns/ } };
const tooFew = { refuses: { none: /must (be|lie)/, one: /must (be|lie)/ } };
/** The logarithms of distributions over three columns. */
const over = logarithms(distributions(['n', 3]));

export const kernels: Record<string, Example> = {
  iCon: loss(
    { learned: over, supervision: fixed(over) },
    ['n'],
    ({ learned, supervision }, o) => losses.iCon(learned, supervision, o),
    { least: -1e-6 },
  ),
  gaussianKernel: learned(distances, 'n', ({ distances }) => losses.gaussianKernel(distances), empty),
  studentKernel: learned(distances, 'n', ({ distances }) => losses.studentKernel(distances), empty),
  perplexityWidths: quantity(distances, ['n'], ({ distances }) => losses.perplexityWidths(distances, 1.5), {
    least: 0,
    firstOnly: 'the root of an equation has a first derivative',
    ...tooFew,
  }),
  kernelEntropy: quantity({ kernel: over }, ['n'], ({ kernel }) => losses.kernelEntropy(kernel), {
    least: 0,
    anyRank: 'rows of whatever there is',
  }),
  clusterKernel: learned({ assignments: distributions(['n', 3]) }, 'n', ({ assignments }) =>
    losses.clusterKernel(assignments),
  ),
  mixUniform: learned({ kernel: over }, 3, ({ kernel }) => losses.mixUniform(kernel, 0.3)),
  propagate: learned(
    { kernel: logarithms(distributions(['n', 'n'])) },
    'n',
    ({ kernel }) => losses.propagate(kernel, 2),
    empty,
  ),
  graphKernel: supervised({ mask: bools(['n', 'n']) }, 'n', ({ mask }) => losses.graphKernel(mask)),
  labelKernel: supervised({ labels: labels(2) }, 'n', ({ labels }) => losses.labelKernel(labels)),
  classKernel: supervised({ labels: labels(3) }, 3, ({ labels }) => losses.classKernel(labels, 3)),
  neighbourKernel: choice(
    { distances: fixed(distances.distances) },
    ['n', 'n'],
    undefined,
    ({ distances }) => losses.neighbourKernel(distances, 2).exp(),
    { least: 0, ...tooFew },
  ),
};
