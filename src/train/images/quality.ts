import type { NDArray } from '../../tensor/index.js';
import { equalLooks, lineChart } from '../pages/charts.js';
import type { RunRecord } from '../pages/report.js';
import { worstFirst } from '../scenes/figures.js';
import { pictureTable } from './pictures.js';

/** Mean squared errors of images in [0, 1], one each: of what a model made, and of what it was given where that differs from the target. */
export interface ImageErrors {
  readonly outputs: NDArray;
  readonly inputs?: NDArray;
}

type Pictures = readonly { readonly name: string; readonly images: NDArray<'uint8'> }[];

/** How good the images of a test set are: how many are how good, and the worst of them. @param look images by name at some places. */
export async function qualitySections(
  errors: ImageErrors,
  look: (places: readonly number[]) => Promise<Pictures>,
): Promise<NonNullable<RunRecord['sections']>> {
  const columns = await look(worstFirst(Array.from(errors.outputs.data, Number), 16).slice(0, 8));
  const named = (wanted: string) => columns.find(({ name }) => name === wanted)?.images as NDArray<'uint8'>;
  const words =
    'The test images with the largest mean squared errors, the worst first. Differences, output less target: grey is none, white or black as much as there can be.';
  return [
    { heading: 'Quality by image', body: qualityChart(errors) },
    {
      heading: 'The largest errors',
      body: pictureTable(
        [...columns, { name: 'difference', images: difference(named('output'), named('target')) }],
        words,
      ),
    },
  ];
}

const difference = (a: NDArray<'uint8'>, b: NDArray<'uint8'>): NDArray<'uint8'> => ({
  ...a,
  data: a.data.map((byte, at) => Math.round(127.5 + (byte - b.data[at]) / 2)),
});

function qualityChart({ outputs, inputs }: ImageErrors): string {
  const curve = (errors: NDArray) => {
    const worst = Array.from(errors.data, Number).sort((a, b) => b - a);
    const levels = Array.from({ length: 51 }, (_, k) => k / 50);
    return levels.map((share) => ({
      x: share,
      y: -10 * Math.log10(Math.max(1e-12, worst[Math.min(worst.length - 1, Math.floor(share * worst.length))])),
    }));
  };
  const chart = lineChart(
    [{ name: 'outputs', points: curve(outputs) }, ...(inputs ? [{ name: 'inputs', points: curve(inputs) }] : [])],
    {
      title: 'Peak signal-to-noise ratio by image',
      x: 'share of the test images that are worse',
      y: 'peak signal-to-noise ratio (dB)',
      xDomain: [0, 1],
      looks: equalLooks,
    },
  );
  return `<p>Test images from the worst to the best.</p><div class="charts"><figure>${chart}</figure></div>`;
}
