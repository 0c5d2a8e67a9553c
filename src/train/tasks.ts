import { classification } from './classification/task.js';
import { depth } from './depth/task.js';
import { detection } from './detection/task.js';
import { embedding } from './embedding/task.js';
import { generation } from './generation/task.js';
import { reconstruction } from './images/reconstruction.js';
import { ranking } from './ranking/task.js';
import { reading } from './reading/task.js';
import { regression } from './regression/task.js';
import { segmentation } from './segmentation/task.js';
import type { TrainingTask } from './task.js';

/** The kinds of training by name. Where a configuration names none, the first that takes its data and its loss is meant. */
export const tasks: Readonly<Record<string, TrainingTask>> = {
  classification,
  embedding,
  regression,
  ranking,
  reconstruction,
  generation,
  depth,
  segmentation,
  detection,
  reading,
};
