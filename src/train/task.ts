import type { DownloadProgress } from '../data/index.js';
import type { Schedule } from '../optim/index.js';
import type { Subject } from './inspection/subject.js';
import type { Measured, RunResult, Task } from './loop.js';
import type { Choice, Chosen } from './options/choice.js';
import type { RunRecord, RunSummary } from './pages/report.js';
import type { TrainConfig, TrainSettings } from './settings.js';
import type { Examples, TrainState } from './step.js';

type Choices = Readonly<Record<string, Choice<unknown>>>;

/** A kind of training that a configuration can ask for: what it takes by name, and how it is made ready. */
export interface TrainingTask {
  /** In a few words, for the help. */
  readonly summary: string;
  /** Data sets by name, the default first. */
  readonly data: readonly string[];
  /** What its data have beside images or rows, in the plural. Default: nothing. */
  readonly needs?: string;
  /** Whether it takes data that has no such name: a path. Default: none. */
  readonly takes?: (data: string) => boolean;
  /** The default first. */
  readonly models: readonly string[];
  readonly losses: Choices;
  /** Puts a loss in a program of made-up examples, so that it refuses options out of their range when they are read. Default: not done. */
  readonly attempt?: (loss: Chosen) => void;
  /** The loss that it trains on unless another is named, with options where it has any. */
  readonly loss: string;
  readonly augmentations: Choices;
  readonly regularizers: Choices;
  /** What inputs go through and targets do not. Default none. */
  readonly degradations?: Choices;
  /** What outputs go through before the loss sees them. Default none. */
  readonly transmissions?: Choices;
  /** Settings that not every task takes but this one does. Default none. */
  readonly settings?: readonly string[];
  /** The setting by which it is meant where no task is named. Default none. */
  readonly impliedBy?: string;
  /** Where they differ from those of every task. Default none. */
  readonly defaults?: TrainSettings;
  /** Where they differ with a loss by its name. Default none. */
  readonly defaultsWith?: Readonly<Record<string, TrainSettings>>;
  /** @throws Error of one line where data and settings do not fit. */
  prepare(config: TrainConfig, options: PrepareOptions): Promise<Training>;
}

export interface PrepareOptions {
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/** A task made ready for a configuration: its data read, its model and steps made. */
export interface Training<B extends Examples = Examples, E extends Measured = Measured> {
  readonly task: Task<B, E>;
  /** The learning rate of each of `steps` steps. */
  readonly schedule: Schedule;
  readonly steps: number;
  /** The model for inference with the weights of a state. */
  exported(state: TrainState): Uint8Array;
  /** What the result holds beside loss and measures of the test set, and what the report shows beside curves and settings. */
  shown(run: RunResult<E> & { readonly evaluation: E }): Promise<Shown>;
  /** What `inspect` looks at. @throws Error of one line where there is no one loss to look at. */
  subject(state: TrainState): Promise<Subject>;
}

export interface Shown {
  readonly result?: Partial<RunSummary>;
  readonly record: Omit<RunRecord, 'config' | 'result' | 'metrics'>;
}
