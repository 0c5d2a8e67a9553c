import type { Standardization } from '../../data/index.js';
import { Context, type Layer } from '../../nn/index.js';
import type { Minimizer } from '../../optim/index.js';
import { type Compiled, compile, type SessionOptions } from '../../runtime/index.js';
import { foldIn, type Key } from '../../runtime/random/index.js';
import { merge, type NDArray, type Tensor } from '../../tensor/index.js';
import { scaledFeatures } from '../regression/scale.js';
import {
  type Arrays,
  type Examples,
  modelState,
  type Tensors,
  type TrainState,
  type TrainStep,
  trainStep,
} from '../step.js';
import type { RankingLoss } from './losses.js';
import type { RankingRegularizer } from './regularizers.js';

/** Lists of items on their way to a model, filled up to one length. */
export interface ListExamples extends Examples {
  /** [lists, items, columns]. */
  readonly features: NDArray<'float32'>;
  /** Grades, [lists, items]. */
  readonly relevance: NDArray<'float32'>;
  /** Where there is an item, [lists, items]. */
  readonly mask: NDArray<'bool'>;
}

export interface RankerOptions extends SessionOptions {
  readonly loss: RankingLoss;
  /** Of the features of the training set's items. */
  readonly features: Standardization;
  /** What is added to the loss. Default none. */
  readonly regularizers?: readonly RankingRegularizer[];
}

/** The same as {@link ListExamples}, as tensors, and what is drawn. */
interface Lists {
  readonly features: Tensor;
  readonly relevance: Tensor;
  readonly mask: Tensor;
}

/** Compiled steps of a scorer of items. */
export interface Ranker {
  init(key: Key): TrainState;
  step: TrainStep<ListExamples>;
  /** Of each list: the loss (that of its batch), and the scores of its items, [lists, items]. */
  evaluate: Compiled<[variables: Tensors, lists: Lists, key: Tensor], { loss: Tensor; scores: Tensor }>;
  /** Scores [n] of items [n, columns], each by itself, as the model is exported. */
  infer(variables: Tensors, features: Tensor): Readonly<Record<string, Tensor>>;
  /** The loss of the parameters on lists, for whoever looks at it from outside. */
  lossOf(variables: Tensors, lists: Lists, key: Tensor): Tensor;
}

/** A scorer of single items, a loss of lists and an optimizer as compiled steps. Standardisation of the features is part of the model. */
export function ranker(model: Layer<Arrays>, optimizer: Minimizer, options: RankerOptions): Ranker {
  const { loss, features: scale, regularizers = [], ...session } = options;
  const scaled = (features: Tensor): Tensor => {
    const items = features.reshape([-1, features.shape[features.rank - 1]]);
    return scaledFeatures({ features: scale }, items).reshape(features.shape);
  };
  const scoresOfScaled = (variables: Tensors, features: Tensor, context: Context): Tensor => {
    const items = features.reshape([-1, features.shape[features.rank - 1]]);
    return model.apply(variables, items, context).reshape(features.shape.slice(0, -1));
  };
  const scoresOf = (variables: Tensors, features: Tensor, context: Context): Tensor =>
    scoresOfScaled(variables, scaled(features), context);
  const lossIn =
    (context: Context) =>
    (variables: Tensors, { features, relevance, mask }: Lists, key: Tensor) => {
      const scores = scoresOf(variables, features, context);
      return { scores, loss: loss({ scores, relevance, mask, key }) };
    };

  const step = trainStep<ListExamples, Lists>({
    ...session,
    optimizer,
    prepare: ({ features, relevance, mask }) => ({ features, relevance, mask }),
    objective: ({ params, buffers, batch, key, context }) => {
      const variables = merge(params, buffers);
      const { relevance, mask } = batch;
      const lossKey = foldIn(key, -2);
      const seen = {
        features: scaled(batch.features),
        mask,
        scores: (x: Tensor) => scoresOfScaled(variables, x, new Context({ training: true, key })),
        loss: (scores: Tensor) => loss({ scores, relevance, mask, key: lossKey }),
      };
      const penalties = regularizers.map((penalty, i) => penalty({ ...seen, key: foldIn(foldIn(key, -4), i) }));
      return { loss: [lossIn(context)(variables, batch, lossKey).loss, ...penalties].reduce((a, b) => a.add(b)) };
    },
  });

  const evaluate = compile(
    function evaluateBatch(variables: Tensors, lists: Lists, key: Tensor) {
      const said = lossIn(new Context({ training: false }))(variables, lists, key);
      return { loss: said.loss.broadcastTo([lists.relevance.shape[0]]), scores: said.scores };
    },
    { ...session, argumentNames: ['variables', 'lists', 'key'] },
  );

  return {
    init: (key) => modelState(optimizer, model.init(key)),
    step,
    evaluate,
    infer: (variables, features) => ({ scores: scoresOf(variables, features, new Context({ training: false })) }),
    lossOf: (variables, lists, key) => lossIn(new Context({ training: false }))(variables, lists, key).loss,
  };
}
