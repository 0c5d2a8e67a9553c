import { z } from 'zod';
import { cMixup, mixExamples, mixup } from '../../augment/index.js';
import { foldIn } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../options/choice.js';

/** Rows of a table on their way to the loss, in the scale in which the loss sees them. */
export interface RowBatch {
  /** [n, columns]. */
  readonly x: Tensor;
  /** [n]. */
  readonly y: Tensor;
}

export type RowAugmentation = (batch: RowBatch, key: Tensor, all: TrainingRows) => RowBatch;

/** The whole training set, for whoever needs it. */
export interface TrainingRows {
  readonly rows: number;
  read(): RowBatch;
}

/** More training rows than these are not compared with those of every batch. */
const mostInPool = 20_000;

const alpha = z.number().min(0).optional();
const perExample = z.boolean().optional();
const column = ({ x, y }: RowBatch) => ({ x, y: y.expandDims(1) });

/**
 * How rows and the numbers to predict are mixed, by the names of the functions; each takes its function's options. `cMixup` draws partners from the
 * whole training set, or with `pool=batch`, and where that is larger than 20,000 rows, from the batch; its bandwidth is in deviations of the target.
 */
export const rowAugmentations: Readonly<Record<string, Choice<RowAugmentation>>> = {
  cMixup: choice(
    {
      bandwidth: z.number().positive(),
      kernel: z.enum(['gaussian', 'tophat']).optional(),
      alpha,
      perExample,
      pool: z.enum(['all', 'batch']).optional(),
    },
    ({ pool = 'all', ...options }) =>
      (batch, key, all) => {
        const from = pool === 'all' && all.rows <= mostInPool ? all.read() : batch;
        const mixed = cMixup(column(batch), column(from), key, options);
        return { x: mixed.x, y: mixed.y.squeeze(1) };
      },
  ),
  mixup: choice({ alpha, perExample }, (options) => ({ x, y }, key) => {
    const mixture = mixup(x, key, options);
    return { x: mixture.x, y: mixExamples(y, y.gather(mixture.partner), mixture.share) };
  }),
};

/** Rows after all augmentations, one after the other, each with randomness of its own. */
export const mixedRows = (
  steps: readonly RowAugmentation[],
  batch: RowBatch,
  key: Tensor,
  all: TrainingRows,
): RowBatch => steps.reduce((b, step, i) => step(b, foldIn(key, i), all), batch);
