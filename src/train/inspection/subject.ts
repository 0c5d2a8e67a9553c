import { type Columns, rowsAt } from '../../data/index.js';
import type { MapTree, NDArray, Tensor } from '../../tensor/index.js';
import type { Arrays } from '../step.js';
import type { Inspection } from './inspection.js';

/** A tree of a state, inside a compiled function. */
export type StateTensors = MapTree<Arrays, NDArray, Tensor>;

/** A trained model to look at: its parameters, what else its loss needs, and what was found on the test set. */
export interface Subject {
  /** The first training examples, so many at most; the first array has one of its rows for each. */
  examples(count: number): Arrays | Promise<Arrays>;
  /** How many examples, steps of Lanczos and positions along a direction, where the loss is too dear for those of others. */
  readonly usual?: { readonly samples: number; readonly steps: number; readonly points?: number };
  readonly params: Arrays;
  readonly rest: Arrays;
  /** Of the examples, one number: as in evaluation, and with the same draws each time. */
  lossOf(params: StateTensors, rest: StateTensors, examples: StateTensors): Tensor;
  readonly found: Found;
}

/** What was found beside what the loss around the weights says. */
export type Found = Omit<Inspection, 'run' | 'config' | 'seed' | 'samples' | 'surface' | 'spectrum' | 'sharpness'>;

/** Models that make images do more with each than a classifier: fewer images and steps take about as long. */
export const ofImages = { samples: 64, steps: 12 } as const;

/** Those of scenes and strings do still more. */
export const ofScenes = { samples: 32, steps: 12, points: 15 } as const;

/** The first rows of columns, so many at most. */
export const firstOf =
  <C extends Columns>(columns: C) =>
  (count: number): C =>
    rowsAt(columns, [...Array(Math.min(count, Object.values(columns)[0].shape[0])).keys()]);

/** How a loss is called around the weights where it is the run's own. @param inNats names of losses that are. */
export const ownLoss = (name: string, inNats: readonly string[] = []): Pick<Inspection, 'loss' | 'unit'> =>
  inNats.includes(name) ? { loss: `${name} (nats)`, unit: 'nats' } : { loss: name };
