import { measureNamed, showValue, testMeasures, testName, testValue } from '../measures.js';
import { equalLooks, lineChart, type Series, smoothed, thinned } from './charts.js';
import type { ComparedRun } from './compared-run.js';
import { escapeHtml, page, percent, section, showSetting } from './html.js';

/** Runs side by side on one page that needs nothing else: results, settings that differ, and curves over one another. */
export function renderComparison(runs: readonly ComparedRun[]): string {
  const losses = new Set(runs.map(({ config }) => showSetting(config.loss)));
  const series = (of: (run: ComparedRun) => Series['points'], markers = false): Series[] =>
    runs.map((run) => ({ name: withSeed(run), points: of(run), markers }));
  const xDomain = [0, Math.max(1, ...runs.flatMap(({ metrics }) => metrics.map((line) => line.step)))] as const;
  const along = (field: string) => (run: ComparedRun) =>
    run.metrics.flatMap((line) => {
      const y = line[field];
      return y === undefined ? [] : [{ x: line.step, y }];
    });
  const chart = (name: string, all: Series[], y: string) =>
    `<figure><figcaption>${name}</figcaption>${lineChart(all, { title: `${name}, ${runs.length} runs`, x: 'step', y, xDomain, looks: equalLooks })}</figure>`;
  const moving = (field: string) => series((run) => thinned(smoothed(along(field)(run))));
  const names = measuresIn(runs);
  const followed = names.filter((name) => runs.some(({ metrics }) => metrics.some((line) => line[name] !== undefined)));
  const tested = names.filter((name) =>
    runs.some(({ metrics }) => metrics.some((line) => testValue(line, name) !== undefined)),
  );
  const axisOf = (name: string) => `${measureNamed(name).label} (${measureNamed(name).unit})`;
  const ofClasses = runs.every(({ config }) => (config.task ?? 'classification') === 'classification');
  const ownLoss = losses.size === 1 ? 'loss of the runs' : "each run's own loss: not one scale";
  const charts = [
    ...tested.map((name) =>
      chart(`Test ${measureNamed(name).label}`, series(along(testName(name)), true), axisOf(name)),
    ),
    chart('Test loss', series(along('testLoss'), true), ofClasses ? 'cross-entropy (nats)' : ownLoss),
    ...followed.map((name) =>
      chart(`Training ${measureNamed(name).label}, moving average`, moving(name), axisOf(name)),
    ),
    chart('Training loss, moving average', moving('loss'), ownLoss),
  ];
  return page(
    `${runs.length} runs compared`,
    `<h1>${runs.length} runs compared</h1>
${section('Results', results(runs))}
${section('Settings that differ', differences(runs))}
<section class="charts">${charts.join('\n')}</section>`,
  );
}

function withSeed({ name, config, result }: ComparedRun): string {
  const seed = result?.seed ?? config.seed;
  return seed === undefined ? name : `${name} (seed ${seed})`;
}

/** The measures of the test set that any of the runs has. */
const measuresIn = (runs: readonly ComparedRun[]): string[] => [
  ...new Set(runs.flatMap(({ result, metrics }) => [result ?? {}, ...metrics].flatMap(testMeasures))),
];

function results(runs: readonly ComparedRun[]): string {
  const names = measuresIn(runs);
  const embeddings = runs.some(({ result }) => result?.embedding);
  const heads = [
    'run',
    ...names.map((name) => `test ${measureNamed(name).label}`),
    ...(embeddings ? ['linear probe', 'recall at 1', 'mAP at R'] : []),
    'test loss',
    'epochs',
    'seconds',
    'seed',
  ];
  const best = Object.fromEntries(
    names.map((name) => {
      const values = runs.flatMap(({ result }) => (result && testValue(result, name)) ?? []);
      const { better } = measureNamed(name);
      if (better === 'neither') return [name, undefined];
      return [name, better === 'higher' ? Math.max(...values) : Math.min(...values)];
    }),
  );
  const rows = runs.map(({ name: run, result }) => {
    const head = `<th scope="row">${escapeHtml(run)}</th>`;
    if (!result) return `<tr>${head}<td colspan="${heads.length - 1}">not finished</td></tr>`;
    const measured = names.map((name) => {
      const value = testValue(result, name);
      if (value === undefined) return '-';
      return value === best[name] ? `<b>${showValue(name, value)}</b>` : showValue(name, value);
    });
    const { embedding } = result;
    const scores = [embedding?.linearProbe, embedding?.recallAt1, embedding?.meanAveragePrecisionAtR];
    const cells = [
      ...measured,
      ...(embeddings ? scores.map((score) => (score === undefined ? '-' : percent(score))) : []),
      result.testLoss.toFixed(4),
      `${result.epochs}`,
      result.seconds.toFixed(1),
      `${result.seed}`,
    ];
    return `<tr>${head}${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<div class="wide"><table><thead><tr>${heads.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function differences(runs: readonly ComparedRun[]): string {
  const names = [...new Set(runs.flatMap(({ config }) => Object.keys(config)))];
  const differing = names.filter((name) => new Set(runs.map(({ config }) => showSetting(config[name]))).size > 1);
  if (differing.length === 0) return '<p>None.</p>';
  const rows = differing.map(
    (setting) =>
      `<tr><th scope="row">${escapeHtml(setting)}</th>${runs.map(({ config }) => `<td>${escapeHtml(showSetting(config[setting])) || '-'}</td>`).join('')}</tr>`,
  );
  return `<div class="wide"><table><thead><tr><th scope="col">setting</th>${runs.map(({ name }) => `<th scope="col">${escapeHtml(name)}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}
