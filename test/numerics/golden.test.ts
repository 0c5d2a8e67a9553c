import { describe, it } from 'vitest';
import * as ct from '../../src/index.js';
import { constant, type Tensor } from '../../src/index.js';
import { nearestNeighbours, squaredDistances } from '../../src/numerics/index.js';
import { agreesWith, type DifferentiatedCase, type Inputs } from '../support/differentiated.js';
import { golden } from '../support/golden.js';

const symmetric = (a: Tensor) => a.add(a.transpose()).div(2);
const segments = constant([2, 0, 2, 2, 1], 'int32');

/** What is independent of the signs that a decomposition chooses is compared. */
const functions: Record<string, (inputs: Inputs) => Tensor> = {
  solve: ({ a, b }) => ct.solve(a, b),
  inverse: ({ a }) => ct.inverse(a),
  determinant: ({ a }) => ct.determinant(a),
  logDeterminant: ({ a }) => ct.logDeterminant(a)[1],
  cholesky: ({ a }) => ct.cholesky(symmetric(a)),
  eigh: ({ a }) => ct.eigh(symmetric(a))[0],
  projector: ({ a }) => {
    const v = ct.eigh(symmetric(a))[1].slice([null, [-1]]);
    return v.matmul(v.transpose());
  },
  svd: ({ a }) => ct.svd(a)[1],
  qr: ({ a }) => {
    const [q] = ct.qr(a);
    return q.matmul(q.transpose()).matmul(ct.arange(5).cast(a.dtype));
  },
  pseudoInverse: ({ a }) => ct.pseudoInverse(a),
  nuclearNorm: ({ a }) => ct.nuclearNorm(a),
  spectralNorm: ({ a }) => ct.spectralNorm(a),
  squaredDistances: ({ x, y }) => squaredDistances(x, y),
  nearestNeighbours: ({ x, y }) => nearestNeighbours(x, y, 2)[0],
  segmentSum: ({ x }) => ct.segmentSum(x, segments, 3),
  scatterND: ({ x, y }) => x.scatterND(segments.expandDims(1), y, 'add'),
  topK: ({ x }) => x.topK(3)[0],
  sort: ({ x }) => x.sort(-1),
  takeAlongAxis: ({ x }) => x.takeAlongAxis(segments.expandDims(0).broadcastTo([4, 5]), 1),
};

const { cases } = golden<{ cases: DifferentiatedCase[] }>('blocks');

describe('blocks agree with PyTorch, to second order', () => {
  it.each(cases.map((c) => [c.name, c] as const))('%s', async (name, c) => {
    await agreesWith(c, functions[name], { float32: 1e-4, float64: 1e-10 });
  });
});
