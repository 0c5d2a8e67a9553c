import { type Tabular, uciNames } from '../../data/index.js';
import { mlp } from '../../nn/index.js';
import { merge, type Tensor } from '../../tensor/index.js';
import { meanOf, overBatches, rowBatches, rowsInOrder } from '../batches.js';
import { scheduled } from '../build.js';
import { exportRows } from '../export.js';
import { firstOf } from '../inspection/subject.js';
import type { Measured } from '../loop.js';
import { ofTestSet } from '../measures.js';
import { made } from '../options/choice.js';
import { optimizerOf } from '../options/optimizers.js';
import type { TrainConfig } from '../settings.js';
import type { Tensors, TrainState } from '../step.js';
import { isTableFile, regressionTables } from '../tables.js';
import type { Training, TrainingTask } from '../task.js';
import { answersOf, quickMeasures, type RowAnswers, rowMeasures } from './answers.js';
import { rowAugmentations } from './mixing.js';
import { regressionObjectives } from './objectives.js';
import { type RowExamples, regressor } from './regressor.js';
import { requireForecasts, rowRegularizers } from './regularizers.js';
import { requireCounts, scaleOf } from './scale.js';

/** Numbers from the columns of a table. */
export const regression: TrainingTask = {
  summary: 'a number from the columns of a table',
  data: uciNames.map((name) => `uci/${name}`),
  takes: isTableFile,
  models: ['mlp'],
  losses: regressionObjectives,
  loss: 'meanSquaredError',
  augmentations: rowAugmentations,
  regularizers: rowRegularizers,
  settings: ['target', 'columns', 'testData', 'validation', 'splitSeed'],
  defaults: { epochs: 100, batchSize: 32, optimizer: 'adamW' },
  prepare: regressionTraining,
};

type Rows = Pick<Tabular, 'features' | 'targets'>;

interface RegressionEvaluation extends Measured {
  readonly answers: RowAnswers;
}

async function regressionTraining(config: TrainConfig): Promise<Training<RowExamples, RegressionEvaluation>> {
  const { train, test } = await regressionTables(config);
  const { loss, hidden, dropout, batchSize, threads } = config;
  const objective = made(regressionObjectives, loss);
  const scale = scaleOf(train, objective, loss.name);
  const counts = objective.scale === 'mean';
  if (counts) requireCounts(test, loss.name);
  const regularizers = config.regularizer.map((chosen) => made(rowRegularizers, chosen));
  requireForecasts(config, objective, regularizers);
  const { schedule, steps } = scheduled(config, train.targets.shape[0]);
  const columns = train.columns.length;
  const model = regressor(
    mlp({ sizes: [columns, ...hidden, objective.outputs], dropout }),
    optimizerOf(config, schedule),
    {
      objective,
      scale,
      augmentations: config.augment.map((chosen) => made(rowAugmentations, chosen)),
      regularizers,
      all: train,
      threads,
    },
  );
  const rowsOf = ({ features, targets }: Rows) => ({ features, targets });
  const answered = async (state: TrainState, rows: Rows) => {
    const said = await overBatches(rowsInOrder(rowsOf(rows), 1000), ({ features, targets }) =>
      model.evaluate(merge(state.params, state.buffers) as never, features, targets),
    );
    return { loss: meanOf(said.loss), answers: answersOf(said, rows.targets, objective) };
  };
  return {
    schedule,
    steps,
    task: {
      init: model.init,
      batches: (key) => rowBatches(rowsOf(train), { batchSize, key }),
      step: model.step,
      evaluate: async (state) => {
        const { loss, answers } = await answered(state, test);
        return { loss, measures: quickMeasures(answers), answers };
      },
    },
    exported: ({ params, buffers }) => exportRows(model.infer, merge(params, buffers), columns, { name: 'regression' }),
    shown: async ({ evaluation }) => {
      const { regressionSections } = await import('./report.js');
      return {
        result: ofTestSet(rowMeasures(evaluation.answers)),
        record: { sections: regressionSections(evaluation.answers, train), ...(train.unit && { unit: train.unit }) },
      };
    },
    subject: async (state) => {
      const { inspected } = await import('./inspected.js');
      return {
        examples: firstOf(rowsOf(train)),
        params: state.params,
        rest: state.buffers,
        lossOf: (params, buffers, { features, targets }) =>
          model.lossOf(merge(params, buffers) as Tensors, features as Tensor, targets as Tensor),
        found: await inspected((rows) => answered(state, rows).then(({ answers }) => answers), test, config),
      };
    },
  };
}
