import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeHtml } from '../train/html.js';
import type { ClaimResult } from './claim.js';
import { showEffect, showNumber } from './summary.js';

/** Numbers further apart than this are drawn on a logarithmic axis. */
const wide = 30;

/**
 * A panel for each number of a claim: a row for each way of doing it that has it, a ring for each seed, a bar at their mean. Above them the
 * effect. Readable in grey.
 */
export function armsFigure(result: ClaimResult): string {
  const { slug, held, seeds, details } = result;
  const rows = details.measurements.flatMap(({ arms }) =>
    Object.entries(arms).flatMap(([arm, numbers]) =>
      Object.entries(numbers).map(([metric, value]) => ({ arm, metric, value })),
    ),
  );
  const metrics = [...new Set(rows.map((row) => row.metric))];
  const arms = [...new Set(rows.map((row) => row.arm))];
  const { document } = parseHTML('<html><body></body></html>');
  const [width, left, rowHeight] = [640, 20 + 7 * Math.max(6, ...arms.map((arm) => arm.length)), 26];
  const panels = metrics.map((metric) => {
    const own = rows.filter((row) => row.metric === metric);
    const named = arms.filter((arm) => own.some((row) => row.arm === arm));
    const values = own.map((row) => row.value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const logarithmic = low > 0 && high > wide * low;
    return Plot.plot({
      document: document as unknown as Document,
      width,
      height: 50 + rowHeight * named.length,
      marginLeft: left,
      marginBottom: 38,
      marginTop: 8,
      x: {
        label: logarithmic ? `${metric}, logarithmic` : metric,
        labelAnchor: 'center',
        labelArrow: 'none',
        grid: true,
        nice: !logarithmic,
        inset: 5,
        ticks: 6,
        ...(logarithmic && { type: 'log', tickFormat: 'g' }),
      },
      y: { domain: named, label: null },
      style: { color: '#222', background: 'white', fontSize: '12px' },
      marks: [
        Plot.frame({ stroke: '#bbb' }),
        Plot.dot(own, { x: 'value', y: 'arm', stroke: '#444', r: 3.5 }),
        Plot.tickX(own, Plot.groupY({ x: 'mean' }, { x: 'value', y: 'arm', stroke: '#111', strokeWidth: 3 })),
      ],
    });
  });
  const heights = panels.map((panel) => Number(panel.getAttribute('height')));
  const top = 46;
  const total = top + heights.reduce((a, b) => a + b, 0);
  let y = top;
  const placed = panels.map((panel, i) => {
    panel.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    panel.setAttribute('y', `${y}`);
    y += heights[i];
    return panel.outerHTML;
  });
  const title = `${slug}: ${seeds} seeds; rings are seeds, bars their means`;
  const outcome = `effect ${showEffect(result)}, counts from ${showNumber(details.threshold)} on: ${held ? 'held' : 'not held'}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" font-family="system-ui, sans-serif" role="img" aria-label="${escapeHtml(title)}"><rect width="100%" height="100%" fill="white"/><text x="12" y="18" font-size="13" fill="#222">${escapeHtml(title)}</text><text x="12" y="36" font-size="12" fill="#222">${escapeHtml(outcome)}</text>${placed.join('')}</svg>\n`;
}
