import { rowsAt } from '../../data/index.js';
import { type NDArray, sizeOf } from '../../tensor/index.js';
import { bytesOf, pictureTable } from '../images/pictures.js';
import { lineChart } from '../pages/charts.js';
import type { RunRecord } from '../pages/report.js';
import { worstFirst } from '../scenes/figures.js';
import { nearness } from './nearness.js';

/** Test scenes with what was predicted of them: images [n, 3, height, width], depths in metres [n, 1, height, width]. */
export interface DepthAnswers {
  readonly images: NDArray<'uint8'>;
  readonly depths: NDArray<'float32'>;
  readonly predicted: NDArray<'float32'>;
}

/** Errors over true depths that are drawn in black. */
const darkest = 0.5;

/** Where depths are wrong: by how far away things are, and in which scenes. */
export function depthErrors(answers: DepthAnswers): NonNullable<RunRecord['sections']> {
  const { images, depths, predicted } = answers;
  const [n] = depths.shape;
  const size = sizeOf(depths.shape.slice(1));
  const relative = depths.data.map((depth, at) => Math.abs(predicted.data[at] - depth) / depth);
  const ofScenes = Array.from(
    { length: n },
    (_, i) => relative.subarray(i * size, (i + 1) * size).reduce((sum, error) => sum + error, 0) / size,
  );
  const shown = rowsAt(
    {
      images,
      predicted: nearness(predicted),
      depths: nearness(depths),
      errors: bytesOf({ ...depths, data: relative.map((error) => 1 - error / darkest) }),
    },
    worstFirst(ofScenes, 8),
  );
  const columns = [
    { name: 'image', images: shown.images },
    { name: 'predicted', images: shown.predicted },
    { name: 'true', images: shown.depths },
    { name: 'error', images: shown.errors },
  ];
  const words = `Test scenes, those with the largest mean relative error first. Depths: nearer is brighter. Errors over the true depth: white is none, black ${darkest} or more.`;
  return [
    { heading: 'Errors by distance', body: errorsByDistance(depths.data, relative) },
    { heading: 'Where errors are', body: pictureTable(columns, words) },
  ];
}

/** Pixels in so many parts of one size each by their true depth. */
const parts = 10;

function errorsByDistance(depths: Float32Array, relative: Float32Array): string {
  const order = Float64Array.from(depths.keys()).sort((a, b) => depths[a] - depths[b]);
  const points = Array.from({ length: parts }, (_, k) => {
    const these = order.subarray((k * order.length) / parts, ((k + 1) * order.length) / parts);
    const mean = (of: Float32Array) => these.reduce((sum, at) => sum + of[at], 0) / these.length;
    return { x: mean(depths), y: mean(relative) };
  });
  const chart = lineChart([{ name: `test set, a tenth of the pixels each`, points, markers: true }], {
    title: 'Relative error by true depth',
    x: 'true depth (metres)',
    y: 'mean relative error (share of the true depth)',
  });
  return `<p>Pixels of the test set by how far away they are.</p><div class="charts"><figure>${chart}</figure></div>`;
}
