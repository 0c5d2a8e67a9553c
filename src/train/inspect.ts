import { join } from 'node:path';
import { head } from '../data/index.js';
import { hessianSpectrum, lossSurface, randomDirection } from '../diagnostics/index.js';
import { crossEntropy } from '../losses/index.js';
import { expectedCalibrationError, type ReliabilityBin, reliabilityBins } from '../metrics/index.js';
import { sharpness } from '../optim/index.js';
import { compile } from '../runtime/index.js';
import { foldIn, key } from '../runtime/random/index.js';
import { castArray, type MapTree, merge, type NDArray, type Tensor } from '../tensor/index.js';
import { loadCheckpoint } from './checkpoint.js';
import type { Arrays, Tensors, TrainState } from './classifier.js';
import { parseConfig } from './config.js';
import { readJson } from './files.js';
import { runFiles } from './loop.js';
import { prepare } from './run.js';

export interface InspectOptions {
  /** Training images that the loss is looked at on. Default 512. */
  readonly samples?: number;
  /** Positions along each direction of the surface. Default 21. */
  readonly points?: number;
  /** Random probes of the Hessian, and steps of Lanczos for each. Default 2 and 30. */
  readonly probes?: number;
  readonly steps?: number;
  readonly onProgress?: (what: string) => void;
}

/** What a trained run looks like from near. */
export interface Inspection {
  readonly run: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly samples: number;
  /** Of the test set: how often predictions of each confidence are right, and their expected calibration error in 15 bins. */
  readonly reliability: readonly ReliabilityBin[];
  readonly calibrationError: number;
  /** Training loss on a plane of two filter-normalised random directions through the trained weights. */
  readonly surface: {
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly losses: readonly (readonly number[])[];
  };
  /** Eigenvalues of the Hessian of the training loss with the share of the spectrum that each stands for. */
  readonly spectrum: readonly { readonly eigenvalue: number; readonly weight: number }[];
  /** How much the training loss rises within 0.05 of the weights, in the direction of its gradient (SAM's sharpness). */
  readonly sharpness: number;
}

/**
 * Looks at a finished run: calibration on the test set, and around the trained weights the loss on a plane, the spectrum of the Hessian and the
 * sharpness, all with running statistics as in evaluation.
 *
 * @throws Error of one line when the folder holds no run or its checkpoint does not fit.
 */
export async function inspectRun(folder: string, options: InspectOptions = {}): Promise<Inspection> {
  const { samples = 512, points = 21, probes = 2, steps = 30, onProgress = () => {} } = options;
  const config = parseConfig((await readJson(join(folder, runFiles.config))) as Record<string, unknown>);
  const { train, test, classifier } = await prepare(config);
  const { state } = await loadCheckpoint<TrainState>(join(folder, runFiles.checkpoint), classifier.init(key(0)));
  const { params, buffers } = state;
  const seen = head(train, samples);
  const images = castArray(seen.images, 'float32');
  const pixels: NDArray = { ...images, data: images.data.map((byte) => byte / 255) };

  onProgress('calibration on the test set');
  const probabilities = await testProbabilities(classifier.infer, merge(params, buffers), test);
  const bins = { bins: 15 };

  onProgress('loss around the weights');
  type State = MapTree<Arrays, NDArray, Tensor>;
  const lossOf = (p: State, b: State, x: Tensor, y: Tensor) =>
    crossEntropy(classifier.infer(merge(p, b) as Tensors, x), y);
  const loss = compile(lossOf);
  const evaluate = async (p: Arrays) =>
    Number(((await loss(p as never, buffers as never, pixels, seen.labels)) as NDArray).data[0]);
  const directions = compile((p: State, k: Tensor) => [0, 1].map((i) => randomDirection(p, foldIn(k, i))));
  const [first, second] = (await directions(params as never, key(config.seed))) as [Arrays, Arrays];
  const surface = await lossSurface(evaluate, params, [first, second], { points });

  onProgress('spectrum of the Hessian');
  const probe = compile((p: State, b: State, x: Tensor, y: Tensor, k: Tensor) => {
    const at = (q: State) => lossOf(q, b, x, y);
    return { ...hessianSpectrum(at, p, k, { steps }), rise: sharpness(at, p) };
  });
  const spectrum: { eigenvalue: number; weight: number }[] = [];
  let rise = Number.NaN;
  for (let i = 0; i < probes; i++) {
    const got = await probe(params as never, buffers as never, pixels, seen.labels, foldIn(key(config.seed), 10 + i));
    const [values, weights] = [got.eigenvalues.data as Float32Array, got.weights.data as Float32Array];
    values.forEach((eigenvalue, j) => {
      spectrum.push({ eigenvalue, weight: weights[j] / probes });
    });
    rise = Number(got.rise.data[0]);
  }
  for (const compiled of [loss, directions, probe]) await compiled.release();
  return {
    run: folder,
    config: JSON.parse(JSON.stringify(config)) as Inspection['config'],
    seed: config.seed,
    samples: seen.labels.shape[0],
    reliability: reliabilityBins(probabilities, test.labels, bins),
    calibrationError: expectedCalibrationError(probabilities, test.labels, bins),
    surface,
    spectrum,
    sharpness: rise,
  };
}

/** Softmax probabilities of the test set, [n, classes], in batches of at most 500. */
async function testProbabilities(
  infer: (variables: Tensors, images: Tensor) => Tensor,
  variables: Arrays,
  { images, classes }: { readonly images: NDArray<'uint8'>; readonly classes: readonly string[] },
): Promise<NDArray> {
  const [n, ...shape] = images.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const run = compile((v: Tensors, x: Tensor) => infer(v, x.cast('float32').div(255)).softmax(1));
  const all = new Float32Array(n * classes.length);
  for (let from = 0; from < n; from += 500) {
    const to = Math.min(n, from + 500);
    const part: NDArray = {
      data: images.data.slice(from * size, to * size),
      shape: [to - from, ...shape],
      dtype: 'uint8',
    };
    const got = (await run(variables as never, part)) as NDArray;
    all.set(got.data as Float32Array, from * classes.length);
  }
  await run.release();
  return { data: all, shape: [n, classes.length], dtype: 'float32' };
}
