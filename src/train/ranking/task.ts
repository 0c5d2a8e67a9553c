import { listsOf, type RankedLists, standardizationOf, type Tabular } from '../../data/index.js';
import { mlp } from '../../nn/index.js';
import { foldIn, key as makeKey } from '../../runtime/random/index.js';
import { constant, merge } from '../../tensor/index.js';
import { meanOf, overBatches, rowBatches, rowsInOrder } from '../batches.js';
import { scheduled } from '../build.js';
import { exportRows } from '../export.js';
import { firstOf } from '../inspection/subject.js';
import type { Measured } from '../loop.js';
import { made } from '../options/choice.js';
import { optimizerOf } from '../options/optimizers.js';
import { percent } from '../pages/html.js';
import type { TrainConfig } from '../settings.js';
import type { Tensors, TrainState } from '../step.js';
import { isTableFile, rankingTables } from '../tables.js';
import type { Training, TrainingTask } from '../task.js';
import { rankingLosses } from './losses.js';
import { meanNdcg, type Ranking, rankingMeasures } from './measures.js';
import { type ListExamples, ranker } from './ranker.js';
import { rankingRegularizers } from './regularizers.js';

/** The order of the items of each query. */
export const ranking: TrainingTask = {
  summary: 'the order of items that belong to queries, by grades of relevance in a table',
  data: ['queries'],
  takes: isTableFile,
  models: ['mlp'],
  losses: rankingLosses,
  loss: 'neuralNdcg',
  augmentations: {},
  regularizers: rankingRegularizers,
  settings: ['target', 'columns', 'group', 'testData', 'validation', 'splitSeed'],
  impliedBy: 'group',
  defaults: { epochs: 20, batchSize: 32, optimizer: 'adamW', hidden: [64, 32] },
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
    regularizers: config.regularizer.map((chosen) => made(rankingRegularizers, chosen)),
    threads,
  });
  const draws = makeKey(config.seed);
  const ranked = async (state: TrainState, lists: RankedLists) => {
    const said = await overBatches(rowsInOrder({ ...lists }, batchSize), ({ features, relevance, mask }) =>
      model.evaluate(merge(state.params, state.buffers) as never, { features, relevance, mask } as never, draws),
    );
    const ranking: Ranking = { scores: said.scores, relevance: lists.relevance, mask: lists.mask };
    return { loss: meanOf(said.loss), ranking };
  };
  return {
    schedule,
    steps,
    task: {
      init: model.init,
      batches: (key) => rowBatches({ ...train }, { batchSize, key }),
      step: model.step,
      evaluate: async (state) => {
        const { loss, ranking } = await ranked(state, test);
        return { loss, measures: rankingMeasures(ranking), ranking };
      },
    },
    exported: ({ params, buffers }) => exportRows(model.infer, merge(params, buffers), columns, { name: 'ranking' }),
    shown: async ({ evaluation }) => {
      const { rankingSections } = await import('./report.js');
      return { record: { sections: rankingSections(evaluation.ranking) } };
    },
    subject: async (state) => {
      const { importanceSection } = await import('../inspection/importance.js');
      const measured = async (features: Tabular['features']) => {
        const { ranking } = await ranked(state, listsOf({ ...tables.test, features }));
        return 1 - meanNdcg(ranking, 5);
      };
      const error = await measured(tables.test.features);
      return {
        examples: firstOf({ ...train }),
        // The derivatives of a relaxed sort are long.
        usual: { samples: 64, steps: 8 },
        params: state.params,
        rest: state.buffers,
        lossOf: (params, buffers, lists) =>
          model.lossOf(merge(params, buffers) as Tensors, lists as never, constant(draws)),
        found: {
          examples: 'queries',
          loss: config.loss.name,
          facts: [['NDCG at 5, test set', percent(1 - error)]],
          sections: [
            await importanceSection(tables.test, measured, {
              key: foldIn(draws, 200),
              error: 'distance of NDCG at 5 from 1',
            }),
          ],
        },
      };
    },
  };
}
