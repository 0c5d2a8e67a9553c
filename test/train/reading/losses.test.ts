import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { ctcLoss } from '../../../src/losses/index.js';
import { foldIn, type Key, key } from '../../../src/runtime/random/index.js';
import { drawCandidates } from '../../../src/train/reading/candidates.js';
import { readingLosses } from '../../../src/train/reading/losses.js';
import { collapsed, textsOf } from '../../../src/train/reading/strings.js';
import { numbers } from '../../support/derivatives.js';
import { chosenBy } from '../choices.js';

const [n, steps, classes, blank] = [2, 4, 3, 2];
const logits = ndarray(Float32Array.from(numbers(2, n * steps * classes)), { shape: [n, steps, classes] });
const labels = ndarray(Int32Array.of(0, 1, 1, 0), { shape: [n, 2] });
const lengths = ndarray(Int32Array.of(2, 1));
const right = [[0, 1], [1]];

/** The probability of every string, from all paths. */
function strings(image: number): Map<string, number> {
  const row = (t: number) => {
    const z = Array.from({ length: classes }, (_, c) =>
      Math.exp(logits.data[(image * steps + t) * classes + c] as number),
    );
    const sum = z.reduce((a, b) => a + b, 0);
    return z.map((v) => v / sum);
  };
  const found = new Map<string, number>();
  for (let path = 0; path < classes ** steps; path++) {
    const symbols = Array.from({ length: steps }, (_, t) => Math.floor(path / classes ** t) % classes);
    const text = collapsed(symbols, blank).join('');
    found.set(text, (found.get(text) ?? 0) + symbols.reduce((p, c, t) => p * row(t)[c], 1));
  }
  return found;
}

function edits(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  return Math.min(
    edits(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
    edits(a.slice(1), b) + 1,
    edits(a, b.slice(1)) + 1,
  );
}

describe('paths as strings', () => {
  it('have no repeats and no blanks', () => {
    expect(collapsed([2, 0, 0, 2, 0, 1, 1, 2], 2)).toEqual([0, 0, 1]);
    expect(collapsed([2, 2], 2)).toEqual([]);
    expect(collapsed([], 2)).toEqual([]);
    expect(collapsed([0, 0, 1], 0)).toEqual([1]);
  });

  it('are spelled to their lengths', () => {
    const rows = { data: [0, 1, 0, 1, 1, 0], shape: [2, 3] };
    expect(textsOf(rows, [2, 3], ['a', 'b'])).toEqual(['ab', 'bba']);
    expect(textsOf(rows, [0, 1], ['a', 'b'])).toEqual(['', 'b']);
  });
});

describe('strings drawn from a reader', () => {
  const draw = compile((k: Tensor, z: Tensor, y: Tensor, l: Tensor) => ({
    ...drawCandidates(k, z.logSoftmax(-1), y, l, { count: 4000, blank }),
  }));

  it('come as often as they are likely, with their risk, marked where they come first', async () => {
    const drawn = await draw(key(0), logits, labels, lengths);
    const symbols = toNumbers(drawn.labels);
    for (let i = 0; i < n; i++) {
      const said = Array.from({ length: 4000 }, (_, j) => {
        const at = i * 4000 + j;
        const text = symbols.slice(at * steps, at * steps + Number(drawn.lengths.data[at])).join('');
        expect(Number(drawn.risks.data[at])).toBeCloseTo(edits(text, right[i].join('')) / right[i].length, 6);
        return { text, first: drawn.first.data[at] === 1 };
      });
      const seen = new Set<string>();
      for (const { text, first } of said) {
        expect(first).toBe(!seen.has(text));
        seen.add(text);
      }
      for (const [text, probability] of strings(i)) {
        const share = said.filter((s) => s.text === text).length / 4000;
        // Four deviations of a share of 4,000.
        expect(Math.abs(share - probability)).toBeLessThan(
          4 * Math.sqrt((probability * (1 - probability)) / 4000) + 1e-6,
        );
      }
    }
    expect(toNumbers((await draw(key(0), logits, labels, lengths)).labels)).toEqual(toNumbers(drawn.labels));
  });
});

describe('losses of readers', () => {
  const run = (name: string) => {
    const loss = chosenBy(readingLosses, name);
    const of = (z: Tensor, y: Tensor, l: Tensor, k: Tensor) =>
      loss({ logProbabilities: z.logSoftmax(-1), labels: y, lengths: l, key: k });
    const compiled = compile((z: Tensor, y: Tensor, l: Tensor, k: Tensor) => [
      of(z, y, l, k),
      grad((x: Tensor) => of(x, y, l, k))(z),
    ]);
    return (seed: Key) => compiled(logits, labels, lengths, seed);
  };

  it.each(Object.keys(readingLosses))(
    '%s: is one number with a derivative, the same for the same key',
    async (name) => {
      const [loss, gradient] = await run(name)(key(3));
      expect(loss.shape).toEqual([]);
      expect(toNumbers(gradient).every(Number.isFinite)).toBe(true);
      expect(toNumbers(gradient).some((v) => v !== 0)).toBe(true);
      const [again, slope] = await run(name)(key(3));
      expect([...toNumbers(again), ...toNumbers(slope)]).toEqual([...toNumbers(loss), ...toNumbers(gradient)]);
    },
  );

  it('ctcLoss is that of the strings', async () => {
    const [loss] = await run('ctcLoss')(key(0));
    const expected = right.map((symbols, i) => -Math.log(strings(i).get(symbols.join('')) ?? 0));
    expect(toNumbers(loss)[0]).toBeCloseTo((expected[0] + expected[1]) / 2, 5);
    const direct = compile((z: Tensor, y: Tensor, l: Tensor) =>
      ctcLoss(z.logSoftmax(-1), y, { blank, labelLengths: l }),
    );
    expect(toNumbers(loss)).toEqual(toNumbers(await direct(logits, labels, lengths)));
  });

  it('minimumRisk is the expected risk over all strings when all are drawn', async () => {
    const [loss] = await run('minimumRisk:sharpness=0.7,candidates=2000,likelihoodWeight=0')(key(1));
    const expected = right.map((symbols, i) => {
      const all = [...strings(i)];
      const weights = all.map(([, p]) => p ** 0.7);
      const total = weights.reduce((a, b) => a + b, 0);
      return all.reduce(
        (sum, [text], j) => sum + ((weights[j] / total) * edits(text, symbols.join(''))) / symbols.length,
        0,
      );
    });
    // The rarest strings may not have come up; together they are next to nothing.
    expect(toNumbers(loss)[0]).toBeCloseTo((expected[0] + expected[1]) / 2, 1.5);
  });

  it('policyGradient has the gradient of the expected risk, on average', async () => {
    const step = run('policyGradient:candidates=500,likelihoodWeight=0');
    const mean = new Float64Array(n * steps * classes);
    const draws = 12;
    for (let s = 0; s < draws; s++)
      toNumbers((await step(foldIn(key(9), s) as Key))[1]).forEach((v, i) => {
        mean[i] += v / draws;
      });
    // Of the sum over strings of p(string) risk(string), by central differences.
    const expectedRisk = () =>
      right
        .map((symbols, i) =>
          [...strings(i)].reduce((sum, [text, p]) => sum + (p * edits(text, symbols.join(''))) / symbols.length, 0),
        )
        .reduce((a, b) => a + b, 0) / n;
    for (let i = 0; i < mean.length; i++) {
      const kept = logits.data[i] as number;
      const moved = [0.01, -0.01].map((by) => {
        logits.data[i] = kept + by;
        const risk = expectedRisk();
        logits.data[i] = kept;
        return risk;
      });
      expect(Math.abs(mean[i] - (moved[0] - moved[1]) / 0.02)).toBeLessThan(0.02);
    }
  });

  it('weigh the likelihood beside the risk', async () => {
    const [ctc] = (await run('ctcLoss')(key(4))).map((x) => toNumbers(x)[0]);
    const [none] = (await run('minimumRisk:likelihoodWeight=0')(key(4))).map((x) => toNumbers(x)[0]);
    const [half] = (await run('minimumRisk:likelihoodWeight=0.5')(key(4))).map((x) => toNumbers(x)[0]);
    expect(half).toBeCloseTo(none + 0.5 * ctc, 5);
  });
});
