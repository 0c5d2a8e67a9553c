import { compile } from '../../runtime/index.js';
import { foldIn, type Key, permutation } from '../../runtime/random/index.js';
import { item, type NDArray, ndarray, showShape, type Tensor } from '../../tensor/index.js';
import { type AdaRoundOptions, type AdaRoundState, adaRound } from './adaround.js';
import { type GridOptions, quantizationGrid } from './grid.js';

/** A layer of a network that is a chain of layers. */
export interface LayerToRound {
  readonly weights: NDArray;
  /** Its output [n, channels, ...], bias and activation included. Batch normalisation must have been folded into weights and bias. */
  readonly apply: (weights: Tensor, x: Tensor) => Tensor;
}

export interface AdaRoundLayersOptions extends Omit<AdaRoundOptions, 'apply'> {
  /** Default: symmetric, one scale a layer, 4 bits, the scale of least squared error. */
  readonly grid?: GridOptions;
  /** Examples a step, all where there are fewer. Default 32. */
  readonly batchSize?: number;
  /** Whether a layer is given what the rounded layers before it make of the examples, rather than the exact ones. Default true. */
  readonly asymmetric?: boolean;
}

/** What became of one layer. */
export interface RoundedLayer {
  readonly weights: NDArray;
  /** The share of weights whose rounding was still open after the last step: large where steps were too few. */
  readonly open: number;
  /** Squared error of the output in the last step's batch, with soft weights. */
  readonly error: number;
}

/**
 * {@link adaRound} for all layers of a chain, one after the other, each for `steps` steps. Nagel et al. 2020; there 10,000 steps of
 * batches of 32 among 1,024 images.
 *
 * @param x unlabelled examples for the first layer, [n, ...]. @param key of the batches.
 * @returns what became of each layer, in their order.
 * @throws RangeError for no examples, or a batch size that is none.
 */
export async function adaRoundLayers(
  layers: readonly LayerToRound[],
  x: NDArray,
  key: Key,
  options: AdaRoundLayersOptions,
): Promise<RoundedLayer[]> {
  const { grid = { bits: 4, range: 'mse' }, batchSize = 32, asymmetric = true, ...rest } = options;
  const [n] = x.shape;
  if (!(n > 0 && Number.isInteger(batchSize) && batchSize > 0))
    throw new RangeError(
      `adaRoundLayers: x ${showShape(x.shape)} and batchSize ${batchSize} must be examples, and some`,
    );
  const rounded: RoundedLayer[] = [];
  let [exact, coarse] = [x, x];
  for (const [position, { weights, apply }] of layers.entries()) {
    const procedure = adaRound({ ...rest, apply });
    const run = compile((w: Tensor, inputs: Tensor) => apply(w, inputs));
    const begin = compile((w: Tensor) => procedure.init(w, quantizationGrid(w, grid)));
    const step = compile(
      (state: AdaRoundState, inputs: Tensor, targets: Tensor, indices: Tensor) =>
        procedure.step(state, inputs.gather(indices), targets.gather(indices)),
      { donate: [0] },
    );
    const end = compile((state: AdaRoundState) => procedure.result(state));
    const target = (await run(weights, exact)) as NDArray;
    const inputs = asymmetric ? coarse : exact;
    let state = (await begin(weights)) as never;
    let error = 0;
    for (let i = 0; i < rest.steps; i++) {
      const order = permutation(foldIn(foldIn(key, position), i), n).data;
      const made = await step(state, inputs, target, ndarray(Int32Array.from(order.slice(0, batchSize))));
      state = made.state as never;
      error = item(made.error as NDArray);
    }
    const result = await end(state);
    const own: RoundedLayer = { weights: result.weights as NDArray, open: item(result.open as NDArray), error };
    rounded.push(own);
    coarse = (await run(own.weights, coarse)) as NDArray;
    exact = target;
    for (const program of [run, begin, step, end]) await program.release();
  }
  return rounded;
}
