import { listsOf, type RankedLists, standardizationOf } from '../../data/index.js';
import { mlp } from '../../nn/index.js';
import { key as makeKey } from '../../runtime/random/index.js';
import { merge } from '../../tensor/index.js';
import { meanOf, overBatches, rowBatches, rowsInOrder } from '../batches.js';
import { scheduled } from '../build.js';
import { made } from '../choice.js';
import type { TrainConfig } from '../config.js';
import { exportRows } from '../export.js';
import type { Measured } from '../loop.js';
import { optimizerOf } from '../optimizers.js';
import { isTableFile, rankingTables } from '../tables.js';
import type { Training, TrainingTask } from '../task.js';
import { rankingLosses } from './losses.js';
import { type Ranking, rankingMeasures } from './measures.js';
import { type ListExamples, ranker } from './ranker.js';
import { rankingSections } from './report.js';

/** The order of the items of each query. */
export const ranking: TrainingTask = {
  summary: 'the order of items that belong to queries, by grades of relevance in a table',
  data: ['queries'],
  takes: isTableFile,
  models: ['mlp'],
  losses: rankingLosses,
  loss: 'neuralNdcg',
  augmentations: {},
  regularizers: {},
  settings: ['target', 'columns', 'group', 'testData', 'validation', 'splitSeed'],
  impliedBy: 'group',
  defaults: { epochs: 20, batchSize: 32, optimizer: 'adamw', hidden: [64, 32] },
  prepare: rankingTraining,
};

interface RankingEvaluation extends Measured {
  readonly ranking: Ranking;
}

async function rankingTraining(config: TrainConfig): Promise<Training<ListExamples, RankingEvaluation>> {
  const tables = await rankingTables(config);
  const { hidden, dropout, batchSize, threads } = config;
  const columns = tables.train.columns.length;
  const [train, test]: RankedLists[] = [listsOf(tables.train), listsOf(tables.test)];
  const { schedule, steps } = scheduled(config, train.mask.shape[0]);
  const model = ranker(mlp({ sizes: [columns, ...hidden, 1], dropout }), optimizerOf(config, schedule), {
    loss: made(rankingLosses, config.loss),
    features: standardizationOf(tables.train.features),
    threads,
  });
  const draws = makeKey(config.seed);
  return {
    schedule,
    steps,
    task: {
      init: model.init,
      batches: (key) => rowBatches({ ...train }, { batchSize, key }),
      step: model.step,
      evaluate: async ({ params, buffers }) => {
        const variables = merge(params, buffers);
        const said = await overBatches(rowsInOrder({ ...test }, batchSize), ({ indices: _, ...lists }) =>
          model.evaluate(variables as never, lists as never, draws),
        );
        const ranking = { scores: said.scores, relevance: test.relevance, mask: test.mask };
        return { loss: meanOf(said.loss), measures: rankingMeasures(ranking), ranking };
      },
    },
    exported: ({ params, buffers }) => exportRows(model.infer, merge(params, buffers), columns, { name: 'ranking' }),
    shown: async ({ evaluation }) => ({ record: { sections: rankingSections(evaluation.ranking) } }),
  };
}
