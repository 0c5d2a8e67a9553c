import { join } from 'node:path';
import { Context } from '../../nn/index.js';
import { constant } from '../../optim/index.js';
import { key } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import { confusionMatrix } from '../classification/evaluate.js';
import { calibrationOfAnswers } from '../inspection/calibration.js';
import { ownLoss, type Subject } from '../inspection/subject.js';
import { runFiles } from '../loop.js';
import { measuredFacts } from '../measures.js';
import { optimizerOf } from '../options/optimizers.js';
import type { TrainState } from '../step.js';
import { loadCheckpoint } from '../storage/checkpoint.js';
import type { Flat } from './adapted.js';
import type { FinetuneConfig } from './config.js';
import type { Samples } from './data.js';
import { lossOf, outputNames, prepareFinetuning } from './run.js';
import { type FinetuneEvaluation, finetuneState, finetuneTask } from './task.js';

/**
 * What an inspection looks at of an imported model that was trained further: the run's own loss around the weights that were trained, the others as they are, and the answers on
 * the test set. Model and data are read again.
 */
export async function finetuneSubject(folder: string, config: FinetuneConfig): Promise<Subject> {
  const { model, data } = await prepareFinetuning(config, () => {});
  const optimizer = optimizerOf(config, constant(1), model.last);
  const loss = lossOf(config, data);
  const { batchSize, threads } = config;
  const { state } = (await loadCheckpoint(join(folder, runFiles.checkpoint), finetuneState(optimizer, model))) as {
    readonly state: TrainState;
  };
  const task = finetuneTask(model, data, { batchSize, optimizer, loss, threads });
  const evaluation = await task.evaluate(state);
  return {
    examples: async (count) => {
      const size = Math.min(count, data.train.count);
      const batches = data.train.batches({ batchSize: size, key: key(0), shuffle: false, last: 'drop' });
      const first = await batches.epoch(0, { startBatch: 0 }).next();
      await batches.close();
      const { inputs, targets } = first.value as Samples;
      return { targets, inputs };
    },
    // A model from elsewhere may be large.
    usual: { samples: 64, steps: 8, points: 11 },
    params: state.params,
    rest: { buffers: state.buffers, frozen: model.frozen },
    lossOf: (params, rest, { targets, inputs }) => {
      const { buffers, frozen } = rest as Readonly<Record<'buffers' | 'frozen', Flat<Tensor>>>;
      const output = model.apply(params as Flat<Tensor>, frozen, buffers, inputs as Flat<Tensor>, new Context());
      return loss(data.classes ? output : output.reshape([-1]), targets as Tensor);
    },
    found: {
      examples: 'samples',
      ...ownLoss(config.loss?.name ?? (data.classes ? 'crossEntropy' : 'meanSquaredError'), ['crossEntropy']),
      facts: measuredFacts(evaluation.measures),
      ...(data.classes && answersOf(data.classes, evaluation)),
    },
  };
}

function answersOf(classes: readonly string[], { predicted, confidence, targets }: FinetuneEvaluation) {
  const said = Int32Array.from(predicted);
  const names = outputNames(classes, said);
  return {
    classes: names,
    answers: {
      ...calibrationOfAnswers(
        Array.from(confidence),
        Array.from(said, (label, i) => label === targets[i]),
      ),
      confusion: confusionMatrix(targets, said, names.length),
    },
  };
}
