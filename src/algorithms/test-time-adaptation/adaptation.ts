import { batchNormParameters, Context, type Symbolic, type Variables } from '../../nn/index.js';
import { firstOrder, type GradientTransformation } from '../../optim/index.js';
import { leavesOf, type MapTree, merge, type NDArray, partition, showShape, type Tensor } from '../../tensor/index.js';

/** What is adapted: a layer of `nn`, or anything that applies variables to an input in a context, with logits, features, ... as outputs. */
export interface AdaptableModel<O> {
  apply(variables: Symbolic<Variables>, x: Tensor, context: Context): O;
}

export interface AdaptationOptions<O> {
  readonly model: AdaptableModel<O>;
  readonly optimizer: GradientTransformation;
  /**
   * Which variables adapt, by path. Default: scale and shift of every batch normalisation, {@link batchNormParameters}; for an imported model
   * whose names do not tell, those that `normalizationWeights` finds.
   */
  readonly parameters?: (path: string) => boolean;
  /** Weight of the source's running statistics in every batch normalisation; the test batch has the rest. Default 0. */
  readonly sourceWeight?: number;
  /** Steps of the optimizer for each batch. Default 1. */
  readonly steps?: number;
  /** Begin each batch with the state that was given, keeping nothing of it. Default false: adapt on and on. */
  readonly episodic?: boolean;
}

/** What test-time adaptation carries from batch to batch. Keep the first to reset to it. */
export interface AdaptationState<T> {
  readonly variables: MapTree<Variables, NDArray, T>;
  readonly moments: unknown;
}

/** One step: the next state, what the model said and the loss, both before the (last) update. */
export interface AdaptationStep<O> {
  readonly state: AdaptationState<Tensor>;
  readonly outputs: O;
  readonly loss: Tensor;
}

/** A test-time adaptation procedure; `step` is written in tensors, to be compiled. */
export interface TestTimeAdaptation<O> {
  init(variables: Variables): AdaptationState<NDArray>;
  step(state: AdaptationState<Tensor>, x: Tensor): AdaptationStep<O>;
}

/**
 * Adapts a trained model to unlabelled test batches, one after the other: a batch is normalised with its own statistics (or a mixture with the
 * source's), what the model makes of it is returned, and the optimizer takes a step on a loss of it, on a few parameters. All else stays: other
 * variables, running statistics; dropout is off. One forward and one backward pass a step. With several steps a batch, what is returned is
 * the forward pass before the last update.
 *
 * @param options the model, the loss of its outputs, the optimizer; see {@link AdaptationOptions}.
 * @throws RangeError for steps that are none, from `init` where no variable is to adapt, and from `step` for a batch of none; batch normalisation
 *   of vectors refuses batches of one.
 */
export function testTimeAdaptation<O>(
  options: AdaptationOptions<O> & { readonly loss: (outputs: O) => Tensor },
): TestTimeAdaptation<O> {
  const { model, loss, optimizer, sourceWeight = 0, steps = 1, episodic = false } = options;
  if (!Number.isInteger(steps) || steps < 1)
    throw new RangeError(`testTimeAdaptation: steps ${steps} must be a positive integer`);
  const minimizer = firstOrder(optimizer);
  const divided = <V>(variables: V): [V, V] => {
    const chosen = options.parameters ?? batchNormParameters(variables);
    return partition(variables, (path) => chosen(path));
  };
  return {
    init: (variables) => {
      const [adapted] = divided(variables);
      if (leavesOf(adapted).length === 0)
        throw new RangeError(
          `testTimeAdaptation: no variable adapts; there is ${options.parameters ? 'none that `parameters` names' : 'no batch normalisation with scale and shift'}`,
        );
      return { variables, moments: minimizer.init(adapted) };
    },
    step: (state, x) => {
      if (x.shape[0] === 0) throw new RangeError(`testTimeAdaptation: x ${showShape(x.shape)} must be a batch of some`);
      let [adapted, frozen] = divided(state.variables);
      let { moments } = state;
      let outputs: O | undefined;
      let value: Tensor | undefined;
      for (let i = 0; i < steps; i++) {
        const made = minimizer.step(
          (p: typeof adapted) => {
            const said = model.apply(merge(p, frozen), x, new Context({ statistics: { sourceWeight } }));
            return [loss(said), said] as const;
          },
          adapted,
          moments,
        );
        adapted = made.params;
        moments = made.state;
        [value, outputs] = made.value;
      }
      return {
        state: episodic ? state : { variables: merge(adapted, frozen), moments },
        outputs: outputs as O,
        loss: value as Tensor,
      };
    },
  };
}
