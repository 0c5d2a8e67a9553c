import { escapeHtml } from '../train/pages/html.js';
import type { ClaimResult } from './claim.js';

/** A result as it is written: 0.0421 [0.0312, 0.0530]. */
export function showEffect({ effect, interval }: Pick<ClaimResult, 'effect' | 'interval'>): string {
  return `${effect.toPrecision(3)} [${interval.map((v) => v.toPrecision(3)).join(', ')}]`;
}

/** A number in at most three digits. */
export const showNumber = (value: number) => `${Number(value.toPrecision(3))}`;

/** All results as one page that needs nothing else. `figures` are SVG markup by slug; `failed` are claims whose measurement ended with an error. */
export function renderSummary(
  results: readonly ClaimResult[],
  figures: ReadonlyMap<string, string>,
  failed: readonly string[] = [],
): string {
  const held = results.filter((result) => result.held).length;
  const rows = results.map(
    (r) =>
      `<tr><td><a href="#${r.slug}">${r.slug}</a></td><td>${r.held ? 'held' : '<b>not held</b>'}</td><td>${showEffect(r)}</td><td>${escapeHtml(r.details.unit)}</td><td>${showNumber(r.details.threshold)}</td><td>${r.seeds}</td><td>${r.seconds.toFixed(0)}</td></tr>`,
  );
  const sections = results.map(
    (r) => `<section id="${r.slug}"><h2>${r.slug}: ${r.held ? 'held' : 'not held'}</h2>
<p>Data: ${escapeHtml(r.details.data)}.${r.details.remarks ? ` ${escapeHtml(r.details.remarks)}` : ''}</p>
${figures.get(r.slug) ?? ''}</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Claims measured</title>
<style>body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:1000px;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd}td:nth-child(3){white-space:nowrap}svg{max-width:100%;height:auto}</style></head>
<body><h1>Claims measured</h1><p>${held} of ${results.length} held. Effects are means over seeds with 95% confidence intervals.${failed.length > 0 ? ` Ended with an error, and are not shown: ${escapeHtml([...failed].sort().join(', '))}.` : ''}</p>
<table><thead><tr><th>paper</th><th></th><th>effect</th><th>unit</th><th>counts from</th><th>seeds</th><th>processor seconds</th></tr></thead><tbody>${rows.join('')}</tbody></table>
${sections.join('\n')}</body></html>
`;
}
