import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Candidates,
  edgeCount,
  type Genotype,
  genotypeCell,
  genotypeOf,
  mixedOperation,
  searchCell,
} from '../../../src/algorithms/index.js';
import { compile, concat, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { activation, Context, linear, sequential, tanhLayer } from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

const candidates: Candidates = {
  none: () => activation((x) => x.zerosLike()),
  skip: () => activation((x) => x),
  double: () => activation((x) => x.mul(2)),
  square: () => activation((x) => x.square()),
};

describe('mixedOperation', () => {
  it('has the value of the card, and its derivatives', async () => {
    const outputs = () => [c64([0, 0]), c64([1, 2]), c64([1, 0])];
    await expectValue(() => mixedOperation(outputs(), c64([0, 1, -1])), [0.7552715289, 1.3304819115], 9);
    await checkDerivatives(
      (x, y, a) => mixedOperation([x, y], a),
      [random64([2, 3]), random64([2, 3], { stream: 1 }), random64([2], { stream: 2 })],
    );
  });

  it('does not care for a constant on all operations', () =>
    fc.assert(
      fc.asyncProperty(fc.float({ min: -5, max: 5, noNaN: true }), async (shift) => {
        const [a, b] = await compile((x: Tensor, a: Tensor) =>
          [0, shift].map((c) => mixedOperation([x, x.square(), x.tanh()], a.add(c))),
        )(random64([4]), random64([3], { stream: 1 }));
        allClose(a, toNumbers(b), 1e-12, 'mixture');
      }),
      { numRuns: 5 },
    ));

  it('refuses what does not fit', () => {
    expect(() => mixedOperation([zeros([2]), zeros([2])], zeros([3]))).toThrow(/architecture \[3\] must be \[2\]/);
    expect(() => mixedOperation([zeros([2]), zeros([3])], zeros([2]))).toThrow(
      /outputs \[2\], \[3\] must have one shape/,
    );
  });
});

describe('genotypeOf', () => {
  it('keeps the strongest edges and operations, and never none', () => {
    expect([1, 2, 3, 4].map((nodes) => edgeCount(nodes))).toEqual([2, 5, 9, 14]);
    expect(edgeCount(3, 1)).toBe(6);
    const architecture = ndarray([
      [9, 0, 1, 0],
      [0, 3, 0, 0],
      [0, 0, 2, 0],
      [5, 0, 0, 4],
      [0, 0, 0, 1],
    ]);
    // Edge 3: none has most of the softmax, so that its best has a small share, and edges 2 and 4 go before it.
    expect(genotypeOf(architecture, { operations: ['none', 'a', 'b', 'c'] })).toEqual([
      [
        { input: 0, operation: 'b' },
        { input: 1, operation: 'a' },
      ],
      [
        { input: 0, operation: 'b' },
        { input: 2, operation: 'c' },
      ],
    ]);
    expect(genotypeOf(architecture, { operations: ['none', 'a', 'b', 'c'], keep: 1 }).map((edges) => edges[0])).toEqual(
      [
        { input: 1, operation: 'a' },
        { input: 0, operation: 'b' },
      ],
    );
    // Another name for none: the first column is a choice like the others.
    expect(genotypeOf(architecture, { operations: ['x', 'a', 'b', 'c'], keep: 1 })[0]).toEqual([
      { input: 0, operation: 'x' },
    ]);
  });

  it('does not care for a constant on an edge', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 5, maxLength: 5 }), (shifts) => {
        const alpha = toNumbers(random64([5, 3]));
        const moved = alpha.map((a, i) => a + shifts[Math.floor(i / 3)]);
        const options = { operations: ['none', 'a', 'b'] };
        expect(genotypeOf(ndarray(Float64Array.from(moved), { shape: [5, 3] }), options)).toEqual(
          genotypeOf(ndarray(Float64Array.from(alpha), { shape: [5, 3] }), options),
        );
      }),
    ));

  it('refuses what does not fit', () => {
    expect(() => genotypeOf(random64([4, 3]), { operations: ['none', 'a', 'b'] })).toThrow(
      /genotypeOf: architecture \[4, 3\] must be \[edges, 3\], edges those of whole nodes with 2 inputs/,
    );
    expect(() => genotypeOf(random64([2, 1]), { operations: ['none'] })).toThrow(/no operation to choose/);
  });
});

describe('cells', () => {
  it('sum mixtures over all edges, node by node', async () => {
    const cell = searchCell({ candidates, channels: 2, nodes: 2 });
    expect(cell.init(key(0))).toEqual({});
    const got = await compile((x: Tensor, y: Tensor, a: Tensor) => {
      const mix = (v: Tensor, edge: number) => mixedOperation([v.zerosLike(), v, v.mul(2), v.square()], a.at(edge));
      const first = mix(x, 0).add(mix(y, 1));
      const second = mix(x, 2).add(mix(y, 3)).add(mix(first, 4));
      return [cell.apply({}, [x, y], new Context(), a), concat([first, second], 1)];
    })(random64([3, 2]), random64([3, 2], { stream: 1 }), random64([5, 4], { stream: 2 }));
    allClose(got[0], toNumbers(got[1]), 1e-12, 'cell');
  });

  it('of a genotype are the limit of those of a search', async () => {
    const genotype: Genotype = [
      [
        { input: 0, operation: 'square' },
        { input: 1, operation: 'skip' },
      ],
      [
        { input: 1, operation: 'double' },
        { input: 2, operation: 'square' },
      ],
    ];
    const alpha = [
      [0, 0, 0, 60],
      [0, 60, 0, 0],
      [60, 0, 0, 0],
      [0, 0, 60, 0],
      [0, 0, 0, 60],
    ];
    expect(genotypeOf(ndarray(alpha), { operations: Object.keys(candidates) })).toEqual(genotype);
    const got = await compile((x: Tensor, y: Tensor) => [
      searchCell({ candidates, channels: 2, nodes: 2 }).apply({}, [x, y], new Context(), c64(alpha)),
      genotypeCell(genotype, { candidates, channels: 2 }).apply({}, [x, y], new Context()),
    ])(random64([3, 2]), random64([3, 2], { stream: 1 }));
    allClose(got[0], toNumbers(got[1]), 1e-12, 'cell');
  });

  it('hold the variables of their operations, each edge its own', () => {
    const dense: Candidates = {
      skip: candidates.skip,
      dense: (channels) => sequential([linear(channels, channels), tanhLayer]),
    };
    const variables = searchCell({ candidates: dense, channels: 3, nodes: 2, inputs: 1 }).init(key(0));
    expect(Object.keys(variables)).toEqual(['0', '1', '2']);
    const weights = Object.values(variables).map((edge) => JSON.stringify(edge));
    expect(new Set(weights).size).toBe(3);
    const found = genotypeCell([[{ input: 0, operation: 'dense' }], [{ input: 1, operation: 'skip' }]], {
      candidates: dense,
      channels: 3,
      inputs: 1,
    });
    expect(Object.keys(found.init(key(0)))).toEqual(['0_0']);
  });

  it('refuse what does not fit', () => {
    const cell = searchCell({ candidates, channels: 2, nodes: 2 });
    const x = zeros([3, 2]);
    expect(() => cell.apply({}, [x], new Context(), zeros([5, 4]))).toThrow(
      /searchCell: inputs \[3, 2\] must be 2 of one shape/,
    );
    expect(() => cell.apply({}, [x, x], new Context(), zeros([5, 3]))).toThrow(
      /architecture \[5, 3\] must be \[5, 4\]/,
    );
    expect(() => genotypeCell([[{ input: 2, operation: 'skip' }]], { candidates, channels: 2 })).toThrow(
      /genotypeCell: node 0 cannot have skip of 2; there are none, skip, double, square and 2 values before it/,
    );
  });
});
