import * as losses from '../../../src/losses/index.js';
import type { Example } from '../differentiable.js';
import { adaptation } from './adaptation.js';
import { classification } from './classification.js';
import { contrastive } from './contrastive.js';
import { detection } from './detection.js';
import { distillation } from './distillation.js';
import { generation, sequences } from './generation.js';
import { images } from './images.js';
import { kernels } from './kernels.js';
import { margin } from './margin.js';
import { metric } from './metric.js';
import { noise } from './noise.js';
import { regression } from './regression.js';
import { regularizers, selfSupervised } from './representation.js';
import { segmentation } from './segmentation.js';

/** An example of every loss, and of what losses are made of, by the name of the export; with more behind a colon where one has several ways. */
export const examples: Record<string, Example> = {
  ...adaptation,
  ...classification,
  ...contrastive,
  ...detection,
  ...distillation,
  ...generation,
  ...images,
  ...kernels,
  ...margin,
  ...metric,
  ...noise,
  ...regression,
  ...regularizers,
  ...segmentation,
  ...selfSupervised,
  ...sequences,
};

/** Functions of plain numbers: what they give. */
export const plain: Record<string, () => readonly (readonly [actual: number, expected: number])[]> = {
  uniformityOptimum: () => [
    // On the circle: log of e^-4 I0(4).
    [losses.uniformityOptimum(2), Math.log(11.30192195213633) - 4],
  ],
  sphereFace2Bias: () => [
    [losses.sphereFace2Bias(10), 12.950177875501316],
    [losses.sphereFace2Bias(1000, { scale: 5 }), -4.307161494367542],
  ],
  whitenedEigenvalue: () => [
    [losses.whitenedEigenvalue(0), 0],
    [losses.whitenedEigenvalue(1), 1],
    [losses.whitenedEigenvalue(0.25, 1), (0.5 * 2.75 * 0.5) ** 2],
  ],
  initialNormStatistics: () => {
    const { mean, deviation } = losses.initialNormStatistics();
    return [
      [mean.data[0], 20],
      [deviation.data[0], 100],
    ];
  },
};
