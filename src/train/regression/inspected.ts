import type { Tabular } from '../../data/index.js';
import { rootMeanSquaredError } from '../../metrics/index.js';
import { foldIn, type Key, key as makeKey } from '../../runtime/random/index.js';
import { importanceSection } from '../inspection/importance.js';
import type { Found } from '../inspection/subject.js';
import { diagonal, shareChart } from '../pages/charts.js';
import type { TrainConfig } from '../settings.js';
import type { RowAnswers } from './answers.js';
import { type Recalibrated, recalibrated } from './recalibration.js';

/** What an inspection finds of a regression on the test set: what the columns are worth, and what recalibration would make of its forecasts. */
export async function inspected(
  answersTo: (rows: Pick<Tabular, 'features' | 'targets'>) => Promise<RowAnswers>,
  test: Tabular,
  { seed, loss }: Pick<TrainConfig, 'seed' | 'loss'>,
): Promise<Found> {
  const unit = test.unit ?? 'units of the target';
  const errorOf = async (features: Tabular['features']) => {
    const { prediction, targets } = await answersTo({ ...test, features });
    return rootMeanSquaredError(prediction, targets);
  };
  const [forOrders, forHalves] = [0, 1].map((i) => foldIn(makeKey(seed), 200 + i) as Key);
  const error = await errorOf(test.features);
  const calibration = recalibrated(await answersTo(test), forHalves);
  return {
    examples: 'rows',
    loss: loss.name,
    facts: [
      [`root mean squared error, test set, ${unit}`, error.toPrecision(4)],
      ...(calibration
        ? ([
            ['calibration error, test set', calibration.errorBefore.toFixed(4)],
            ['recalibrated, each half by the other', calibration.errorAfter.toFixed(4)],
          ] as const)
        : []),
    ],
    sections: [
      ...(calibration ? [{ heading: 'Recalibration', body: recalibrationChart(calibration) }] : []),
      await importanceSection(test, errorOf, { key: forOrders, error: `root mean squared error (${unit})` }),
    ],
  };
}

function recalibrationChart({ before, after }: Recalibrated): string {
  const series = (name: string, of: Recalibrated['before']) => ({
    name,
    points: of.map(({ level, observed }) => ({ x: level, y: observed })),
    markers: true,
  });
  const chart = shareChart([series('as trained', before), series('recalibrated', after), diagonal('calibrated')], {
    title: 'Observed share by level, before and after recalibration',
    x: 'level',
    y: 'share of targets at or below the quantile',
  });
  return `<p>How often test targets were at most the quantile of each level, and how often after each half of them was corrected by what the other half says: distributions by linear recalibration, quantiles by conformal shifts.</p><div class="charts"><figure>${chart}</figure></div>`;
}
