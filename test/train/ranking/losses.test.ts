import { describe, expect, it } from 'vitest';
import { compile, item, ndarray, type Tensor, toNumbers, valueAndGrad } from '../../../src/index.js';
import { neuralNdcg } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { rankingLosses } from '../../../src/train/index.js';
import { made, parseChoice } from '../../../src/train/options/choice.js';

const matrix = (rows: number[][], dtype: 'float64' | 'bool' = 'float64') => ndarray(rows, { dtype });
const [scores, grades] = [
  [
    [0.3, -1, 0.8],
    [2, 0.1],
  ],
  [
    [2, 0, 1],
    [0, 3],
  ],
];

/** Loss and slopes of lists filled up to `length` items with these scores and grades. */
async function measured(text: string, length: number, fill: { score: number; grade: number }) {
  const padded = (rows: number[][], by: number) =>
    rows.map((row) => [...row, ...new Array<number>(length - row.length).fill(by)]);
  const loss = made(rankingLosses, parseChoice(text));
  const program = compile((s: Tensor, y: Tensor, mask: Tensor, k: Tensor) =>
    valueAndGrad((x: Tensor) => loss({ scores: x, relevance: y, mask, key: k }))(s),
  );
  const mask = scores.map((row) => Array.from({ length }, (_, i) => (i < row.length ? 1 : 0)));
  const [value, slopes] = await program(
    matrix(padded(scores, fill.score)),
    matrix(padded(grades, fill.grade)),
    matrix(mask, 'bool'),
    key(5),
  );
  return { value: item(value), slopes: toNumbers(slopes) };
}

describe('losses of rankings', () => {
  // Noise is drawn for padding too, so that more of it is other noise.
  const independent = Object.keys(rankingLosses).filter((name) => name !== 'stochasticNeuralNdcg');

  it.each(Object.keys(rankingLosses))('%s does not see what is in the padding', async (text) => {
    const [a, b] = [await measured(text, 3, { score: 0, grade: 0 }), await measured(text, 3, { score: -40, grade: 4 })];
    expect(b.value).toBeCloseTo(a.value, 10);
    b.slopes.forEach((slope, i) => {
      expect(slope).toBeCloseTo(a.slopes[i], 9);
    });
    expect(Math.abs(a.slopes[5])).toBe(0);
    expect(a.slopes.some((slope) => Math.abs(slope) > 1e-3)).toBe(true);
  });

  it.each(independent)('%s is the same however long the padding is', async (text) => {
    const [a, b] = [await measured(text, 3, { score: 1, grade: 0 }), await measured(text, 6, { score: 7, grade: 2 })];
    expect(b.value).toBeCloseTo(a.value, 9);
    [0, 1, 2].forEach((i) => {
      expect(b.slopes[i]).toBeCloseTo(a.slopes[i], 8);
    });
  });

  it('are their functions: of lists, of pairs of unequal grades, of errors', async () => {
    const fill = { score: 0, grade: 0 };
    const list = compile((s: Tensor, y: Tensor, m: Tensor) => neuralNdcg(s, y, { temperature: 0.5, mask: m }));
    const direct = item(
      await list(
        matrix([
          [0.3, -1, 0.8],
          [2, 0.1, 0],
        ]),
        matrix([
          [2, 0, 1],
          [0, 3, 0],
        ]),
        matrix(
          [
            [1, 1, 1],
            [1, 1, 0],
          ],
          'bool',
        ),
      ),
    );
    expect((await measured('neuralNdcg:temperature=0.5', 3, fill)).value).toBe(direct);
    // Pairs by what should lead: (0.3, -1), (0.3, 0.8), (0.8, -1) and (0.1, 2).
    const hinge = [0.3 + 1, 0.3 - 0.8, 0.8 + 1, 0.1 - 2].map((lead) => Math.max(0, 1 - lead));
    expect((await measured('marginRanking:margin=1', 3, fill)).value).toBeCloseTo(
      hinge.reduce((a, b) => a + b) / 4,
      12,
    );
    const squares = scores.flatMap((row, q) => row.map((s, i) => (s - grades[q][i]) ** 2));
    expect((await measured('meanSquaredError', 3, fill)).value).toBeCloseTo(squares.reduce((a, b) => a + b) / 5, 12);
  });
});
