import type { Inspection } from '../inspection/inspection.js';
import type { ComparedRun } from './compared-run.js';
import type { RunRecord } from './report.js';

// What draws takes a quarter of the time that all of training takes to load: it is loaded for the first page.

/** A run as one page that needs nothing else: curves, what its task shows of the test set, and its settings. */
export async function renderReport(run: RunRecord): Promise<string> {
  return (await import('./report.js')).renderReport(run);
}

/** Runs side by side on one page that needs nothing else: results, settings that differ, and curves over one another. */
export async function renderComparison(runs: readonly ComparedRun[]): Promise<string> {
  return (await import('./compare.js')).renderComparison(runs);
}

/** An inspection as one page that needs nothing else. */
export async function renderInspection(inspection: Inspection): Promise<string> {
  return (await import('../inspection/page.js')).renderInspection(inspection);
}

/** A report with an inspection at its end, in the place of an earlier one. */
export async function reportWithInspection(report: string, inspection: Inspection): Promise<string> {
  return (await import('../inspection/page.js')).reportWithInspection(report, inspection);
}
