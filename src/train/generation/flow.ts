import { flowNegativeLogLikelihood } from '../../losses/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, type Key, key as makeKey, normal, uniform } from '../../runtime/random/index.js';
import { normalQuantile } from '../../runtime/random/normal.js';
import { constant, type NDArray, type Tensor } from '../../tensor/index.js';
import { meanOf, overBatches, rowsInOrder } from '../batches.js';
import type { PreparedData } from '../build.js';
import { exportCodes } from '../export.js';
import { firstOf, ofImages, ownLoss } from '../inspection/subject.js';
import type { Measured } from '../loop.js';
import { measuredFacts } from '../measures.js';
import { optimizerOf } from '../options/optimizers.js';
import type { TrainConfig } from '../settings.js';
import { initialState, type Tensors, type TrainState, trainStep } from '../step.js';
import { couplings } from './couplings.js';
import {
  drawnInParts,
  type GeneratorRun,
  type ImageColumns,
  type ImagesOnly,
  ofNormalCodes,
  pixelsOf,
} from './generator.js';

/** Pixels are squeezed into [alpha, 1 - alpha] before their logits are taken, which have no bounds. */
const alpha = 0.05;

/** Test images whose codes an inspection looks at. */
const coded = 250;

/** The logits of pixels in [0, 1] after they were squeezed, and the logarithm of the slope of that. */
function squeezed(x: Tensor): { readonly logits: Tensor; readonly logSlope: Tensor } {
  const p = x
    .clip(0, 1)
    .mul(1 - 2 * alpha)
    .add(alpha);
  const [below, above] = [p.log(), p.neg().log1p()];
  const logSlope = below
    .add(above)
    .neg()
    .add(Math.log(1 - 2 * alpha));
  return { logits: below.sub(above), logSlope };
}

/** How often numbers of codes are at most the quantiles of the standard normal distribution. */
async function normalityChart({ data }: NDArray): Promise<string> {
  const { diagonal, shareChart } = await import('../pages/charts.js');
  const levels = Array.from({ length: 19 }, (_, k) => (k + 1) / 20);
  const sorted = Float64Array.from(data as Float32Array).sort();
  const points = levels.map((level) => {
    const quantile = normalQuantile(level);
    const above = sorted.findIndex((value) => value > quantile);
    return { x: level, y: (above < 0 ? sorted.length : above) / sorted.length };
  });
  const chart = shareChart([{ name: `codes of test images`, points, markers: true }, diagonal('standard normal')], {
    title: 'Observed share of numbers of codes by level',
    x: 'level',
    y: 'share of numbers at or below the normal quantile',
  });
  return `<p>Images are drawn of codes that are standard normal: those of test images should be, too, or what is drawn is unlike them.</p><div class="charts"><figure>${chart}</figure></div>`;
}

/**
 * A normalising flow: an invertible function takes images to codes, which are to be standard normal, so that the likelihood of an image is known.
 * Bytes are made continuous by noise within their step. Rezende and Mohamed 2015; Dinh et al. 2017.
 */
export function flowRun(
  config: TrainConfig,
  { train, test, schedule, steps }: PreparedData,
  change: (images: Tensor, key: Tensor) => Tensor,
): GeneratorRun {
  const { batchSize, threads, width } = config;
  const { shape } = train.images;
  const image = shape.slice(1);
  const size = image.reduce((a, b) => a * b);
  const flow = couplings({ shape, width });
  const optimizer = optimizerOf(config, schedule);
  const columns: ImageColumns = { images: test.images };

  /** Of images in [0, 1], of 256 steps. */
  const continuous = (images: Tensor, key: Tensor): Tensor => images.mul(255).add(uniform(key, images.shape)).div(256);
  const lossOf = (variables: Tensors, x: Tensor): Tensor => {
    const { logits, logSlope } = squeezed(x);
    const { z, logDeterminant } = flow.forward(variables, logits);
    return flowNegativeLogLikelihood(z.flatten(1), logDeterminant.add(logSlope.flatten(1).sum(-1)), {
      reduction: 'none',
    });
  };
  const imagesOf = (variables: Tensors, codes: Tensor): Tensor =>
    flow
      .inverse(variables, codes.reshape([codes.shape[0], ...image]))
      .sigmoid()
      .sub(alpha)
      .div(1 - 2 * alpha)
      .clip(0, 1);

  const step = trainStep<ImagesOnly, Tensor>({
    threads,
    optimizer,
    prepare: (examples, key) => continuous(change(pixelsOf(examples), foldIn(key, 0)), foldIn(key, 1)),
    objective: ({ params, batch }) => ({ loss: lossOf(params, batch).mean() }),
  });
  const judge = compile(
    (params: Tensors, images: Tensor, key: Tensor) => ({
      loss: lossOf(params, continuous(pixelsOf({ images }), key)),
    }),
    { threads, name: 'judge', argumentNames: ['params', 'images', 'key'] },
  );
  const draw = compile(imagesOf, { threads, name: 'drawSamples', argumentNames: ['params', 'codes'] });

  const evaluate = async ({ params }: TrainState): Promise<Measured> => {
    const { loss } = await overBatches(rowsInOrder(columns, batchSize), ({ images, indices }) =>
      judge(params as never, images, foldIn(makeKey(0), Number(indices.data[0])) as Key),
    );
    const nats = meanOf(loss);
    // Of bytes, whose steps are 1 / 256 wide.
    return { loss: nats, measures: { bitsPerValue: nats / (size * Math.LN2) + 8 } };
  };

  return {
    schedule,
    steps,
    how: ofNormalCodes,
    init: (key) => initialState(optimizer, { params: flow.init(key), buffers: {}, carried: {} }),
    step,
    evaluate,
    subject: async (state) => {
      const code = compile((params: Tensors, images: Tensor, key: Tensor) =>
        flow.forward(params, squeezed(continuous(pixelsOf({ images }), key)).logits).z.flatten(1),
      );
      const z = await code(state.params as never, firstOf(columns)(coded).images, makeKey(0));
      await code.release();
      return {
        examples: firstOf({ images: train.images }),
        usual: ofImages,
        params: state.params,
        rest: {},
        lossOf: (params, _, { images }) =>
          lossOf(params as Tensors, continuous(pixelsOf({ images: images as Tensor }), constant(makeKey(0)))).mean(),
        found: {
          ...ownLoss(config.loss.name, ['flowNegativeLogLikelihood']),
          facts: measuredFacts((await evaluate(state)).measures),
          sections: [{ heading: 'Are codes normal?', body: await normalityChart(z) }],
        },
      };
    },
    samples: ({ params }, count) =>
      drawnInParts(count, async (part, rows) => {
        const codes = normal(foldIn(makeKey(0), part) as Key, [rows, size]);
        return (await draw(params as never, codes)) as NDArray<'float32'>;
      }),
    exported: ({ params }) =>
      exportCodes((weights, codes) => ({ images: imagesOf(weights, codes) }), params, size, { name: 'flow' }),
  };
}
