import { contrastiveDivergence } from '../../losses/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, type Key, key as makeKey, normal, uniform } from '../../runtime/random/index.js';
import { constant, type NDArray, ndarray, type Tensor, zerosArray } from '../../tensor/index.js';
import { meanOf, overBatches, rowsInOrder } from '../batches.js';
import type { PreparedData } from '../build.js';
import { exportCodes } from '../export.js';
import { perImage } from '../images/losses.js';
import { pictureGallery } from '../images/pictures.js';
import { firstOf, ofImages } from '../inspection/subject.js';
import type { Measured } from '../loop.js';
import { measuredFacts } from '../measures.js';
import { optimizerOf } from '../options/optimizers.js';
import type { TrainConfig } from '../settings.js';
import { type Arrays, initialState, type Tensors, type TrainState, trainStep } from '../step.js';
import { drawnInParts, type GeneratorRun, type ImageColumns, type ImagesOnly, pixelsOf } from './generator.js';
import type { EnergyObjective } from './losses.js';

/** Variables of a restricted Boltzmann machine of v visible and h hidden units, inside a compiled function. */
export interface Machine {
  /** [v, h]. */
  readonly weight: Tensor;
  /** [v]. */
  readonly visibleBias: Tensor;
  /** [h]. */
  readonly hiddenBias: Tensor;
}

/** Ones and zeros, ones as often as the probabilities say. */
const draw = (probabilities: Tensor, key: Tensor): Tensor =>
  uniform(key, probabilities.shape).less(probabilities).cast('float32');

const hiddenOf = ({ weight, hiddenBias }: Machine, v: Tensor): Tensor => v.matmul(weight).add(hiddenBias).sigmoid();
const visibleOf = ({ weight, visibleBias }: Machine, h: Tensor): Tensor =>
  h.matmul(weight.transpose()).add(visibleBias).sigmoid();

/** Free energies of v [n, v], [n]: -v a - sum of log(1 + exp(v W + b)). */
export const freeEnergy = ({ weight, visibleBias, hiddenBias }: Machine, v: Tensor): Tensor =>
  v.mul(visibleBias).sum(-1).add(v.matmul(weight).add(hiddenBias).softplus().sum(-1)).neg();

/** Logarithm of the product over pixels of the probability of each given all others, [n]: log sigmoid(F(v with it turned) - F(v)), summed. */
export function pseudoLikelihood({ weight, visibleBias, hiddenBias }: Machine, v: Tensor): Tensor {
  const turn = v.mul(-2).add(1);
  const hidden = v.matmul(weight).add(hiddenBias).expandDims(1);
  const gained = hidden.add(turn.expandDims(2).mul(weight)).softplus().sub(hidden.softplus()).sum(-1);
  const rise = turn.mul(visibleBias).add(gained).neg();
  return rise.neg().softplus().sum(-1).neg();
}

/** Images after some steps of Gibbs sampling, and the probabilities of their last pixels. */
function afterSteps(machine: Machine, from: Tensor, steps: number, key: Tensor): { v: Tensor; probabilities: Tensor } {
  let [v, probabilities] = [from, from];
  for (let i = 0; i < steps; i++) {
    const stepKey = foldIn(key, i);
    probabilities = visibleOf(machine, draw(hiddenOf(machine, v), foldIn(stepKey, 0)));
    v = draw(probabilities, foldIn(stepKey, 1));
  }
  return { v, probabilities };
}

/** Steps of Gibbs sampling, ten at a time, from noise to what is shown. */
const tensOfSteps = 30;

/**
 * A restricted Boltzmann machine of pixels that are on or off, as often as they are bright: hidden units, `latent` of them, and pixels draw each
 * other in turn. Hinton 2002.
 */
export function boltzmannRun(
  config: TrainConfig,
  { train, test, normalization, schedule, steps }: PreparedData,
  objective: EnergyObjective,
  change: (images: Tensor, key: Tensor) => Tensor,
): GeneratorRun {
  const { latent = 64, batchSize, threads } = config;
  const image = train.images.shape.slice(1);
  const pixels = image.reduce((a, b) => a * b);
  const optimizer = optimizerOf(config, schedule);
  const columns: ImageColumns = { images: test.images };
  const asMachine = (params: Tensors) => params as unknown as Machine;
  const onOrOff = (images: Tensor, key: Tensor): Tensor => draw(images.flatten(1), key);
  const lossOf = (machine: Machine, v: Tensor, key: Tensor): Tensor => {
    const { v: away } = afterSteps(machine, v, objective.chainSteps, key);
    return contrastiveDivergence(freeEnergy(machine, v), freeEnergy(machine, away.stopGradient()), {
      reduction: 'none',
    });
  };

  const step = trainStep<ImagesOnly, Tensor>({
    threads,
    optimizer,
    prepare: (examples, key) => onOrOff(change(pixelsOf(examples), foldIn(key, 0)), foldIn(key, 1)),
    objective: ({ params, batch, key }) => ({ loss: lossOf(asMachine(params), batch, key).mean() }),
  });
  const judge = compile(
    (params: Tensors, images: Tensor, key: Tensor) => {
      const machine = asMachine(params);
      const given = pixelsOf({ images }).flatten(1);
      const v = onOrOff(given, foldIn(key, 0));
      const again = visibleOf(machine, hiddenOf(machine, v));
      return {
        loss: lossOf(machine, v, foldIn(key, 1)),
        likelihood: pseudoLikelihood(machine, v),
        error: perImage(again.sub(given).square()),
        again: again.reshape(images.shape),
      };
    },
    { threads, name: 'judge', argumentNames: ['params', 'images', 'key'] },
  );
  const tenSteps = compile((params: Tensors, v: Tensor, key: Tensor) => afterSteps(asMachine(params), v, 10, key), {
    threads,
    name: 'gibbsSteps',
    argumentNames: ['params', 'v', 'key'],
  });
  const testKey = (first: number) => foldIn(makeKey(0), first) as Key;

  const evaluate = async ({ params }: TrainState): Promise<Measured> => {
    const { loss, likelihood, error } = await overBatches(
      rowsInOrder(columns, batchSize),
      async ({ images, indices }) => {
        const { again: _, ...numbers } = await judge(params as never, images, testKey(Number(indices.data[0])));
        return numbers;
      },
    );
    const measures = { pseudoLikelihood: meanOf(likelihood), psnr: -10 * Math.log10(meanOf(error)) };
    return { loss: meanOf(loss), measures };
  };

  return {
    schedule,
    steps,
    how: `Images after ${10 * tensOfSteps} steps of Gibbs sampling from noise, each pixel as bright as it is likely.`,
    init: (key) => {
      const brightness = Math.log(normalization.mean / (1 - normalization.mean));
      const params = {
        weight: normal(key, [pixels, latent], { deviation: 0.01 }),
        visibleBias: ndarray(new Float32Array(pixels).fill(brightness)),
        hiddenBias: zerosArray([latent]),
      };
      return initialState(optimizer, { params, buffers: {}, carried: {} });
    },
    step,
    evaluate,
    samples: async ({ params }, count) => {
      const drawn = await drawnInParts(count, async (part, size) => {
        const key = foldIn(makeKey(0), part) as Key;
        let now = {
          v: ndarray(uniform(key, [size, pixels]).data.map(Math.round), { shape: [size, pixels] }) as NDArray,
        };
        let seen = now.v;
        for (let i = 0; i < tensOfSteps; i++) {
          const next = await tenSteps(params as never, now.v, foldIn(key, i) as Key);
          [now, seen] = [{ v: next.v as NDArray }, next.probabilities as NDArray];
        }
        return seen as NDArray<'float32'>;
      });
      return { ...drawn, shape: [count, ...image] };
    },
    // Contrastive divergence is the loss of none: what its steps follow is no gradient. The pseudolikelihood is what it raises.
    subject: async (state) => ({
      examples: firstOf({ images: train.images }),
      usual: ofImages,
      params: state.params,
      rest: {},
      lossOf: (params, _, { images }) => {
        const given = pixelsOf({ images: images as Tensor }).flatten(1);
        return pseudoLikelihood(asMachine(params as Tensors), onOrOff(given, constant(makeKey(0))))
          .mean()
          .neg();
      },
      found: {
        loss: 'negative log-pseudolikelihood (nats)',
        unit: 'nats',
        facts: measuredFacts((await evaluate(state)).measures),
        sections: [{ heading: 'What hidden units look at', body: filterGallery(state.params, image) }],
      },
    }),
    reconstructed: async ({ params }, images) => (await judge(params as never, images, testKey(0))).again as NDArray,
    exported: ({ params }) =>
      exportCodes(
        (weights, codes) => ({ images: visibleOf(asMachine(weights), codes).reshape([codes.shape[0], ...image]) }),
        params,
        latent,
        { name: 'boltzmann' },
      ),
  };
}

/** Hidden units whose weights are shown. */
const shownUnits = 50;

/** The weights of hidden units as images, those of the longest first: grey is 0, the largest of each unit white or black. */
function filterGallery(params: Arrays, image: readonly number[]): string {
  const { data, shape } = params.weight as NDArray;
  const [pixels, units] = shape;
  const columns = Array.from({ length: units }, (_, unit) =>
    Float64Array.from({ length: pixels }, (_, pixel) => Number(data[pixel * units + unit])),
  ).sort((a, b) => Math.hypot(...b) - Math.hypot(...a));
  const shown = columns.slice(0, shownUnits);
  const bytes = new Uint8Array(shown.length * pixels);
  shown.forEach((column, i) => {
    const largest = Math.max(1e-12, ...column.map(Math.abs));
    bytes.set(
      column.map((weight) => Math.round(127.5 * (1 + weight / largest))),
      i * pixels,
    );
  });
  return pictureGallery(
    { data: bytes, shape: [shown.length, ...image], dtype: 'uint8' },
    'Weights of hidden units to the pixels, those of the longest first: white speaks for the unit, black against it, grey is 0; each by its own largest.',
  );
}
