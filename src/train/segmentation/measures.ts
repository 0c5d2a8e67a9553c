import { accuracy, classCounts, meanIou } from '../../metrics/index.js';
import type { NDArray } from '../../tensor/index.js';

/** What a segmentation is measured by, pixels of all pictures together: means over the classes that are there or predicted. */
export function segmentationMeasures(predicted: NDArray, masks: NDArray, classes: number) {
  const dice = classCounts(predicted, masks, { classes }).flatMap((c) => {
    const both = 2 * c.truePositives + c.falsePositives + c.falseNegatives;
    return both === 0 ? [] : [(2 * c.truePositives) / both];
  });
  return {
    meanIou: meanIou(predicted, masks, { classes }),
    dice: dice.reduce((a, b) => a + b, 0) / Math.max(1, dice.length),
    pixelAccuracy: accuracy(predicted, masks),
  };
}
