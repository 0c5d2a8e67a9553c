import { binaryCrossEntropyWithLogits, gaussianKl } from '../../losses/index.js';
import { Context } from '../../nn/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, type Key, key as makeKey, normal, split } from '../../runtime/random/index.js';
import { constant, merge, type NDArray, type Tensor } from '../../tensor/index.js';
import { meanOf, overBatches, rowsInOrder } from '../batches.js';
import type { PreparedData } from '../build.js';
import { first, nearAndFar } from '../classification/subject.js';
import { searched } from '../embedding/evaluate.js';
import { type Drawn, perImage } from '../images/losses.js';
import { firstOf, ofImages, ownLoss } from '../inspection/subject.js';
import type { Measured } from '../loop.js';
import { measuredFacts } from '../measures.js';
import { optimizerOf } from '../options/optimizers.js';
import type { TrainConfig } from '../settings.js';
import { type Arrays, modelState, type Tensors, type TrainState, trainStep } from '../step.js';
import {
  type GeneratorRun,
  generatorOf,
  type ImageColumns,
  type ImagesOnly,
  ofNormalCodes,
  pixelsOf,
} from './generator.js';
import type { VariationalObjective } from './losses.js';
import { codeModels } from './models.js';

/** What an encoder says of images, and what a decoder makes of it. */
interface Coded {
  /** Of the code's distribution, [n, latent]. */
  readonly mean: Tensor;
  readonly logVariance: Tensor;
  readonly drawn: Drawn;
}

/** A variational autoencoder: codes of images are drawn from Gaussians that an encoder names. Kingma and Welling 2014. */
export function variationalRun(
  config: TrainConfig,
  { train, test, normalization, schedule, steps }: PreparedData,
  objective: VariationalObjective,
  change: (images: Tensor, key: Tensor) => Tensor,
): GeneratorRun {
  const { latent = 16, batchSize, threads } = config;
  const { shape } = train.images;
  const pixels = shape.slice(1).reduce((a, b) => a * b);
  const models = codeModels[config.model];
  const [encoder, decoder] = [models.encoder(shape, config, 2 * latent), models.decoder(shape, config, latent)];
  const optimizer = optimizerOf(config, schedule);
  const generator = generatorOf(decoder, { latent, normalization, threads });
  const columns: ImageColumns = { images: test.images };

  /** @param key of the codes; without one they are the means. */
  const coded = (variables: Tensors, images: Tensor, context: Context, key?: Tensor): Coded => {
    const { encoder: down, decoder: up } = variables as unknown as { encoder: Tensors; decoder: Tensors };
    const seen = images.sub(normalization.mean).div(normalization.deviation);
    const [mean, logVariance] = encoder.apply(down as never, seen, context).split(2, 1);
    const code = key ? mean.add(logVariance.mul(0.5).exp().mul(normal(key, mean.shape))) : mean;
    return { mean, logVariance, drawn: generator.decode(up, code, context) };
  };
  const lossOf = ({ mean, logVariance, drawn }: Coded, images: Tensor): Tensor =>
    objective.loss(objective.reconstruction(drawn, images), mean, logVariance, pixels);
  const divergenceOf = ({ mean, logVariance }: Coded) => gaussianKl(mean, logVariance, { reduction: 'none' });

  const step = trainStep<ImagesOnly, Tensor>({
    threads,
    optimizer,
    prepare: (examples, key) => change(pixelsOf(examples), key),
    objective: ({ params, buffers, batch: images, context, key }) => {
      const code = coded(merge(params, buffers), images, context, foldIn(key, -2));
      return { loss: lossOf(code, images).mean(), measures: { divergence: divergenceOf(code).mean() } };
    },
  });
  const judge = compile(
    (variables: Tensors, images: Tensor, key: Tensor) => {
      const pixels = pixelsOf({ images });
      const [drawn, likeliest] = [
        coded(variables, pixels, new Context(), key),
        coded(variables, pixels, new Context()),
      ];
      const unlikely = binaryCrossEntropyWithLogits(drawn.drawn.logits, pixels, { reduction: 'none' });
      return {
        loss: lossOf(drawn, pixels),
        divergence: divergenceOf(drawn),
        evidence: unlikely.flatten(1).sum(-1).add(divergenceOf(drawn)).neg(),
        error: perImage(likeliest.drawn.images.sub(pixels).square()),
        images: likeliest.drawn.images,
      };
    },
    { threads, name: 'judge', argumentNames: ['variables', 'images', 'key'] },
  );

  const evaluate = async ({ params, buffers }: TrainState): Promise<Measured> => {
    const variables = merge(params, buffers);
    const { loss, divergence, evidence, error } = await overBatches(
      rowsInOrder(columns, batchSize),
      async ({ images, indices }) => {
        const { images: _, ...numbers } = await judge(variables as never, images, testKey(Number(indices.data[0])));
        return numbers;
      },
    );
    return {
      loss: meanOf(loss),
      measures: {
        evidence: meanOf(evidence),
        divergence: meanOf(divergence),
        psnr: -10 * Math.log10(meanOf(error)),
      },
    };
  };

  return {
    steps,
    schedule,
    how: ofNormalCodes,
    samples: (state, count) => generator.samples(decoderOf(state), count),
    exported: (state) => generator.exported(decoderOf(state)),
    init: (key) => {
      const [first, second] = split(key);
      const variables = { encoder: encoder.init(first), decoder: decoder.init(second) };
      return modelState(optimizer, variables);
    },
    step,
    evaluate,
    subject: async (state) => {
      const code = compile((variables: Tensors, images: Tensor) => {
        const { mean, logVariance } = coded(variables, pixelsOf({ images }), new Context());
        // Of each number of a code by itself.
        const divergence = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).mul(0.5);
        return { mean, divergence };
      });
      const some = first(test, searched.test);
      const codes = await overBatches(rowsInOrder({ images: some.images }, batchSize), ({ images }) =>
        code(merge(state.params, state.buffers) as never, images),
      );
      await code.release();
      return {
        examples: firstOf({ images: train.images }),
        usual: ofImages,
        params: state.params,
        rest: state.buffers,
        lossOf: (p, b, { images }) => {
          const pixels = pixelsOf({ images: images as Tensor });
          const code = coded(merge(p, b) as Tensors, pixels, new Context(), constant(testKey(0)));
          return lossOf(code, pixels).mean();
        },
        found: {
          classes: test.classes,
          features: 'codes',
          ...ownLoss(config.loss.name, ['gaussianKl']),
          facts: measuredFacts((await evaluate(state)).measures),
          ...(await nearAndFar({ embeddings: codes.mean, labels: some.labels }, test)),
          sections: [{ heading: 'What the numbers of a code tell', body: await divergenceChart(codes.divergence) }],
        },
      };
    },
    reconstructed: async ({ params, buffers }, images) =>
      (await judge(merge(params, buffers) as never, images, testKey(0))).images as never,
  };
}

/** The decoder's variables in a state. */
const decoderOf = ({ params, buffers }: TrainState): Arrays =>
  (merge(params, buffers) as { readonly decoder: Arrays }).decoder;

/** By how many nats the distributions of each number of a code, [n, latent], diverge from the prior: those near 0 are not used. */
async function divergenceChart({ data, shape: [n, latent] }: NDArray): Promise<string> {
  const { barChart } = await import('../pages/charts.js');
  const bars = Array.from({ length: latent }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Number(data[i * latent + k]);
    return { name: `number ${k + 1}`, value: sum / n };
  }).sort((a, b) => b.value - a.value);
  const chart = barChart(bars, {
    title: 'Divergence of the numbers of a code from the prior',
    x: 'mean divergence from the prior (nats)',
  });
  return `<p>Each number of the code of a test image has a distribution of its own. By so much it tells of the image; one near 0 nats is as the prior, whatever the image, and tells nothing.</p><div class="charts"><figure>${chart}</figure></div>`;
}

/** Of the codes that are drawn for a batch of the test set: always the same. */
const testKey = (first: number): Key => foldIn(makeKey(0), first) as Key;
