import type { Strings } from '../../data/index.js';
import { ctcLoss } from '../../losses/index.js';
import { editDistance, exactMatch } from '../../metrics/index.js';
import { lineReader } from '../../nn/index.js';
import { compile } from '../../runtime/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { meanOf, overBatches, rowBatches, rowsInOrder } from '../batches.js';
import { scheduled } from '../build.js';
import { exportInference } from '../export.js';
import type { Measured } from '../loop.js';
import { measuredFacts } from '../measures.js';
import { made } from '../options/choice.js';
import { optimizerOf } from '../options/optimizers.js';
import { pictureAugmentations } from '../scenes/augmentations.js';
import { stringsOf } from '../scenes/data.js';
import { inUnitRange, type PictureExamples, pictureModel } from '../scenes/model.js';
import type { TrainConfig } from '../settings.js';
import { type Tensors, type TrainState, weightsOf } from '../step.js';
import type { Training, TrainingTask } from '../task.js';
import { readingLosses } from './losses.js';
import { stringPictures } from './report.js';
import { collapsed, labelled, textsOf } from './strings.js';

/** Units in each direction of the reader that has recurrence. */
const recurrentUnits: Readonly<Record<string, number>> = { lineReader: 0, recurrentLineReader: 48 };

/** What pictures of writing say. */
export const reading: TrainingTask = {
  summary: 'what pictures of writing say',
  data: ['strings'],
  needs: 'strings that are written there',
  models: Object.keys(recurrentUnits),
  losses: readingLosses,
  loss: 'ctcLoss',
  augmentations: pictureAugmentations,
  regularizers: {},
  defaults: { optimizer: 'adam', learningRate: 0.003, epochs: 10, batchSize: 32 },
  prepare: async (config) => readingTraining(config),
};

interface StringExamples extends PictureExamples {
  /** [n, most]. */
  readonly labels: NDArray<'int32'>;
  /** [n]. */
  readonly lengths: NDArray<'int32'>;
}

/** Of a test set, in its order. */
interface ReadingEvaluation extends Measured {
  readonly texts: readonly string[];
}

const columnsOf = ({ images, labels, lengths }: Strings) => ({ images, labels, lengths });

function readingTraining(config: TrainConfig): Training<StringExamples, ReadingEvaluation> {
  const { train, test, normalization } = stringsOf(config);
  const { batchSize, width, threads } = config;
  const { schedule, steps } = scheduled(config, train.images.shape[0]);
  const { characters } = train;
  // The class after the last character says none.
  const blank = characters.length;
  const there = textsOf(test.labels, test.lengths.data, characters);
  const loss = made(readingLosses, config.loss);
  const layer = lineReader({
    classes: blank + 1,
    inputChannels: 1,
    width,
    recurrentUnits: recurrentUnits[config.model],
  });
  const model = pictureModel<StringExamples>(layer, {
    threads,
    optimizer: optimizerOf(config, schedule),
    normalization,
    augmentations: config.augment.map((chosen) => made(pictureAugmentations, chosen)),
    objective: (logits, { labels, lengths }, { key }) => ({
      loss: loss({ logProbabilities: logits.logSoftmax(-1), labels, lengths, key }),
    }),
  });
  const answer = compile(
    (variables: Tensors, images: Tensor, labels: Tensor, lengths: Tensor) => {
      const logProbabilities = model.infer(variables, inUnitRange(images)).logSoftmax(-1);
      return {
        loss: ctcLoss(logProbabilities, labels, { blank, labelLengths: lengths, reduction: 'none' }),
        paths: logProbabilities.argmax(-1),
      };
    },
    { name: 'read', threads, argumentNames: ['variables', 'images', 'labels', 'lengths'] },
  );
  const answers = (state: TrainState, columns: ReturnType<typeof columnsOf>) =>
    overBatches(rowsInOrder(columns, batchSize), ({ images, labels, lengths }) =>
      answer(weightsOf(state) as never, images, labels, lengths),
    );
  const evaluate = async (state: TrainState): Promise<ReadingEvaluation> => {
    const { loss, paths } = await answers(state, columnsOf(test));
    const texts = greedyTexts(paths, blank, characters);
    return { loss: meanOf(loss), measures: readingMeasures(texts, there), texts };
  };
  return {
    schedule,
    steps,
    task: {
      init: model.init,
      batches: (key) => rowBatches(columnsOf(train), { batchSize, key }),
      step: model.step,
      evaluate,
    },
    exported: (state) =>
      exportInference(model.infer, weightsOf(state), test.images, { name: 'reading', output: 'logits' }),
    shown: async ({ evaluation }) => ({
      record: {
        testLoss: 'ctcLoss (nats)',
        sections: [{ heading: 'What was read', body: stringPictures(test, evaluation.texts, there) }],
      },
    }),
    subject: async (state) => {
      const { readingSubject } = await import('./subject.js');
      const { texts, measures } = await evaluate(state);
      // What was read in the place of what is there: its loss is minus the logarithm of its probability.
      const { loss: surprise } = await answers(state, { images: test.images, ...labelled(texts, characters) });
      return readingSubject(model, state, {
        train,
        strings: texts.map((read, i) => ({ read, there: there[i], probability: Math.exp(-Number(surprise.data[i])) })),
        measured: measuredFacts(measures),
      });
    },
  };
}

/** The likeliest class of each step, [n, steps], as texts: repeats and blanks dropped. */
export function greedyTexts({ data, shape }: NDArray, blank: number, characters: readonly string[]): string[] {
  const [n, steps] = shape;
  return Array.from({ length: n }, (_, i) =>
    collapsed(data.subarray(i * steps, (i + 1) * steps) as Int32Array, blank)
      .map((symbol) => characters[symbol])
      .join(''),
  );
}

/** Edits over characters, of all strings together, and the share of strings that are right. */
export function readingMeasures(read: readonly string[], there: readonly string[]) {
  const edits = read.map((text, i) => editDistance([...text], [...there[i]]));
  const characters = there.reduce((sum, text) => sum + [...text].length, 0);
  return {
    characterErrorRate: edits.reduce((a, b) => a + b, 0) / Math.max(1, characters),
    sequenceAccuracy: exactMatch(read, there),
  };
}
