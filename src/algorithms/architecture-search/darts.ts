import { valueAndGrad } from '../../autodiff/index.js';
import { Context, isBuffer } from '../../nn/index.js';
import { adam, applyUpdates, clipByGlobalNorm, type GradientTransformation, type Schedule } from '../../optim/index.js';
import { foldIn } from '../../runtime/random/index.js';
import { type MapTree, merge, type NDArray, ndarray, partition, type Tensor, zerosArray } from '../../tensor/index.js';
import { mapTree, zipTrees } from '../../tensor/tree.js';
import { type ArchitectureGradient, unrolledGradient } from './architecture-gradient.js';

export interface DartsOptions<W, A, B> {
  /** The loss of a batch. Parameters and buffers of the model stand in one tree; the context takes new values of buffers. */
  readonly loss: (variables: W, architecture: A, batch: B, context: Context) => Tensor;
  /** Default {@link unrolledGradient}. */
  readonly architectureGradient?: ArchitectureGradient;
  /** Default: {@link adam} at 3e-4 with beta1 0.5 and a weight decay of 1e-3. */
  readonly architectureOptimizer?: GradientTransformation;
  /** Of the weights, and xi of the architecture's gradient. Default 0.025; the paper lets it fall to 0.001 along a cosine. */
  readonly learningRate?: number | Schedule;
  /** Of the weights. Default 0.9. */
  readonly momentum?: number;
  /** Of the weights. Default 3e-4. */
  readonly weightDecay?: number;
  /** Largest norm of the weights' gradient. Default 5. */
  readonly clip?: number;
}

/** All that a search carries from step to step. */
export interface DartsState<W, A, T> {
  /** Parameters and buffers. */
  readonly variables: W;
  readonly architecture: A;
  /** Momentum of the parameters; holes where there are buffers. */
  readonly velocity: W;
  readonly moments: unknown;
  /** Steps taken, int32. */
  readonly count: T;
}

/**
 * Differentiable architecture search. A step is one of the architecture, on a batch that the weights are not trained on, and then one of
 * the weights, by stochastic gradient descent with momentum, on a training batch: the one minimises L_val(w*(alpha), alpha) with w*(alpha) taken
 * to be a step of the other away, the other L_train(w, alpha). At the end {@link genotypeOf} reads off the operations. Liu et al. 2019 (arXiv
 * 1806.09055).
 *
 * Buffers, such as running means, follow the training batches alone. A step is written in tensors, to be compiled.
 */
export function darts<W, A, B>(options: DartsOptions<W, A, B>) {
  const { loss, learningRate = 0.025, momentum = 0.9, weightDecay = 3e-4, clip = 5 } = options;
  const { architectureGradient = unrolledGradient } = options;
  const { architectureOptimizer = adam({ learningRate: 3e-4, beta1: 0.5, weightDecay: 1e-3 }) } = options;
  const clipped = clipByGlobalNorm(clip);
  return {
    /** The state before the first step. */
    init: (
      variables: MapTree<W, Tensor, NDArray>,
      architecture: MapTree<A, Tensor, NDArray>,
    ): DartsState<typeof variables, typeof architecture, NDArray> => ({
      variables,
      architecture,
      velocity: mapTree(partition(variables, isBuffer)[1], (leaf: NDArray) =>
        zerosArray(leaf.shape, leaf.dtype),
      ) as never,
      moments: architectureOptimizer.init(architecture),
      count: ndarray(0, { dtype: 'int32' }),
    }),
    /**
     * @param training a batch for the weights; `validation` one for the architecture. @param key for models that draw random numbers.
     * @returns the next state, the training loss before the weights' step and the validation loss before the architecture's.
     */
    step: (state: DartsState<W, A, Tensor>, training: B, validation: B, key?: Tensor) => {
      const { velocity, count } = state;
      const [buffers, weights] = partition(state.variables, isBuffer);
      const rate = typeof learningRate === 'number' ? learningRate : learningRate(count);
      const context = (part: number) => new Context({ training: true, ...(key && { key: foldIn(key, part) }) });
      const of = (batch: B, part: number) => (w: W, a: A) => loss(merge(w, buffers), a, batch, context(part));
      const objectives = { training: of(training, 0), validation: of(validation, 1) };
      const lookahead = { rate, momentum, velocity, weightDecay };
      const [validationLoss, forArchitecture] = architectureGradient(
        objectives,
        weights,
        state.architecture,
        lookahead,
      );
      const change = architectureOptimizer.update(forArchitecture, state.moments, state.architecture);
      const architecture = applyUpdates(state.architecture, change.updates);

      const objective = (w: W) => {
        const own = context(2);
        return [loss(merge(w, buffers), architecture, training, own), own.updated(buffers)] as const;
      };
      const [[trainingLoss, nextBuffers], gradient] = valueAndGrad(objective)(weights);
      const limited = clipped.update(gradient, {}, weights).updates;
      const decayed = zipTrees('darts', limited, weights, (g: Tensor, w: Tensor) => g.add(w.mul(weightDecay)));
      const faster = zipTrees('darts', velocity, decayed, (v: Tensor, g: Tensor) => v.mul(momentum).add(g)) as W;
      const moved = zipTrees('darts', weights, faster, (w: Tensor, v: Tensor) => w.sub(v.mul(rate))) as W;
      const next: DartsState<W, A, Tensor> = {
        variables: merge(moved, nextBuffers),
        architecture,
        velocity: faster,
        moments: change.state,
        count: count.add(1),
      };
      return { state: next, trainingLoss, validationLoss };
    },
  };
}
