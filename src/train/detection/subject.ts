import type { Columns, Scenes } from '../../data/index.js';
import type { Tensor } from '../../tensor/index.js';
import { calibrationOfAnswers } from '../inspection/calibration.js';
import { firstOf, ofScenes, ownLoss, type Subject } from '../inspection/subject.js';
import { shareChart } from '../pages/charts.js';
import { inUnitRange, modelVariables, type PictureModel } from '../scenes/model.js';
import type { Tensors, TrainState } from '../step.js';
import { type Detections, type Objects, objectsOf } from './detect.js';
import { type GridTarget, readGrid } from './grid.js';
import type { DetectionObjective } from './losses.js';
import { leastShown, matched, surest } from './report.js';

export interface DetectionSubjectOptions {
  /** Pictures with the targets of their grids. */
  readonly train: Columns;
  readonly test: Scenes;
  /** In the pictures of the test set. */
  readonly found: readonly Detections[];
  /** In words, the one that counts most first. */
  readonly measured: readonly (readonly [string, string])[];
  readonly objective: DetectionObjective;
  readonly lossName: string;
}

/** What an inspection looks at of a detector: the run's own loss around the weights, and each detection as an answer. */
export function detectionSubject(
  { infer }: Pick<PictureModel<never>, 'infer'>,
  state: TrainState,
  { train, test, found, measured, objective, lossName }: DetectionSubjectOptions,
): Subject {
  const objects = objectsOf(test);
  const judged = judgedDetections(found, objects);
  return {
    examples: firstOf(train),
    usual: ofScenes,
    params: state.params,
    rest: state.buffers,
    lossOf: (params, buffers, { images, ...target }) => {
      const answers = infer(modelVariables(params as Tensors, buffers as Tensors), inUnitRange(images as Tensor));
      const { loss } = params as { readonly loss: Tensors };
      return objective.loss(readGrid(answers), target as unknown as GridTarget, loss);
    },
    found: {
      classes: [...test.classes, 'nothing'],
      examples: 'scenes',
      ...ownLoss(lossName),
      facts: measured,
      answers: {
        ...calibrationOfAnswers(
          judged.map(({ score }) => score),
          judged.map(({ right }) => right),
        ),
        of: 'detections',
        confidence: 'score',
        confusion: detectionConfusion(found, objects, test.classes.length),
        confused: 'objects',
      },
      sections: [
        {
          heading: 'Precision and recall',
          body: trade(
            judged,
            objects.reduce((sum, { labels }) => sum + labels.length, 0),
          ),
        },
      ],
    },
  };
}

interface Judged {
  readonly score: number;
  readonly right: boolean;
}

/** All detections, the surest first, and whether each is of an object of its class, by an IoU of 0.5 or more, that no surer one has. */
export const judgedDetections = (found: readonly Detections[], there: readonly Objects[]): Judged[] =>
  found
    .flatMap((detections, i) =>
      matched(detections, there[i]).map((j, k) => ({ score: detections.scores[k], right: j >= 0 })),
    )
    .sort((a, b) => b.score - a.score);

/**
 * Counts of (true class, class that was found), where boxes overlap by an IoU of 0.5 or more whatever their classes; the last row and column are
 * nothing: what was found where nothing is, and what was missed. Of detections that a report shows.
 */
export function detectionConfusion(
  found: readonly Detections[],
  there: readonly Objects[],
  classes: number,
): number[][] {
  const counts = Array.from({ length: classes + 1 }, () => new Array<number>(classes + 1).fill(0));
  found.forEach((all, i) => {
    const detections = surest(all);
    const objects = there[i].labels;
    const taken = matched(detections, there[i], { anyClass: true });
    taken.forEach((j, k) => {
      counts[j < 0 ? classes : objects[j]][detections.labels[k]]++;
    });
    for (const [j, label] of objects.entries()) if (!taken.includes(j)) counts[label][classes]++;
  });
  return counts;
}

/** How precision falls and recall grows the fewer detections are left out. @param judged the surest first. */
function trade(judged: readonly Judged[], objects: number): string {
  const levels = Array.from({ length: 19 }, (_, k) => 0.05 * (k + 1));
  const points = levels.map((level) => {
    const kept = judged.filter(({ score }) => score >= level);
    const right = kept.filter((one) => one.right).length;
    return {
      level,
      precision: kept.length === 0 ? Number.NaN : right / kept.length,
      recall: right / Math.max(1, objects),
    };
  });
  const series = (name: 'precision' | 'recall') => ({
    name,
    points: points.flatMap((point) => (Number.isNaN(point[name]) ? [] : [{ x: point.level, y: point[name] }])),
    markers: true,
  });
  const chart = shareChart([series('precision'), series('recall')], {
    title: 'Precision and recall by least score',
    x: 'least score of a detection that counts',
    y: 'share of detections, of objects',
  });
  return `<p>Of the detections with at least a score, all classes together: the share that is right (precision, of a class with an IoU of 0.5 or more), and the share of the objects that they are of (recall). Reports show those from ${leastShown} on.</p><div class="charts"><figure>${chart}</figure></div>`;
}
