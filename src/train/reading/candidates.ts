import { editDistance } from '../../metrics/index.js';
import { categorical } from '../../runtime/random/index.js';
import { hostOp, type Tensor } from '../../tensor/index.js';
import { collapsed } from './strings.js';

/** Strings that a reader could have said, [n, candidates]. */
export interface Candidates {
  /** Integers [n, candidates, steps]; 0 after the last. */
  readonly labels: Tensor;
  /** Integers [n, candidates]. */
  readonly lengths: Tensor;
  /** Edits to the right string, over its length, [n, candidates]. */
  readonly risks: Tensor;
  /** bool [n, candidates]: not said by one before. */
  readonly first: Tensor;
}

const judge = hostOp<{ blank: number }>({
  name: 'JudgePaths',
  infer: ([paths]) => {
    const [n, count, steps] = paths.shape;
    return [
      { shape: [n, count, steps], dtype: 'int32' },
      { shape: [n, count], dtype: 'int32' },
      { shape: [n, count], dtype: 'float32' },
      { shape: [n, count], dtype: 'bool' },
    ];
  },
  run: ([paths, labels, lengths], { blank }) => {
    const [n, count, steps] = paths.shape;
    const most = labels.shape[1];
    const said = new Int32Array(n * count * steps);
    const saidLengths = new Int32Array(n * count);
    const risks = new Float32Array(n * count);
    const first = new Uint8Array(n * count);
    for (let i = 0; i < n; i++) {
      const right = Array.from(labels.data.subarray(i * most, i * most + Number(lengths.data[i])), String);
      const seen = new Set<string>();
      for (let j = i * count; j < (i + 1) * count; j++) {
        const symbols = collapsed(paths.data.subarray(j * steps, (j + 1) * steps) as Int32Array, blank);
        said.set(symbols, j * steps);
        saidLengths[j] = symbols.length;
        risks[j] = editDistance(symbols.map(String), right) / Math.max(1, right.length);
        first[j] = seen.has(symbols.join()) ? 0 : 1;
        seen.add(symbols.join());
      }
    }
    return [
      { data: said, shape: [n, count, steps], dtype: 'int32' },
      { data: saidLengths, shape: [n, count], dtype: 'int32' },
      { data: risks, shape: [n, count], dtype: 'float32' },
      { data: first, shape: [n, count], dtype: 'bool' },
    ];
  },
});

/**
 * Strings drawn from a reader: a class at each step by its probability, repeats and blanks dropped. Nothing of it has a derivative.
 *
 * @param logProbabilities [n, steps, classes]; `labels` integers [n, most] and `lengths` [n] of the right strings.
 */
export function drawCandidates(
  key: Tensor,
  logProbabilities: Tensor,
  labels: Tensor,
  lengths: Tensor,
  { count, blank }: { readonly count: number; readonly blank: number },
): Candidates {
  const [n, steps] = logProbabilities.shape;
  const paths = categorical(key, logProbabilities.stopGradient().expandDims(1), { shape: [n, count, steps] });
  const [said, saidLengths, risks, first] = judge([paths, labels.cast('int32'), lengths.cast('int32')], { blank });
  return { labels: said, lengths: saidLengths, risks, first };
}
