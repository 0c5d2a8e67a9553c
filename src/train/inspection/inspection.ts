import type { NeuralCollapse } from '../../diagnostics/index.js';
import type { ReliabilityBin } from '../../metrics/index.js';
import type { Neighbourhood } from '../embedding/neighbours.js';
import type { EmbeddingScores } from '../embedding/scores.js';
import type { RunRecord } from '../pages/report.js';

/** How sure answers are, and how often they are right: what calibration is seen by. Errors are of 15 bins. */
export interface Calibration {
  /** How often predictions of each confidence are right. */
  readonly reliability: readonly ReliabilityBin[];
  /** Expected, adaptive, maximum and, of classes, classwise calibration error. */
  readonly calibrationError: number;
  readonly adaptiveCalibrationError: number;
  readonly maximumCalibrationError: number;
  readonly classwiseCalibrationError?: number;
}

/** What is known of a model's answers on the test set. */
export interface Answers extends Calibration {
  /** What each of them is about, in the plural. Default: samples. */
  readonly of?: string;
  /** What an answer is sure of. Default: the probability of the predicted class. */
  readonly confidence?: string;
  /** Counts of (true class, predicted class). */
  readonly confusion: readonly (readonly number[])[];
  /** What the confusion counts, where it is not what calibration is seen by. */
  readonly confused?: string;
}

/** What a trained run looks like from near. */
export interface Inspection {
  readonly run: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Of answers and neighbours. */
  readonly classes?: readonly string[];
  /** Training examples that the loss was looked at on, and what they are. Default: images. */
  readonly samples: number;
  readonly examples?: string;
  /** The loss that is looked at around the weights: cross-entropy of classifiers, of most others the run's own. */
  readonly loss: string;
  /** Its unit. Default: none. */
  readonly unit?: string;
  /** Of what answers with classes. */
  readonly answers?: Answers;
  /** Of classifiers that end in a linear layer, on `collapseSamples` training images. */
  readonly collapse?: NeuralCollapse;
  readonly collapseSamples?: number;
  /** Of embeddings. */
  readonly scores?: EmbeddingScores;
  /** Mean squared distance of two test images of one class, and logarithm of the mean Gaussian potential, of features of length 1. */
  readonly spread?: { readonly alignment: number; readonly uniformity: number };
  readonly neighbours?: readonly Neighbourhood[];
  /** What spread and neighbours are of. Default: the last features. */
  readonly features?: string;
  /** What else a task found: numbers in words, the one that counts most first, and markup below headings. */
  readonly facts?: readonly (readonly [label: string, value: string])[];
  readonly sections?: RunRecord['sections'];
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
