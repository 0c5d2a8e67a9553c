import type { NDArray } from '../tensor/index.js';
import { lineChart, smoothed, thinned } from './charts.js';
import { escapeHtml, page, percent, section, showSetting } from './html.js';
import type { MetricLine } from './metrics-log.js';
import { pngAddress } from './png.js';

export interface SamplePrediction {
  /** [channels, height, width], 0 to 255. */
  readonly image: NDArray<'uint8'>;
  readonly label: number;
  readonly predicted: number;
  /** Of the prediction, in [0, 1]. */
  readonly confidence: number;
}

export interface RunSummary {
  readonly testAccuracy: number;
  readonly testLoss: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly seed: number;
}

/** All that a report shows. */
export interface RunRecord {
  readonly config: Readonly<Record<string, unknown>>;
  readonly result: RunSummary;
  readonly metrics: readonly MetricLine[];
  /** Counts of (true class, predicted class). */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly string[];
  readonly samples: readonly SamplePrediction[];
}

/** A run as one page that needs nothing else: curves, confusion matrix, and the pictures it got wrong. */
export function renderReport(run: RunRecord): string {
  const { config, result, classes } = run;
  const title = `${config.model ?? 'model'} on ${config.data ?? 'data'}`;
  return page(
    `${title} - training report`,
    `<h1>${escapeHtml(title)}</h1>
<p class="summary"><b>${percent(result.testAccuracy)}</b> test accuracy, test loss ${result.testLoss.toFixed(4)} nats, ${result.epochs} ${result.epochs === 1 ? 'epoch' : 'epochs'} in ${result.seconds.toFixed(1)} s, seed ${result.seed}</p>
${curves(run)}
${section('Confusion matrix', confusionTable(run))}
${section('By class', classTable(run.confusion, classes))}
${section('Sample predictions', gallery(run))}
${section('Configuration', configTable(config))}`,
  );
}

function curves({ config, metrics, result }: RunRecord): string {
  const steps = metrics.filter((line) => line.loss !== undefined);
  const tests = metrics.filter((line) => line.testLoss !== undefined);
  const curve = (lines: readonly MetricLine[], of: (line: MetricLine) => number | undefined) =>
    lines.map((line) => ({ x: line.step, y: of(line) ?? Number.NaN }));
  const losses = curve(steps, (line) => line.loss);
  const accuracies = curve(steps, (line) => line.accuracy);
  const seed = `seed ${result.seed}`;
  const training = (points: { x: number; y: number }[], what: string) => [
    { name: 'training batch', points: thinned(points) },
    { name: `training, moving average`, points: thinned(smoothed(points)) },
    {
      name: `test set, after each epoch`,
      points: curve(tests, (line) => (what === 'loss' ? line.testLoss : line.testAccuracy)),
      markers: true,
    },
  ];
  const charts = [
    [
      'Loss',
      lineChart(training(losses, 'loss'), {
        title: `Loss by step, ${seed}`,
        x: `step (${seed})`,
        y: lossAxis(config),
      }),
    ],
    [
      'Accuracy',
      lineChart(training(accuracies, 'accuracy'), {
        title: `Accuracy by step, ${seed}`,
        x: `step (${seed})`,
        y: 'accuracy (share of samples)',
        yDomain: [
          Math.min(
            0.9,
            ...smoothed(accuracies)
              .slice(20)
              .map((p) => p.y),
          ),
          1,
        ],
      }),
    ],
    [
      'Learning rate',
      lineChart([{ name: 'learning rate', points: thinned(curve(steps, (line) => line.learningRate)) }], {
        title: `Learning rate by step, ${seed}`,
        x: `step (${seed})`,
        y: 'learning rate',
      }),
    ],
  ];
  return `<section class="charts">${charts.map(([name, svg]) => `<figure><figcaption>${name}</figcaption>${svg}</figure>`).join('\n')}</section>`;
}

/** What the axis of losses shows: training has the run's own loss, the test set always cross-entropy. */
function lossAxis({ loss }: RunRecord['config']): string {
  const name = showSetting(loss).split(':')[0];
  return name === '' || name === 'crossEntropy' ? 'cross-entropy (nats)' : `${name}; test set: cross-entropy (nats)`;
}

function confusionTable({ confusion, classes }: RunRecord): string {
  const head = classes.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  const rows = confusion.map((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    const cells = row.map((count, j) => {
      const share = total === 0 ? 0 : count / total;
      // Errors are few: their shade is stretched so that one in a hundred is seen.
      const shade = i === j ? 0.15 + 0.35 * share : Math.min(0.85, Math.sqrt(share) * 2);
      const colour =
        count === 0 ? '' : ` style="background:rgba(${i === j ? '27,79,114' : '176,58,46'},${shade.toFixed(2)})"`;
      return `<td${colour} title="${percent(share)} of class ${escapeHtml(classes[i])}">${count || '<span class="zero">0</span>'}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(classes[i])}</th>${cells.join('')}<td class="total">${total}</td></tr>`;
  });
  const pairs = confusion
    .flatMap((row, i) => row.map((count, j) => ({ i, j, count })))
    .filter(({ i, j, count }) => i !== j && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 3)
    .map(({ i, j, count }) => `${escapeHtml(classes[i])} taken for ${escapeHtml(classes[j])} (${count})`);
  return `<p>Rows are true classes, columns predictions; numbers are test samples.${pairs.length > 0 ? ` Most confused: ${pairs.join(', ')}.` : ''}</p>
<div class="wide"><table class="confusion"><thead><tr><th scope="col">true \\ predicted</th>${head}<th scope="col">samples</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function classTable(confusion: RunRecord['confusion'], classes: readonly string[]): string {
  const rows = confusion.map((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    const predicted = confusion.reduce((sum, other) => sum + other[i], 0);
    const recall = total === 0 ? Number.NaN : row[i] / total;
    const precision = predicted === 0 ? Number.NaN : row[i] / predicted;
    const f1 = (2 * recall * precision) / (recall + precision);
    const cells = [precision, recall, f1].map(
      (value) => `<td>${Number.isNaN(value) ? 'none' : percent(value, 1)}</td>`,
    );
    return `<tr><th scope="row">${escapeHtml(classes[i])}</th>${cells.join('')}<td>${total}</td></tr>`;
  });
  return `<table><thead><tr><th scope="col">class</th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th><th scope="col">samples</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

function gallery({ samples, classes }: RunRecord): string {
  const figures = samples.map(({ image, label, predicted, confidence }) => {
    const right = label === predicted;
    const [is, said] = [escapeHtml(classes[label]), escapeHtml(classes[predicted])];
    const words = right
      ? `${is} <small>${percent(confidence, 0)}</small>`
      : `${said}, is ${is} <small>${percent(confidence, 0)}</small>`;
    return `<figure class="${right ? 'right' : 'wrong'}"><img src="${pngAddress(image)}" alt="a ${is} predicted as ${said}"><figcaption>${right ? '' : '&#10007; '}${words}</figcaption></figure>`;
  });
  return `<p>Wrong predictions first, marked &#10007;, with the confidence of the prediction.</p><div class="gallery">${figures.join('\n')}</div>`;
}

function configTable(config: RunRecord['config']): string {
  const rows = Object.entries(config).map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(showSetting(value))}</td></tr>`,
  );
  return `<table class="config"><tbody>${rows.join('\n')}</tbody></table>`;
}
