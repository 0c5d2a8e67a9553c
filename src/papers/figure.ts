import type * as Plots from '@observablehq/plot';
import { escapeHtml } from '../train/pages/html.js';
import type { ClaimResult } from './claim.js';
import { measures } from './measures.js';
import { showEffect, showNumber } from './summary.js';

/** Numbers further apart than this are drawn on a logarithmic axis. */
const wide = 30;
const [width, rowHeight] = [660, 26];

/**
 * The effect of each seed, its mean and 95% interval beside the threshold and the effect of nothing; then a panel for each number of the
 * claim: a row for each way of doing it that has it, a ring for each seed, a bar at their mean. Readable in grey.
 */
export async function armsFigure(result: ClaimResult): Promise<string> {
  const [Plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  const { slug, held, seeds, details } = result;
  const rows = details.measurements.flatMap(({ arms }) =>
    Object.entries(arms).flatMap(([arm, numbers]) =>
      Object.entries(numbers).map(([metric, value]) => ({ arm, metric, value })),
    ),
  );
  const metrics = [...new Set(rows.map((row) => row.metric))];
  const arms = [...new Set(rows.map((row) => row.arm))];
  const { document } = parseHTML('<html><body></body></html>');
  const frame = {
    document: document as unknown as Document,
    width,
    marginLeft: 20 + 7 * Math.max(6, ...arms.map((arm) => arm.length)),
    marginBottom: 38,
    marginTop: 8,
    style: { color: '#222', background: 'white', fontSize: '12px' },
  };
  // Long labels would run out of the figure: they are placed below.
  const axis = { label: null, grid: true, inset: 5, ticks: 6 };
  const panels = [
    { panel: effectPanel(Plot, result, frame, axis), label: `effect: ${details.unit}` },
    ...metrics.map((metric) => {
      const own = rows.filter((row) => row.metric === metric);
      const named = arms.filter((arm) => own.some((row) => row.arm === arm));
      const values = own.map((row) => row.value);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const logarithmic = low > 0 && high > wide * low;
      const label = [metric, measures[metric]].filter(Boolean).join(': ');
      const panel = Plot.plot({
        ...frame,
        height: 50 + rowHeight * named.length,
        x: { ...axis, nice: !logarithmic, ...(logarithmic && { type: 'log', tickFormat: 'g' }) },
        y: { domain: named, label: null },
        marks: [
          Plot.frame({ stroke: '#bbb' }),
          Plot.dot(own, { x: 'value', y: 'arm', stroke: '#444', r: 3.5 }),
          Plot.tickX(own, Plot.groupY({ x: 'mean' }, { x: 'value', y: 'arm', stroke: '#111', strokeWidth: 3 })),
        ],
      });
      return { panel, label: logarithmic ? `${label} (logarithmic)` : label };
    }),
  ];
  const outcome = `${showEffect(result)} (mean and 95% interval), counts from ${showNumber(details.threshold)} on: ${held ? 'held' : 'not held'}`;
  const words = [
    `${slug}: ${held ? 'held' : 'not held'}, seeds 0 to ${seeds - 1}`,
    ...lines(details.statement),
    ...lines(`effect: ${details.effect}: ${outcome}`),
  ];
  const legend = 30 + 16 * words.length;
  let y = legend + 16;
  const middle = (frame.marginLeft + width - 20) / 2;
  const placed = panels.map(({ panel, label }) => {
    panel.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    panel.setAttribute('y', `${y}`);
    y += Number(panel.getAttribute('height'));
    const x = Math.min(middle, width - 10 - 3.3 * label.length);
    return `${panel.outerHTML}<text x="${x.toFixed(0)}" y="${y - 7}" font-size="12" text-anchor="middle" fill="#222">${escapeHtml(label)}</text>`;
  });
  const text = words.map(
    (line, i) =>
      `<text x="12" y="${20 + 16 * i}" font-size="${i === 0 ? 14 : 12}" fill="#222"${i === 0 ? ' font-weight="bold"' : ''}>${escapeHtml(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" role="img" aria-label="${escapeHtml(words[0])}"><rect width="100%" height="100%" fill="white"/>${text.join('')}${legendAt(legend)}${placed.join('')}</svg>\n`;
}

function effectPanel(
  Plot: typeof Plots,
  { effect, interval, details }: ClaimResult,
  frame: Plots.PlotOptions,
  axis: Plots.ScaleOptions,
) {
  const { measurements, threshold, neutral } = details;
  return Plot.plot({
    ...frame,
    height: 50 + rowHeight,
    x: { ...axis, nice: true },
    y: { domain: ['effect'], label: null },
    marks: [
      Plot.frame({ stroke: '#bbb' }),
      Plot.ruleX([neutral], { stroke: '#888', strokeDasharray: '1,3', strokeWidth: 2 }),
      Plot.ruleX([threshold], { stroke: '#444', strokeDasharray: '6,4', strokeWidth: 1.5 }),
      Plot.ruleY([interval], { x1: '0', x2: '1', y: () => 'effect', stroke: '#111', strokeWidth: 1.5 }),
      Plot.dot(measurements, { x: 'effect', y: () => 'effect', stroke: '#444', r: 3.5 }),
      Plot.tickX([effect], { x: (v: number) => v, y: () => 'effect', stroke: '#111', strokeWidth: 3 }),
    ],
  });
}

/** What the marks mean, drawn beside their names. */
function legendAt(y: number): string {
  const line = (x: number, style: string) => `<line x1="${x}" x2="${x}" y1="${y - 6}" y2="${y + 6}" ${style}/>`;
  const name = (x: number, text: string) => `<text x="${x}" y="${y + 4}" font-size="12" fill="#222">${text}</text>`;
  return [
    `<circle cx="18" cy="${y}" r="3.5" fill="none" stroke="#444" stroke-width="1.5"/>${name(28, 'a seed')}`,
    `${line(88, 'stroke="#111" stroke-width="3"')}${name(96, 'mean')}`,
    `<line x1="146" x2="170" y1="${y}" y2="${y}" stroke="#111" stroke-width="1.5"/>${name(176, '95% interval')}`,
    `${line(272, 'stroke="#444" stroke-width="1.5" stroke-dasharray="6,4"')}${name(280, 'what counts')}`,
    `${line(368, 'stroke="#888" stroke-width="2" stroke-dasharray="1,3"')}${name(376, 'no effect')}`,
  ].join('');
}

/** Text in lines that fit the figure. */
function lines(text: string): string[] {
  const made: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${made.at(-1)} ${word}`;
    if (made.length > 0 && longer.length <= 100) made[made.length - 1] = longer;
    else made.push(word);
  }
  return made;
}
