import { z } from 'zod';
import type { LabelledOptions } from '../../losses/index.js';
import { constant, type Tensor } from '../../tensor/index.js';
import type { Chosen } from '../options/choice.js';

/** How much samples count by their label, as settings say it: options of every loss of classes. */
export const countOptions = {
  /** Of each class; `balanced`: so that the samples of all classes together weigh alike. */
  weight: z
    .union([z.array(z.number().min(0)).min(1), z.literal('balanced')], {
      error: ({ input }) =>
        `${JSON.stringify(input)} must be a list of numbers of at least 0, one a class, or balanced`,
    })
    .optional(),
  ignoreIndex: z.number().int().optional(),
};

export interface CountOptions {
  readonly weight?: readonly number[] | 'balanced';
  readonly ignoreIndex?: number;
}

/** The same as a loss takes them. */
export type Counts = Pick<LabelledOptions, keyof CountOptions>;

/**
 * Options as a loss takes them: weights as a tensor of the dtype of what they weigh.
 *
 * @throws TypeError for weights that are still to be balanced: see {@link withClassWeights}.
 */
export function counted<O extends CountOptions>(
  options: O,
  { dtype }: Tensor,
): Omit<O, 'weight'> & Pick<LabelledOptions, 'weight'> {
  const { weight, ...rest } = options;
  if (weight === 'balanced') throw new TypeError('train: weight balanced needs the labels of a training set');
  return { ...rest, ...(weight && { weight: constant([...weight], dtype) }) };
}

/**
 * Weights with which all classes weigh alike, n / (classes * count), with n samples in so many classes that have any; 0 for those that have none.
 * What scikit-learn's `class_weight='balanced'` is.
 */
export function balancedWeights(labels: ArrayLike<number>, classes: number, ignoreIndex?: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++)
    if (labels[i] !== ignoreIndex && labels[i] >= 0 && labels[i] < classes) counts[labels[i]]++;
  const present = counts.filter((count) => count > 0).length;
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => (count === 0 ? 0 : total / (present * count)));
}

/** A chosen loss as it is tried on made-up examples: with weights that fit so many classes, balanced ones left out. */
export function onTrial(chosen: Chosen): { readonly chosen: Chosen; readonly classes: number } {
  const { weight, ...options } = chosen.options as CountOptions;
  if (weight === 'balanced') return { chosen: { ...chosen, options }, classes: 3 };
  return { chosen, classes: typeof weight === 'object' ? weight.length : 3 };
}

/**
 * A chosen loss whose weights are numbers, one for each class, balanced by the labels of the training set where it says so.
 *
 * @throws Error of one line where there are more or fewer weights than classes.
 */
export function withClassWeights(who: string, chosen: Chosen, labels: ArrayLike<number>, classes: number): Chosen {
  const { weight, ignoreIndex } = chosen.options as CountOptions;
  // Other losses have a weight that is a number.
  if (typeof weight !== 'object' && weight !== 'balanced') return chosen;
  if (weight === 'balanced')
    return { ...chosen, options: { ...chosen.options, weight: balancedWeights(labels, classes, ignoreIndex) } };
  if (weight.length !== classes)
    throw new Error(
      `${who}: loss ${chosen.name} has ${weight.length} weights, but there are ${classes} classes: one for each is needed`,
    );
  return chosen;
}
