import { adam, firstOrder, type GradientTransformation, type Schedule } from '../../optim/index.js';
import { anneal, progress, requireSteps } from '../../optim/schedules/schedule.js';
import { constant, showShape, type Tensor } from '../../tensor/index.js';
import { clipped, dequantize, type QuantizationGrid } from './grid.js';

/** Ends of the stretched sigmoid: gamma and zeta of the paper. */
const [stretchLow, stretchHigh] = [-0.1, 1.1];

/**
 * The rectified sigmoid h(v) = clip(sigmoid(v) (zeta - gamma) + gamma, 0, 1), zeta = 1.1 and gamma = -0.1: exactly 0 from v = -log 11 down
 * and 1 from log 11 up, where it has no slope. Nagel et al. 2020 (arXiv 2004.10568).
 */
export function rectifiedSigmoid(v: Tensor): Tensor {
  return v
    .sigmoid()
    .mul(stretchHigh - stretchLow)
    .add(stretchLow)
    .clip(0, 1);
}

/** The v at which {@link rectifiedSigmoid} is `share`, elements in [0, 1]; at 0 and 1 the nearest to 0 of them, -log 11 and log 11. */
export function rectifiedSigmoidInverse(share: Tensor): Tensor {
  return share
    .sub(stretchLow)
    .reciprocal()
    .mul(stretchHigh - stretchLow)
    .sub(1)
    .log()
    .neg();
}

/** The v at which soft rounding leaves weights where they are, but for those that the grid clips. */
export function initialRounding(weights: Tensor, grid: QuantizationGrid): Tensor {
  const steps = weights.div(grid.scale);
  return rectifiedSigmoidInverse(steps.sub(steps.floor())).stopGradient();
}

/**
 * Weights with the way they round still open: scale * (clip(floor(w / scale) + h(v) + zeroPoint, low, high) - zeroPoint). Nagel et al.
 * 2020 (arXiv 2004.10568). The derivative is with respect to v alone.
 *
 * @param weights of any shape; `rounding` v, of the same shape.
 */
export function softRound(weights: Tensor, rounding: Tensor, grid: QuantizationGrid): Tensor {
  return rounded('softRound', weights, rounding, grid, rectifiedSigmoid(rounding));
}

/** Weights that round up where v >= 0, where h(v) is a half or more, and down elsewhere. Without derivative. */
export function hardRound(weights: Tensor, rounding: Tensor, grid: QuantizationGrid): Tensor {
  return rounded('hardRound', weights, rounding, grid, rounding.greaterEqual(0).cast(weights.dtype));
}

function rounded(who: string, weights: Tensor, rounding: Tensor, grid: QuantizationGrid, up: Tensor): Tensor {
  if (weights.shape.join() !== rounding.shape.join())
    throw new RangeError(
      `${who}: weights ${showShape(weights.shape)} and rounding ${showShape(rounding.shape)} must have one shape`,
    );
  const floor = weights.div(grid.scale).floor().stopGradient();
  return dequantize(clipped(floor.add(up).add(grid.zeroPoint), grid), grid);
}

/**
 * What pushes soft rounding to 0 or 1: the sum over weights of 1 - |2 h(v) - 1|^beta, at most 1 a weight, 0 where h is 0 or 1. A large beta
 * leaves all but those near the ends alone. Nagel et al. 2020 (arXiv 2004.10568).
 *
 * @param beta above 1, a number or a scalar.
 */
export function roundingRegularizer(rounding: Tensor, beta: number | Tensor): Tensor {
  const side = rectifiedSigmoid(rounding).mul(2).sub(1).abs();
  const half = side.equal(0);
  // The power's own derivatives at 0 are left out of both directions.
  return half.where(0, half.where(1, side).pow(beta)).neg().add(1).sum();
}

/**
 * How far a layer's output is from what it should be: squared differences, summed over channels and averaged over the batch and all
 * positions. Nagel et al. 2020 (arXiv 2004.10568).
 *
 * @param output [n, channels, ...]; `target` of the same shape.
 */
export function reconstructionError(output: Tensor, target: Tensor): Tensor {
  if (output.rank < 2 || output.shape.join() !== target.shape.join())
    throw new RangeError(
      `reconstructionError: output ${showShape(output.shape)} and target ${showShape(target.shape)} must be one shape [n, channels, ...]`,
    );
  return output
    .sub(target)
    .square()
    .sum()
    .mul(output.shape[1] / output.size);
}

export interface AnnealingOptions {
  /** Of the whole procedure. */
  readonly steps: number;
  /** Default 20. */
  readonly start?: number;
  /** Default 2. */
  readonly end?: number;
  /** Share of the steps at the beginning that stay at `start`, in [0, 1). Default 0.2. */
  readonly warmup?: number;
  /** Default `cosine`. */
  readonly shape?: 'cosine' | 'linear';
}

/** beta of {@link roundingRegularizer} by step: from `start` down to `end` after the warm-up. */
export function roundingBeta(options: AnnealingOptions): Schedule {
  const { steps, start = 20, end = 2, warmup = 0.2, shape = 'cosine' } = options;
  requireSteps('roundingBeta', 'steps', steps);
  if (!(warmup >= 0 && warmup < 1)) throw new RangeError(`roundingBeta: warmup ${warmup} must lie in [0, 1)`);
  const first = warmup * steps;
  return (step) =>
    anneal(start, end, progress(step.cast('float32').sub(first), steps - first).div(steps - first), shape);
}

export interface AdaRoundOptions extends AnnealingOptions {
  /**
   * The layer: its output [n, channels, ...] from weights and inputs, with bias and the activation that follows it, so that what the
   * activation cuts off does not count.
   */
  readonly apply: (weights: Tensor, x: Tensor) => Tensor;
  /**
   * Default {@link adam} at 0.01, for a thousand steps or so; published implementations take 0.001, Adam's own, over 10,000 and more. The share
   * that `result` still finds open says whether steps and rate were enough.
   */
  readonly optimizer?: GradientTransformation;
  /** Weight lambda of the regulariser after the warm-up, during which it is 0. Default 0.01, as in the authors' toolkit, AIMET. */
  readonly regularization?: number;
}

/** What the rounding of one layer carries from step to step. */
export interface AdaRoundState<T = Tensor> {
  /** The weights before rounding. */
  readonly weights: T;
  readonly grid: QuantizationGrid<T>;
  /** v. */
  readonly rounding: T;
  readonly moments: unknown;
  /** Steps taken, int32. */
  readonly count: T;
}

/**
 * AdaRound: which of the two nearest levels each weight of a layer goes to, so that the layer's output changes least. Minimises
 * {@link reconstructionError} of the layer with {@link softRound} weights plus lambda times {@link roundingRegularizer}, by v alone; the grid
 * stays. Nagel et al. 2020 (arXiv 2004.10568).
 *
 * Inputs and targets are batches of a few hundred to a thousand unlabelled examples: targets from the network in full precision, inputs from
 * the one whose earlier layers are rounded already (the paper's asymmetric reconstruction), see {@link adaRoundLayers}. All three functions
 * are written in tensors, to be compiled.
 */
export function adaRound(options: AdaRoundOptions) {
  const { apply, optimizer = adam({ learningRate: 0.01 }), regularization = 0.01, steps, warmup = 0.2 } = options;
  const minimizer = firstOrder(optimizer);
  const betaOf = roundingBeta(options);
  return {
    /** The state before the first step, with soft weights equal to the weights. */
    init: (weights: Tensor, grid: QuantizationGrid): AdaRoundState => {
      const rounding = initialRounding(weights, grid);
      const count = rounding.sum().zerosLike().cast('int32');
      return { weights, grid, rounding, moments: optimizer.init(rounding), count };
    },
    /** @param x inputs [n, ...]; `target` outputs [n, channels, ...]. */
    step: (state: AdaRoundState, x: Tensor, target: Tensor) => {
      const { weights, grid, count } = state;
      const beta = betaOf(count).cast(weights.dtype);
      const warm = count.cast('float32').less(warmup * steps);
      const lambda = warm.where(0, constant(regularization, weights.dtype));
      const objective = (rounding: Tensor) => {
        const error = reconstructionError(apply(softRound(weights, rounding, grid), x), target);
        return [error.add(roundingRegularizer(rounding, beta).mul(lambda)), error] as const;
      };
      const { params: rounding, state: moments, value } = minimizer.step(objective, state.rounding, state.moments);
      const next: AdaRoundState = { ...state, rounding, moments, count: count.add(1) };
      return { state: next, loss: value[0], error: value[1] };
    },
    /** The weights as they are rounded now, and the share of them whose h is still strictly between 0 and 1. */
    result: ({ weights, rounding, grid }: AdaRoundState) => {
      const h = rectifiedSigmoid(rounding);
      return {
        weights: hardRound(weights, rounding, grid),
        open: h.greater(0).and(h.less(1)).cast(weights.dtype).mean(),
      };
    },
  };
}
