import type { Columns } from '../../data/index.js';
import { Context, type Layer, type Variables } from '../../nn/index.js';
import type { Schedule } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, type Key, key as makeKey, normal } from '../../runtime/random/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { joinedRows } from '../batches.js';
import type { Normalization } from '../classification/classifier.js';
import { exportCodes } from '../export.js';
import type { Drawn } from '../images/losses.js';
import type { Subject } from '../inspection/subject.js';
import type { Measured } from '../loop.js';
import type { Arrays, Examples, StepDraw, Stepped, Symbolic, Tensors, TrainState } from '../step.js';

/** Images as bytes. */
export interface ImageColumns extends Columns {
  readonly images: NDArray<'uint8'>;
}
export type ImagesOnly = ImageColumns & Examples;

/** Their pixels, in [0, 1]. */
export const pixelsOf = ({ images }: Symbolic<Pick<ImageColumns, 'images'>>): Tensor => images.cast('float32').div(255);

/** What makes images of codes that are drawn from the standard normal distribution. */
export interface Generator {
  /** Images of codes [n, latent]. */
  decode(variables: Tensors, codes: Tensor, context: Context): Drawn;
  /** So many images, always of the same codes. */
  samples(variables: Arrays, count: number): Promise<NDArray<'float32'>>;
  /** As an ONNX model from `codes` [batch, latent] to `images`. */
  exported(variables: Arrays): Uint8Array;
}

/** A way to train what makes images. */
export interface GeneratorRun {
  readonly schedule: Schedule;
  readonly steps: number;
  /** How {@link samples} are made, in a sentence. */
  readonly how: string;
  init(key: Key): TrainState;
  step(state: TrainState, examples: ImagesOnly, draw: StepDraw): Promise<Stepped>;
  evaluate(state: TrainState): Promise<Measured>;
  /** So many images in [0, 1], always drawn in the same way. */
  samples(state: TrainState, count: number): Promise<NDArray<'float32'>>;
  /** What becomes of images that are coded and decoded; where something codes them. */
  reconstructed?(state: TrainState, images: NDArray<'uint8'>): Promise<NDArray>;
  /** As an ONNX model from `codes` to `images`. */
  exported(state: TrainState): Uint8Array;
  /** What an inspection looks at. @throws Error of one line where there is no one loss to look at. */
  subject(state: TrainState): Promise<Subject>;
}

/** Rows that are made a hundred at a time, of which `count` are kept. */
export async function drawnInParts(
  count: number,
  draw: (part: number, size: number) => Promise<NDArray<'float32'>>,
): Promise<NDArray<'float32'>> {
  const atOnce = 100;
  const parts: NDArray<'float32'>[] = [];
  for (let i = 0; i * atOnce < count; i++) parts.push(await draw(i, atOnce));
  const { data, shape, dtype } = joinedRows(parts);
  const size = data.length / shape[0];
  return { data: data.slice(0, count * size), shape: [count, ...shape.slice(1)], dtype };
}

/** How a {@link Generator} makes images. */
export const ofNormalCodes = 'Images of codes drawn from the standard normal distribution.';

/** The generator that a decoder is; its images begin with the mean brightness of the training set. */
export function generatorOf(
  decoder: Layer<Variables>,
  { latent, normalization, threads }: { latent: number; normalization: Normalization; threads?: number },
): Generator {
  const brightness = Math.log(normalization.mean / (1 - normalization.mean));
  const decode: Generator['decode'] = (variables, codes, context) => {
    const logits = decoder.apply(variables as never, codes, context).add(brightness);
    return { logits, images: logits.sigmoid() };
  };
  const infer = (variables: Tensors, codes: Tensor) => decode(variables, codes, new Context()).images;
  const draw = compile((variables: Tensors, codes: Tensor) => infer(variables, codes), {
    threads,
    name: 'drawSamples',
    argumentNames: ['variables', 'codes'],
  });
  return {
    decode,
    samples: (variables, count) =>
      drawnInParts(count, async (part, size) => {
        const codes = normal(foldIn(makeKey(0), part) as Key, [size, latent]);
        return (await draw(variables as never, codes)) as NDArray<'float32'>;
      }),
    exported: (variables) =>
      exportCodes((weights, codes) => ({ images: infer(weights, codes) }), variables, latent, { name: 'generator' }),
  };
}
