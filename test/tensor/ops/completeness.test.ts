import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { topological } from '../../../src/tensor/graph.js';
import { input } from '../../../src/tensor/ops/constant.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { programs } from '../../support/programs.js';

/** Every operator that the sources declare: families in a folder, and the loop, whose derivative needs the floor above. */
const folder = new URL('../../../src/tensor/ops/', import.meta.url);
const declared = [
  ...new Set(
    [...readdirSync(folder), '../../autodiff/scan.ts'].flatMap((name) => {
      const source = readFileSync(new URL(name, folder), 'utf8');
      const records = source.matchAll(
        /(?:type: |unary\(\s*|binary\(\s*|comparison\(|logical\(|reduction\(\s*|normalized\(\s*)'([A-Z]\w*)'/g,
      );
      return [...records].map((match) => match[1]);
    }),
  ),
].filter((type) => !['Alias', 'CustomGradient', 'Input', 'StopGradient'].includes(type));

/** Operators whose value steps, or that give no floats: their derivative is zero or there is none. */
const withoutDerivative = [
  'And',
  'ArgMax',
  'ArgMin',
  'Ceil',
  'Constant',
  'Equal',
  'Floor',
  'Greater',
  'GreaterOrEqual',
  'IsInf',
  'IsNaN',
  'Less',
  'LessOrEqual',
  'Mod',
  'Not',
  'Or',
  'Round',
  'Sign',
  'Xor',
];

describe('every operator', () => {
  it('has a program here, or is known to have no derivative', () => {
    expect(declared.sort()).toEqual([...Object.keys(programs), ...withoutDerivative].sort());
  });

  it.each(Object.entries(programs))('%s: first and second derivatives, forward and reverse', async (type, fn) => {
    const shape = [2, 4];
    const graph = fn(input('x', shape, 'float64'), input('y', shape, 'float64'));
    expect(topological([graph]).map((node) => node.operator.type)).toContain(type);
    const [x, y] = [
      random64(shape, { low: 0.2, high: 0.8, stream: 31 }),
      random64(shape, { low: 0.2, high: 0.8, stream: 32 }),
    ];
    // Through single precision differences are coarse.
    const options = type === 'Cast' ? { step: 1e-2, tolerance: 1e-4 } : {};
    // The square gives linear operators a second derivative.
    await checkDerivatives((a, b) => fn(a, b).square().add(b.sum().mul(0)), [x, y], options);
  });
});
