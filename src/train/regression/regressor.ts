import { gaussianMixtureCdf, gaussianMixtureCrps, gaussianMixtureNegativeLogLikelihood } from '../../losses/index.js';
import { Context, type Layer } from '../../nn/index.js';
import type { Minimizer } from '../../optim/index.js';
import { type Compiled, compile, type SessionOptions } from '../../runtime/index.js';
import { foldIn, type Key } from '../../runtime/random/index.js';
import { constant, merge, type NDArray, type Tensor } from '../../tensor/index.js';
import {
  type Arrays,
  type Examples,
  modelState,
  type Tensors,
  type TrainState,
  type TrainStep,
  trainStep,
} from '../step.js';
import { mixedRows, type RowAugmentation, type RowBatch } from './mixing.js';
import type { Forecast, RegressionObjective } from './objectives.js';
import type { RowRegularizer } from './regularizers.js';
import { type RowScale, scaledFeatures, scaledRows, scaledTargets, unscaled } from './scale.js';

/** Rows of a table on their way to a model, in their own units. */
export interface RowExamples extends Examples {
  /** [n, columns]. */
  readonly features: NDArray<'float32'>;
  /** [n]. */
  readonly targets: NDArray<'float32'>;
}

export interface RegressorOptions extends SessionOptions {
  readonly objective: RegressionObjective;
  readonly scale: RowScale;
  readonly augmentations: readonly RowAugmentation[];
  readonly regularizers: readonly RowRegularizer[];
  /** The whole training set, from which partners may be drawn. */
  readonly all: Pick<RowExamples, 'features' | 'targets'>;
}

/** Compiled steps of a regression. */
export interface Regressor {
  init(key: Key): TrainState;
  /** It measures `error`, the root mean squared error of the batch in the unit of the target. */
  step: TrainStep<RowExamples>;
  /** Of each row: the loss (that of its batch), what is forecast, and how what came true stands to it. */
  evaluate: Compiled<[variables: Tensors, features: Tensor, targets: Tensor], Readonly<Record<string, Tensor>>>;
  /** What the model computes from features, as it is exported: see {@link named}. */
  infer(variables: Tensors, features: Tensor): Readonly<Record<string, Tensor>>;
  /** The loss of the parameters on rows, for whoever looks at it from outside. */
  lossOf(variables: Tensors, features: Tensor, targets: Tensor): Tensor;
}

/** A model of rows, a loss and an optimizer as compiled steps. Standardisation of features and target is part of the model. */
export function regressor(model: Layer<Arrays>, optimizer: Minimizer, options: RegressorOptions): Regressor {
  const { objective, scale, augmentations, regularizers, all, ...session } = options;
  const evaluation = () => new Context({ training: false });
  const outputsOf = (variables: Tensors, features: Tensor) =>
    model.apply(variables, scaledFeatures(scale, features), evaluation());
  const forecast = (variables: Tensors, features: Tensor): Forecast =>
    unscaled(scale, objective.forecast(outputsOf(variables, features)));
  const lossOf = (variables: Tensors, features: Tensor, targets: Tensor) =>
    objective.loss(outputsOf(variables, features), scaledTargets(scale, targets));

  const step = trainStep<RowExamples, RowBatch>({
    ...session,
    optimizer,
    prepare: ({ features, targets }, key) => {
      const batch = scaledRows(scale, { x: features, y: targets });
      const read = () => scaledRows(scale, { x: constant(all.features), y: constant(all.targets) });
      return mixedRows(augmentations, batch, key, { rows: all.targets.shape[0], read });
    },
    objective: ({ params, buffers, batch, key, context }) => {
      const variables = merge(params, buffers);
      const outputs = model.apply(variables, batch.x, context);
      const again = (x: Tensor) => model.apply(variables, x, new Context({ training: true, key }));
      const penalties = regularizers.map((penalty, i) =>
        penalty.value({ batch, outputs, model: again, objective, key: foldIn(foldIn(key, -2), i) }),
      );
      const error = objective.forecast(outputs).prediction.sub(batch.y).mul(scale.target.deviation);
      return {
        loss: [objective.loss(outputs, batch.y), ...penalties].reduce((a, b) => a.add(b)),
        measures: { error: error.square().mean().sqrt() },
      };
    },
  });

  const evaluate = compile(
    function evaluateBatch(variables: Tensors, features: Tensor, targets: Tensor) {
      const said = forecast(variables, features);
      const { mixture } = said;
      return {
        loss: lossOf(variables, features, targets).broadcastTo(targets.shape),
        ...named(said),
        ...(mixture && {
          nll: gaussianMixtureNegativeLogLikelihood(mixture, targets, { reduction: 'none' }),
          crps: gaussianMixtureCrps(mixture, targets, { reduction: 'none' }),
          pits: gaussianMixtureCdf(mixture, targets),
        }),
      } as Readonly<Record<string, Tensor>>;
    },
    { ...session, argumentNames: ['variables', 'features', 'targets'] },
  );

  return {
    init: (key) => modelState(optimizer, model.init(key)),
    step,
    evaluate,
    infer: (variables, features) => named(forecast(variables, features)),
    lossOf,
  };
}

/** A forecast by name: `prediction` [n], and `quantiles` [n, levels] or `weights`, `means` and `deviations` [n, components]. */
const named = ({ prediction, quantiles, mixture }: Forecast): Readonly<Record<string, Tensor>> => ({
  prediction,
  ...(quantiles && { quantiles }),
  ...(mixture && { weights: mixture.logits.softmax(1), means: mixture.means, deviations: mixture.scales }),
});
