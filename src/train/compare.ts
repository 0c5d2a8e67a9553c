import { join } from 'node:path';
import { equalLooks, lineChart, type Series, smoothed, thinned } from './charts.js';
import { readJson } from './files.js';
import { escapeHtml, page, percent, section, showSetting } from './html.js';
import { runFiles } from './loop.js';
import { type MetricLine, readMetrics } from './metrics-log.js';
import type { RunSummary } from './report.js';

/** What is compared of a run. */
export interface ComparedRun {
  /** Its folder, as it was given. */
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly metrics: readonly MetricLine[];
  /** Absent while the run is not finished. */
  readonly result?: RunSummary;
}

/** A run's folder. @throws Error naming what is missing when it holds no run. */
export async function readRun(folder: string): Promise<ComparedRun> {
  const config = (await readJson(join(folder, runFiles.config))) as ComparedRun['config'];
  const metrics = await readMetrics(join(folder, runFiles.metrics));
  const result = (await readJson(join(folder, runFiles.result)).catch(() => undefined)) as RunSummary | undefined;
  return { name: folder, config, metrics, ...(result && { result }) };
}

/** Runs side by side on one page that needs nothing else: results, settings that differ, and curves over one another. */
export function renderComparison(runs: readonly ComparedRun[]): string {
  const losses = new Set(runs.map(({ config }) => showSetting(config.loss)));
  const series = (of: (run: ComparedRun) => Series['points'], markers = false): Series[] =>
    runs.map((run) => ({ name: withSeed(run), points: of(run), markers }));
  const xDomain = [0, Math.max(1, ...runs.flatMap(({ metrics }) => metrics.map((line) => line.step)))] as const;
  const along = (field: 'loss' | 'accuracy' | 'testLoss' | 'testAccuracy') => (run: ComparedRun) =>
    run.metrics.flatMap((line) => (line[field] === undefined ? [] : [{ x: line.step, y: line[field] }]));
  const chart = (name: string, all: Series[], y: string) =>
    `<figure><figcaption>${name}</figcaption>${lineChart(all, { title: `${name}, ${runs.length} runs`, x: 'step', y, xDomain, looks: equalLooks })}</figure>`;
  const moving = (field: 'loss' | 'accuracy') => series((run) => thinned(smoothed(along(field)(run))));
  const charts = [
    chart('Test accuracy', series(along('testAccuracy'), true), 'accuracy (share of samples)'),
    chart(
      'Test loss',
      series(along('testLoss'), true),
      runs.some(({ result }) => result?.embedding) ? "each run's own loss" : 'cross-entropy (nats)',
    ),
    chart('Training accuracy, moving average', moving('accuracy'), 'accuracy (share of samples)'),
    chart(
      'Training loss, moving average',
      moving('loss'),
      losses.size === 1 ? 'loss of the runs' : "each run's own loss: not one scale",
    ),
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

function results(runs: readonly ComparedRun[]): string {
  const embeddings = runs.some(({ result }) => result?.embedding);
  const best = Math.max(...runs.map(({ result }) => result?.testAccuracy ?? 0));
  const rows = runs.map(({ name, result }) => {
    if (!result)
      return `<tr><th scope="row">${escapeHtml(name)}</th><td colspan="${embeddings ? 8 : 5}">not finished</td></tr>`;
    const accuracy = result.testAccuracy === undefined ? 'none' : percent(result.testAccuracy);
    const { embedding } = result;
    const scores = [embedding?.linearProbe, embedding?.recallAt1, embedding?.meanAveragePrecisionAtR];
    const shown = embeddings ? scores.map((score) => (score === undefined ? '-' : percent(score))) : [];
    const cells = [
      ...shown,
      result.testLoss.toFixed(4),
      `${result.epochs}`,
      result.seconds.toFixed(1),
      `${result.seed}`,
    ];
    return `<tr><th scope="row">${escapeHtml(name)}</th><td>${result.testAccuracy === best ? `<b>${accuracy}</b>` : accuracy}</td>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<table><thead><tr>${['run', embeddings ? 'test accuracy (embeddings: nearest neighbours)' : 'test accuracy', ...(embeddings ? ['linear probe', 'recall at 1', 'mAP at R'] : []), embeddings ? 'test loss' : 'test loss (nats)', 'epochs', 'seconds', 'seed'].map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
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
