import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { ClaimResult } from './claim.js';

/** A panel for each number of a claim: a row for each way of doing it that has it, a ring for each seed, a bar at their mean. Readable in grey. */
export function armsFigure({ slug, seeds, details }: ClaimResult): string {
  const rows = details.measurements.flatMap(({ arms }) =>
    Object.entries(arms).flatMap(([arm, numbers]) =>
      Object.entries(numbers).map(([metric, value]) => ({ arm, metric, value })),
    ),
  );
  const metrics = [...new Set(rows.map((row) => row.metric))];
  const arms = [...new Set(rows.map((row) => row.arm))];
  const { document } = parseHTML('<html><body></body></html>');
  const [width, left, rowHeight] = [640, Math.max(56, 14 + 6.5 * Math.max(...arms.map((arm) => arm.length))), 26];
  const panels = metrics.map((metric) => {
    const own = rows.filter((row) => row.metric === metric);
    const named = arms.filter((arm) => own.some((row) => row.arm === arm));
    return Plot.plot({
      document: document as unknown as Document,
      width,
      height: 50 + rowHeight * named.length,
      marginLeft: left,
      marginBottom: 38,
      marginTop: 8,
      x: { label: metric, labelAnchor: 'center', labelArrow: 'none', grid: true, nice: true, ticks: 6 },
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
  const top = 26;
  const total = top + heights.reduce((a, b) => a + b, 0);
  let y = top;
  const placed = panels.map((panel, i) => {
    panel.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    panel.setAttribute('y', `${y}`);
    y += heights[i];
    return panel.outerHTML;
  });
  const title = `${slug}: ${seeds} seeds; rings are seeds, bars their means`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" font-family="system-ui, sans-serif" role="img" aria-label="${title}"><rect width="100%" height="100%" fill="white"/><text x="12" y="18" font-size="13" fill="#222">${title}</text>${placed.join('')}</svg>\n`;
}
