import { join } from 'node:path';
import { hessianSpectrum, lossSurface, randomDirection } from '../../diagnostics/index.js';
import { sharpness } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key } from '../../runtime/random/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { savedConfig } from '../config.js';
import { parseFinetuneConfig } from '../finetune/config.js';
import { finetuneSubject } from '../finetune/subject.js';
import { runFiles } from '../loop.js';
import type { TrainConfig } from '../settings.js';
import type { Arrays } from '../step.js';
import { loadCheckpoint } from '../storage/checkpoint.js';
import { readJson } from '../storage/files.js';
import { tasks } from '../tasks.js';
import type { Inspection } from './inspection.js';
import type { StateTensors, Subject } from './subject.js';

export interface InspectOptions {
  /** Training examples that the loss is looked at on. Default 512; of queries and images that are made 64, of scenes and strings 32. */
  readonly samples?: number;
  /** Positions along each direction of the surface. Default 21, of scenes and strings 15. */
  readonly points?: number;
  /** Random probes of the Hessian, and steps of Lanczos for each. Default 2 and 30; steps of queries 8, of images that are made, scenes and strings 12. */
  readonly probes?: number;
  readonly steps?: number;
  readonly onProgress?: (what: string) => void;
}

/**
 * Looks at a run from near. Around the trained weights: the training loss on a plane, the spectrum of its Hessian and its sharpness, on examples that are
 * always the same, with running statistics as in evaluation. On the test set: what the task finds, as calibration and confusion of what answers with
 * classes, neighbours of what has features, what columns of a table are worth, where errors are of what makes images.
 *
 * @throws Error of one line when the folder holds no run, its checkpoint does not fit, or no one loss was trained on, as of a generator and a discriminator.
 */
export async function inspectRun(folder: string, options: InspectOptions = {}): Promise<Inspection> {
  const { probes = 2, onProgress = () => {} } = options;
  const settings = (await readJson(join(folder, runFiles.config))) as Record<string, unknown>;
  const config = settings.kind === 'finetune' ? parseFinetuneConfig(settings) : savedConfig(settings);
  onProgress('test set');
  const subject = 'kind' in config ? finetuneSubject(folder, config) : trainingSubject(folder, config);
  const { examples, params, rest, lossOf, found, usual } = await subject;
  const { samples = usual?.samples ?? 512, steps = usual?.steps ?? 30, points = usual?.points ?? 21 } = options;
  const seen = await examples(samples);

  onProgress('loss around the weights');
  const loss = compile(lossOf);
  const evaluate = async (p: Arrays) =>
    Number(((await loss(p as never, rest as never, seen as never)) as NDArray).data[0]);
  const directions = compile((p: StateTensors, k: Tensor) => [0, 1].map((i) => randomDirection(p, foldIn(k, i))));
  const [first, second] = (await directions(params as never, key(config.seed))) as [Arrays, Arrays];
  const surface = await lossSurface(evaluate, params, [first, second], { points });

  onProgress('sharpness');
  const steepest = compile((p: StateTensors, r: StateTensors, x: StateTensors) =>
    sharpness((q: StateTensors) => lossOf(q, r, x), p),
  );
  const rise = (await steepest(params as never, rest as never, seen as never)) as NDArray;

  onProgress('spectrum of the Hessian');
  const probe = compile((p: StateTensors, r: StateTensors, x: StateTensors, k: Tensor) =>
    hessianSpectrum((q: StateTensors) => lossOf(q, r, x), p, k, { steps }),
  );
  const spectrum: { eigenvalue: number; weight: number }[] = [];
  for (let i = 0; i < probes; i++) {
    const got = await probe(params as never, rest as never, seen as never, foldIn(key(config.seed), 10 + i));
    const [values, weights] = [got.eigenvalues.data as Float32Array, got.weights.data as Float32Array];
    values.forEach((eigenvalue, j) => {
      spectrum.push({ eigenvalue, weight: weights[j] / probes });
    });
  }
  for (const compiled of [loss, directions, steepest, probe]) await compiled.release();
  return {
    run: folder,
    config: JSON.parse(JSON.stringify(config)) as Inspection['config'],
    seed: config.seed,
    samples: (Object.values(seen)[0] as NDArray).shape[0],
    ...found,
    surface,
    spectrum,
    sharpness: Number(rise.data[0]),
  };
}

/** What is looked at of a run of `train`. */
async function trainingSubject(folder: string, config: TrainConfig): Promise<Subject> {
  const training = await tasks[config.task].prepare(config, {});
  const { state } = await loadCheckpoint(join(folder, runFiles.checkpoint), training.task.init(key(0)));
  return training.subject(state);
}
