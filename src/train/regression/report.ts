import type { Tabular } from '../../data/index.js';
import { bandChart, diagonal, scatterChart, shareChart, thinned } from '../pages/charts.js';
import { escapeHtml, percent } from '../pages/html.js';
import type { RunRecord } from '../pages/report.js';
import { coverageOf, intervalsOf, type RowAnswers, rowMeasures } from './answers.js';

type Sections = NonNullable<RunRecord['sections']>;

/** What a report shows of a regression: predictions, errors, and of distributions and quantiles how they fit what came true. */
export function regressionSections(answers: RowAnswers, of: Omit<Tabular, 'targets'>): Sections {
  const name = of.unit === undefined ? of.target : `${of.target} (${of.unit})`;
  return [
    { heading: 'Measures on the test set', body: `${dataWords(answers, of, name)}${measureTable(answers, of.unit)}` },
    { heading: 'Predictions and errors', body: predictionCharts(answers, name) },
    ...forecastSections(answers, name),
  ];
}

function dataWords(
  { targets }: RowAnswers,
  { columns, features }: Pick<Tabular, 'columns' | 'features'>,
  name: string,
): string {
  return `<p>${escapeHtml(name)} from ${columns.map(escapeHtml).join(', ')}; ${features.shape[0]} rows to train on, ${targets.shape[0]} to measure on.</p>`;
}

function measureTable(answers: RowAnswers, unit = 'unit of the target'): string {
  const measures = rowMeasures(answers);
  const intervals = intervalsOf(answers);
  const inUnit = (value: number) => `${value.toPrecision(4)} ${escapeHtml(unit)}`;
  const words: Readonly<Record<string, readonly [string, (value: number) => string]>> = {
    error: ['root mean squared error', inUnit],
    meanAbsoluteError: ['mean absolute error', inUnit],
    r2: ['share of the variance explained (R squared)', (value) => value.toFixed(4)],
    poissonDeviance: ['mean Poisson deviance', (value) => value.toPrecision(4)],
    pinballLoss: ['mean pinball loss over all levels', inUnit],
    negativeLogLikelihood: ['mean negative log-likelihood', (value) => `${value.toFixed(4)} nats`],
    crps: ['continuous ranked probability score', inUnit],
    coverage: [`targets within intervals that should cover ${percent(intervals?.level ?? 0, 0)}`, percent],
    intervalWidth: ['mean width of these intervals', inUnit],
    calibrationError: ['calibration error: mean distance of levels and what was observed', (value) => value.toFixed(4)],
  };
  const rows = Object.entries(measures).map(([name, value]) => {
    const [label, shown] = words[name];
    return `<tr><th scope="row">${label}</th><td>${shown(value)}</td></tr>`;
  });
  return `<table class="config"><tbody>${rows.join('')}</tbody></table>`;
}

function predictionCharts({ targets, prediction }: RowAnswers, name: string): string {
  const all = Array.from(targets.data, (target, i) => ({ target, said: prediction.data[i] }));
  const shown = thinned(all);
  const ends = (values: readonly number[]) => [Math.min(...values), Math.max(...values)];
  const [low, high] = ends(shown.map(({ target }) => target));
  const [from, to] = ends(shown.map(({ said }) => said));
  const count = `${shown.length} test samples`;
  const charts = [
    scatterChart(
      shown.map(({ target, said }) => ({ x: target, y: said })),
      [low, high].map((v) => ({ x: v, y: v })),
      { title: `Predictions by target, ${count}`, x: name, y: 'prediction' },
    ),
    scatterChart(
      shown.map(({ target, said }) => ({ x: said, y: said - target })),
      [from, to].map((v) => ({ x: v, y: 0 })),
      { title: `Errors by prediction, ${count}`, x: `prediction of ${name}`, y: 'prediction less target' },
    ),
  ];
  return `<p>Test samples; on the dashed lines predictions are right.</p>${figures(charts)}`;
}

function forecastSections(answers: RowAnswers, name: string): Sections {
  const intervals = intervalsOf(answers);
  const coverage = coverageOf(answers);
  const n = answers.targets.shape[0];
  const calibration = coverage &&
    coverage.length > 1 && {
      heading: 'Calibration',
      body: `<p>How often targets were at most the quantile of each level. On the diagonal forecasts are calibrated; an S that is flat in the middle means that they are too sure.</p>${figures(
        [
          shareChart(
            [
              {
                name: 'test set',
                points: coverage.map(({ level, observed }) => ({ x: level, y: observed })),
                markers: true,
              },
              diagonal('calibrated'),
            ],
            {
              title: `Observed share by level, ${n} test samples`,
              x: 'level',
              y: 'share of targets at or below the quantile',
            },
          ),
        ],
      )}`,
    };
  const order = [...answers.prediction.data.keys()];
  const shown = thinned(
    order.sort((a, b) => answers.prediction.data[a] - answers.prediction.data[b]),
    200,
  );
  const bands = intervals && {
    heading: `Intervals of ${percent(intervals.level, 0)}`,
    body: `<p>Test samples in the order of their predictions; points are the targets.</p>${figures([
      bandChart(
        shown.map((i, x) => ({
          x,
          y: answers.targets.data[i],
          middle: answers.prediction.data[i],
          lower: intervals.lower.data[i],
          upper: intervals.upper.data[i],
        })),
        { title: `Intervals and targets of ${shown.length} test samples`, x: 'rank of the prediction', y: name },
      ),
    ])}`,
  };
  return [...(bands ? [bands] : []), ...(calibration ? [calibration] : [])];
}

const figures = (charts: readonly string[]): string =>
  `<div class="charts">${charts.map((chart) => `<figure>${chart}</figure>`).join('\n')}</div>`;
