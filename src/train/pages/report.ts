import type { NDArray } from '../../tensor/index.js';
import type { Neighbourhood } from '../embedding/neighbours.js';
import type { EmbeddingScores } from '../embedding/scores.js';
import { measureNamed, showValue, testMeasures, testValue } from '../measures.js';
import type { MetricLine } from '../storage/metrics-log.js';
import { lineChart, scatterChart, smoothed, thinned } from './charts.js';
import { escapeHtml, page, percent, section, showSetting } from './html.js';
import { pngAddress } from './png.js';

export interface SamplePrediction {
  /** [channels, height, width], 0 to 255. */
  readonly image: NDArray<'uint8'>;
  readonly label: number;
  readonly predicted: number;
  /** Of the prediction, in [0, 1]. */
  readonly confidence: number;
}

/** What a regression said, and what it should have. */
export interface Estimate {
  readonly target: number;
  readonly predicted: number;
}

/** A text, what it was taken for, and what it is. */
export interface TextPrediction extends Omit<SamplePrediction, 'image'> {
  readonly text: string;
}

export interface RunSummary {
  /** On the test set, as the loss and the measures below. */
  readonly testLoss: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly seed: number;
  /** All scores of models of embeddings. */
  readonly embedding?: EmbeddingScores;
  /** What the task measures, as testAccuracy. */
  readonly [measure: `test${string}`]: number;
}

/** All that a report shows. */
export interface RunRecord {
  readonly config: Readonly<Record<string, unknown>>;
  readonly result: RunSummary;
  readonly metrics: readonly MetricLine[];
  /** Of the target, of regressions of what has one: MPa. */
  readonly unit?: string;
  /** What the losses are, where it is not the one that the settings name. */
  readonly loss?: string;
  /** Where the test set is not measured by the loss that is trained on: which loss it is, with its unit. */
  readonly testLoss?: string;
  /** Counts of (true class, predicted class). */
  readonly confusion?: readonly (readonly number[])[];
  readonly classes?: readonly string[];
  readonly samples?: readonly SamplePrediction[];
  readonly texts?: readonly TextPrediction[];
  readonly estimates?: readonly Estimate[];
  readonly neighbours?: readonly Neighbourhood[];
  /** What else a task shows: markup below a heading. */
  readonly sections?: readonly { readonly heading: string; readonly body: string }[];
}

/** A run as one page that needs nothing else: curves, what its task shows of the test set, and its settings. */
export function renderReport(run: RunRecord): string {
  const { config, result, confusion, classes = [], samples, texts, estimates, neighbours, sections: own = [] } = run;
  const title = `${config.model ?? 'model'} on ${config.data ?? 'data'}`;
  const { testLoss, epochs, seconds, seed, embedding } = result;
  const [first, ...others] = followedOf(run).map((name) => {
    const { label, share, symbol } = measureNamed(name);
    const unit = unitOf(name, run);
    const value = showValue(name, testValue(result, name) ?? Number.NaN);
    return { value, words: `test ${label}${share || symbol ? '' : ` (${unit})`}` };
  });
  const measure = [
    ...(first ? [`<b>${first.value}</b> ${first.words}`] : []),
    ...others.map(({ value, words }) => `${words} ${value}`),
    `test loss ${testLoss.toPrecision(4)}${/\(nats\)/.test(run.testLoss ?? '') ? ' nats' : ''}`,
  ].join(', ');
  const sections = [
    ...(confusion
      ? [
          section('Confusion matrix', confusionTable(confusion, classes)),
          section('By class', classTable(confusion, classes)),
        ]
      : []),
    ...(embedding ? [section('Embeddings of the test set', scoreTable(embedding))] : []),
    ...(neighbours ? [section('Nearest neighbours', neighbourRows(neighbours, classes))] : []),
    ...(estimates ? [section('Predictions and targets', estimateChart(estimates))] : []),
    ...(samples ? [section('Sample predictions', gallery(samples, classes))] : []),
    ...(texts ? [section('Sample predictions', textTable(texts, classes))] : []),
    ...own.map(({ heading, body }) => section(heading, body)),
    section('Configuration', configTable(config)),
  ];
  return page(
    `${title} - training report`,
    `<h1>${escapeHtml(title)}</h1>
<p class="summary">${measure}, ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} in ${seconds.toFixed(1)} s, seed ${seed}</p>
${curves(run)}
${sections.join('\n')}`,
  );
}

/** The measures of the test set that were taken after each epoch; those taken at the end alone are for their task to show. */
const followedOf = ({ result, metrics }: RunRecord): string[] =>
  testMeasures(result).filter((name) => metrics.some((line) => testValue(line, name) !== undefined));

/** The unit of a measure in a run whose target may have one. */
const unitOf = (name: string, { unit }: Pick<RunRecord, 'unit'>): string =>
  unit === undefined ? measureNamed(name).unit : measureNamed(name).unit.replace('units of the target', unit);

function curves(run: RunRecord): string {
  const { config, metrics, result, loss: named, testLoss } = run;
  const steps = metrics.filter((line) => line.loss !== undefined);
  const tests = metrics.filter((line) => line.testLoss !== undefined);
  const curve = (lines: readonly MetricLine[], of: (line: MetricLine) => number | undefined) =>
    lines.map((line) => ({ x: line.step, y: of(line) ?? Number.NaN }));
  const seed = `seed ${result.seed}`;
  const both = (points: { x: number; y: number }[], test: (line: MetricLine) => number | undefined) => [
    { name: 'training batch', points: thinned(points) },
    { name: `training, moving average`, points: thinned(smoothed(points)) },
    { name: `test set, after each epoch`, points: curve(tests, test), markers: true },
  ];
  const x = `step (${seed})`;
  const losses = curve(steps, (line) => line.loss);
  const loss = lineChart(
    both(losses, (line) => line.testLoss),
    { title: `Loss by step, ${seed}`, x, y: lossAxis({ ...config, ...(named && { loss: named }) }, testLoss) },
  );
  const rate = lineChart([{ name: 'learning rate', points: thinned(curve(steps, (line) => line.learningRate)) }], {
    title: `Learning rate by step, ${seed}`,
    x,
    y: 'learning rate',
  });
  const measure = (name: string): [string, string] => {
    const { label, share } = measureNamed(name);
    const points = curve(steps, (line) => line[name]);
    const tested = (line: MetricLine) => testValue(line, name);
    const followed = points.some(({ y }) => !Number.isNaN(y));
    const shown = [...(followed ? smoothed(points).slice(20) : []), ...curve(tests, tested)];
    const series = followed
      ? both(points, tested)
      : [{ name: 'test set, after each epoch', points: shown, markers: true }];
    const options = {
      title: `${capitalised(label)} by step, ${seed}`,
      x,
      y: `${label} (${unitOf(name, run)})`,
      // One epoch is one point, from which no axis could be told.
      ...(!followed && { xDomain: [0, Math.max(...metrics.map((line) => line.step))] as const }),
      ...(share && { yDomain: [lowestOf(shown), 1] as const }),
    };
    return [capitalised(label), lineChart(series, options)];
  };
  const charts = [['Loss', loss], ...followedOf(run).map(measure), ['Learning rate', rate]];
  return `<section class="charts">${charts.map(([name, svg]) => `<figure><figcaption>${name}</figcaption>${svg}</figure>`).join('\n')}</section>`;
}

const capitalised = (words: string) => `${words[0].toUpperCase()}${words.slice(1)}`;

/** Where an axis of accuracies begins: at the lowest of them, and no higher than 0.9. */
const lowestOf = (points: readonly { readonly y: number }[]) => Math.min(0.9, ...points.map(({ y }) => y));

/** What the axis of losses shows: training has the run's own loss, the test set perhaps another. */
function lossAxis(config: RunRecord['config'], testLoss: string | undefined): string {
  const penalized = Array.isArray(config.regularizer) && config.regularizer.length > 0;
  const name = `${showSetting(config.loss).split(':')[0]}${penalized ? ' with what regularises' : ''}`;
  if (testLoss === undefined) return name;
  return name === '' || name === 'crossEntropy' ? testLoss : `${name}; test set: ${testLoss}`;
}

/** Counts of (true class, predicted class) with what stands out. @param of what is counted. */
export function confusionTable(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
  of = 'samples',
): string {
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
  return `<p>Rows are true classes, columns predictions; numbers are ${of === 'samples' ? 'test samples' : `${of} of the test set`}.${pairs.length > 0 ? ` Most confused: ${pairs.join(', ')}.` : ''}</p>
<div class="wide"><table class="confusion"><thead><tr><th scope="col">true \\ predicted</th>${head}<th scope="col">${of}</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function classTable(confusion: readonly (readonly number[])[], classes: readonly string[]): string {
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

function gallery(samples: readonly SamplePrediction[], classes: readonly string[]): string {
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

/** The scores of embeddings with what they mean. */
export function scoreTable(scores: EmbeddingScores): string {
  const rows: [string, string][] = [
    ['accuracy of the 20 nearest training images', percent(scores.knnAccuracy)],
    ['accuracy of a linear probe', percent(scores.linearProbe)],
    [
      'recall at 1, 5, 10 among the test images',
      [scores.recallAt1, scores.recallAt5, scores.recallAt10].map((r) => percent(r)).join(', '),
    ],
    ['mean average precision at R', percent(scores.meanAveragePrecisionAtR)],
    ['normalised mutual information of k-means clusters and classes', scores.normalizedMutualInformation.toFixed(4)],
    ['alignment: mean squared distance within a class, lower is closer', scores.alignment.toFixed(4)],
    ['uniformity: logarithm of the mean Gaussian potential, lower is more even', scores.uniformity.toFixed(4)],
  ];
  return `<table class="config"><tbody>${rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join('')}</tbody></table>`;
}

/** Pictures with those most like them, a row each; what is of another class is marked. */
export function neighbourRows(neighbours: readonly Neighbourhood[], classes: readonly string[]): string {
  const rows = neighbours.map(({ image, label, nearest }) => {
    const name = escapeHtml(classes[label]);
    const cells = nearest.map((other) => {
      const [is, right] = [escapeHtml(classes[other.label]), other.label === label];
      return `<td><figure class="${right ? 'right' : 'wrong'}"><img src="${pngAddress(other.image)}" alt="a ${is} near a ${name}"><figcaption>${right ? '' : '&#10007; '}${is} <small>${other.cosine.toFixed(2)}</small></figcaption></figure></td>`;
    });
    return `<tr><th scope="row"><figure><img src="${pngAddress(image)}" alt="a ${name}"><figcaption>${name}</figcaption></figure></th>${cells.join('')}</tr>`;
  });
  return `<p>Test images and those nearest to them among the others, nearest first, with their cosines; what is of another class is marked &#10007;.</p><div class="wide"><table class="neighbours"><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function textTable(texts: readonly TextPrediction[], classes: readonly string[]): string {
  const rows = texts.map(({ text, label, predicted, confidence }) => {
    const shown = text.length > 300 ? `${text.slice(0, 300)}...` : text;
    const said = `${label === predicted ? '' : '&#10007; '}${escapeHtml(classes[predicted])}`;
    return `<tr><td>${escapeHtml(shown)}</td><td>${said}</td><td>${escapeHtml(classes[label])}</td><td>${percent(confidence, 0)}</td></tr>`;
  });
  return `<p>Wrong predictions first, marked &#10007;, with the confidence of the prediction.</p><div class="wide"><table class="config"><thead><tr><th scope="col">text</th><th scope="col">predicted</th><th scope="col">is</th><th scope="col">confidence</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function estimateChart(estimates: readonly Estimate[]): string {
  const points = thinned(estimates.map(({ target, predicted }) => ({ x: target, y: predicted })));
  const ends = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
  const chart = scatterChart(
    points,
    ends.map((v) => ({ x: v, y: v })),
    {
      title: `Predictions by target, ${points.length} test samples`,
      x: 'target',
      y: 'prediction',
    },
  );
  return `<p>Test samples; on the line predictions are right.</p><div class="charts"><figure>${chart}</figure></div>`;
}

function configTable(config: RunRecord['config']): string {
  const rows = Object.entries(config).map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(showSetting(value))}</td></tr>`,
  );
  return `<table class="config"><tbody>${rows.join('\n')}</tbody></table>`;
}
