import { answers } from './answers.js';
import { calibration } from './calibration.js';
import { classification } from './classification.js';
import { curves } from './curves.js';
import { detection } from './detection.js';
import type { MetricEntry } from './entry.js';
import { regression } from './regression.js';
import { representation } from './representation.js';
import { text } from './text.js';

/** Every measure, by the name of its export. */
export const entries: Record<string, MetricEntry> = {
  ...answers,
  ...calibration,
  ...classification,
  ...curves,
  ...detection,
  ...regression,
  ...representation,
  ...text,
};
