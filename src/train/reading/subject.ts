import type { Strings } from '../../data/index.js';
import { ctcLoss } from '../../losses/index.js';
import { characterErrorRate } from '../../metrics/index.js';
import type { Tensor } from '../../tensor/index.js';
import { calibrationOfAnswers } from '../inspection/calibration.js';
import { firstOf, ofScenes, type Subject } from '../inspection/subject.js';
import { lineChart } from '../pages/charts.js';
import { inUnitRange, modelVariables, type PictureModel } from '../scenes/model.js';
import type { Tensors, TrainState } from '../step.js';

/** What was read in a picture, what it says, and the probability that the reader gives to what it read. */
export interface ReadString {
  readonly read: string;
  readonly there: string;
  readonly probability: number;
}

export interface ReadingSubjectOptions {
  readonly train: Strings;
  /** Of the test set. */
  readonly strings: readonly ReadString[];
  /** In words, the one that counts most first. */
  readonly measured: readonly (readonly [string, string])[];
}

/** What an inspection looks at of a reader: connectionist temporal classification around the weights, and each string as an answer. */
export function readingSubject(
  { infer }: Pick<PictureModel<never>, 'infer'>,
  state: TrainState,
  { train, strings, measured }: ReadingSubjectOptions,
): Subject {
  const { characters } = train;
  return {
    examples: firstOf({ images: train.images, labels: train.labels, lengths: train.lengths }),
    usual: ofScenes,
    params: state.params,
    rest: state.buffers,
    lossOf: (params, buffers, { images, labels, lengths }) => {
      const logits = infer(modelVariables(params as Tensors, buffers as Tensors), inUnitRange(images as Tensor));
      const options = { blank: characters.length, labelLengths: lengths as Tensor };
      return ctcLoss(logits.logSoftmax(-1), labels as Tensor, options);
    },
    found: {
      classes: [...characters, 'nothing'],
      examples: 'strings',
      loss: 'ctcLoss (nats)',
      unit: 'nats',
      facts: measured,
      answers: {
        ...calibrationOfAnswers(
          strings.map(({ probability }) => probability),
          strings.map(({ read, there }) => read === there),
        ),
        of: 'strings',
        confidence: 'probability of what was read',
        confusion: characterConfusion(strings, characters),
        confused: 'characters',
      },
      sections: [{ heading: 'Errors by length', body: errorsByLength(strings) }],
    },
  };
}

/**
 * Counts of (character that is there, character that was read in its place), along the fewest edits from one string to the other. The last row and column are
 * nothing: what was read where nothing is, and what was left out.
 */
export function characterConfusion(
  strings: readonly Pick<ReadString, 'read' | 'there'>[],
  characters: readonly string[],
): number[][] {
  const nothing = characters.length;
  const counts = Array.from({ length: nothing + 1 }, () => new Array<number>(nothing + 1).fill(0));
  const at = (character: string | undefined) => (character === undefined ? nothing : characters.indexOf(character));
  for (const { read, there } of strings)
    for (const [is, said] of alignment([...there], [...read])) counts[at(is)][at(said)]++;
  return counts;
}

type Pair = readonly [string | undefined, string | undefined];

/** Two strings side by side with the fewest edits between them; undefined stands where one has nothing. */
function alignment(a: readonly string[], b: readonly string[]): Pair[] {
  const edits = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i + j));
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++)
      edits[i][j] = Math.min(
        edits[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1),
        edits[i - 1][j] + 1,
        edits[i][j - 1] + 1,
      );
  const pairs: Pair[] = [];
  let [i, j] = [a.length, b.length];
  while (i > 0 || j > 0) {
    const both = i > 0 && j > 0 && edits[i][j] === edits[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
    const left = !both && i > 0 && edits[i][j] === edits[i - 1][j] + 1;
    const right = !both && !left;
    pairs.push([right ? undefined : a[i - 1], left ? undefined : b[j - 1]]);
    if (!right) i--;
    if (!left) j--;
  }
  return pairs.reverse();
}

function errorsByLength(strings: readonly ReadString[]): string {
  const lengths = [...new Set(strings.map(({ there }) => there.length))].sort((a, b) => a - b);
  const points = lengths.map((length) => {
    const these = strings.filter(({ there }) => there.length === length);
    const errors = these.map(({ read, there }) => characterErrorRate(read, there));
    return { x: length, y: errors.reduce((sum, e) => sum + e, 0) / these.length };
  });
  const chart = lineChart([{ name: 'test set', points, markers: true }], {
    title: 'Character error rate by length of the string',
    x: 'characters of the string',
    y: 'edits per character',
  });
  return `<p>Edits from what was read to what is there, over the characters there: mean over the strings of each length.</p><div class="charts"><figure>${chart}</figure></div>`;
}
