import type { Dataset } from '../../data/index.js';
import { reduceLabelled } from '../../losses/labelled.js';
import type { Tensor } from '../../tensor/index.js';
import type { AugmentedBatch } from '../options/augmentations.js';
import type { Arrays, Tensors } from '../step.js';
import type { ClassifierLoss } from './losses.js';

/** What a regulariser of a classifier may look at. */
export interface RegularizerInput {
  /** The batch that the loss is of. */
  readonly batch: AugmentedBatch;
  /** Places of its examples in the training set, [n]. */
  readonly indices: Tensor;
  /** Of its images, [n, classes]. */
  readonly logits: Tensor;
  /** Logits of other images, in training mode, with the same dropout masks; updates of running statistics are not kept. */
  readonly model: (images: Tensor) => Tensor;
  /** The loss that is trained on. */
  readonly loss: ClassifierLoss;
  readonly key: Tensor;
  /** Counted from 0, an integer scalar. */
  readonly epoch: Tensor;
  /** Of the run, all of them; Infinity where it has no end that is known. */
  readonly epochs: number;
  /** Of how many domains the batch is made, equal parts one after the other; undefined where there are none. */
  readonly domains: number | undefined;
  /** The label of samples that the loss does not count. Default: none. */
  readonly ignoreIndex?: number;
  /** What it keeps. */
  readonly carried: Tensors;
}

/** Of what sizes a regulariser makes what it keeps. */
export interface TrainingSize {
  /** Of the training set. */
  readonly examples: number;
  readonly classes: number;
  /** Of the run. Default: Infinity, it has no end that is known. */
  readonly epochs?: number;
}

/** A number that is added to the loss, with what belongs to it. */
export interface ClassifierRegularizer {
  /** Whether it compares domains. Default false. */
  readonly ofDomains?: boolean;
  /** Why it would do nothing in a run of so many epochs; undefined where it does something. Default: it does. */
  readonly idle?: (epochs: number) => string | undefined;
  /** Makes it ready for the images and labels that it will be trained on. Default: it is. */
  readonly fitted?: (data: Dataset) => Promise<ClassifierRegularizer>;
  /** What it keeps from step to step, before the first. Default nothing. */
  readonly state?: (size: TrainingSize) => Arrays;
  readonly penalty: (input: RegularizerInput) => { readonly value: Tensor; readonly carried?: Tensors };
}

/** One that keeps nothing. */
export const plain = (penalty: (input: RegularizerInput) => Tensor): ClassifierRegularizer => ({
  penalty: (input) => ({ value: penalty(input) }),
});

/** The mean over the samples that count, of something [n, ...] of each. */
export const meanOfLabelled = (x: Tensor, logits: Tensor, labels: Tensor, ignoreIndex?: number): Tensor =>
  ignoreIndex === undefined ? x.mean() : reduceLabelled('train', x, logits, labels, { ignoreIndex });
