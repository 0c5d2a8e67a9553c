import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeHtml } from './html.js';

/** One curve of a chart. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Mark every point: for curves of few. */
  readonly markers?: boolean;
}

export interface ChartOptions {
  /** What the chart shows, for those who cannot see it. */
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
  /** How the curves look, in turn. Default: the first of several in the light, as what the others are drawn over. */
  readonly looks?: readonly Look[];
}

/** Dashes tell curves apart in grey as colours do on a screen. */
const looks = [
  { stroke: '#8aa6c1', dash: undefined, width: 1 },
  { stroke: '#1b4f72', dash: undefined, width: 2 },
  { stroke: '#b03a2e', dash: '7,4', width: 2 },
] as const;

/** The same for curves that are all of one kind. */
export const equalLooks: readonly Look[] = [
  { stroke: '#1b4f72', dash: undefined, width: 2 },
  { stroke: '#b03a2e', dash: '7,4', width: 2 },
  { stroke: '#1e8449', dash: '2,3', width: 2 },
  { stroke: '#8e5a00', dash: '10,3,2,3', width: 2 },
  { stroke: '#6c3483', dash: undefined, width: 1 },
  { stroke: '#555555', dash: '4,2', width: 1 },
];

interface Look {
  readonly stroke: string;
  readonly dash: string | undefined;
  readonly width: number;
}

/** A curve alone is drawn in the dark colour, the first of several in the light one. */
const lookOf = (i: number, count: number, from: readonly Look[] | undefined): Look =>
  from ? from[i % from.length] : looks[count === 1 ? 1 : i % looks.length];

/** A line chart as SVG markup, with axes, units, a legend and markers where points are few. */
export function lineChart(series: readonly Series[], { looks: from, ...options }: ChartOptions): string {
  const { document } = parseHTML('<html><body></body></html>');
  const marks = series.flatMap((s, i) => {
    const look = lookOf(i, series.length, from);
    const line = Plot.lineY(s.points, {
      x: 'x',
      y: 'y',
      stroke: look.stroke,
      strokeWidth: look.width,
      strokeDasharray: look.dash,
      clip: true,
    });
    return s.markers
      ? [line, Plot.dot(s.points, { x: 'x', y: 'y', stroke: look.stroke, fill: 'white', r: 3.5 })]
      : [line];
  });
  const yDomain = options.yDomain ?? roundOne(series);
  return `${legend(series, from)}${plotted(document, marks, { ...options, yDomain, powers: isSmall(series) })}`;
}

/** Numbers with more zeros behind the point than there is room for beside an axis, as learning rates may be. */
const isSmall = (series: readonly Series[]): boolean =>
  series.every(({ points }) => points.every(({ y }) => Math.abs(y) < 1e-3));

/** Where all curves have one and the same height, an axis around it: from none could be told. */
function roundOne(series: readonly Series[]): readonly [number, number] | undefined {
  const [first, ...others] = new Set(series.flatMap(({ points }) => points.map(({ y }) => y)));
  if (others.length > 0 || !Number.isFinite(first)) return undefined;
  const half = Math.abs(first) / 2 || 1;
  return [first - half, first + half];
}

/** A cloud of points and a curve to see them against, as SVG markup. */
export function scatterChart(
  points: readonly { readonly x: number; readonly y: number }[],
  line: readonly { readonly x: number; readonly y: number }[],
  options: Omit<ChartOptions, 'looks'>,
): string {
  const { document } = parseHTML('<html><body></body></html>');
  const marks = [
    Plot.lineY(line, { x: 'x', y: 'y', stroke: '#b03a2e', strokeWidth: 1.5, strokeDasharray: '7,4' }),
    Plot.dot(points, { x: 'x', y: 'y', r: 2.5, fill: '#1b4f72', fillOpacity: 0.45 }),
  ];
  return plotted(document, marks, options);
}

/** Numbers by name, the first on top, as SVG markup. */
export function barChart(
  bars: readonly { readonly name: string; readonly value: number }[],
  { title, x }: Pick<ChartOptions, 'title' | 'x'>,
): string {
  const { document } = parseHTML('<html><body></body></html>');
  const figure = Plot.plot({
    document: document as unknown as Document,
    width: 560,
    height: 60 + 24 * bars.length,
    marginLeft: 24 + 6.5 * Math.max(...bars.map(({ name }) => name.length)),
    marginBottom: 42,
    ariaLabel: title,
    x: { label: x, labelAnchor: 'center', labelArrow: 'none', grid: true },
    y: { label: null, domain: bars.map(({ name }) => name) },
    style: { color: '#222', background: 'white', fontSize: '12px', maxWidth: '100%', height: 'auto' },
    marks: [
      Plot.barX(bars, { x: 'value', y: 'name', fill: '#8aa6c1', stroke: '#1b4f72' }),
      Plot.ruleX([0], { stroke: '#222' }),
    ],
  });
  return figure.outerHTML;
}

/** Points, and for each a line in a band that should hold it, as SVG markup. */
export function bandChart(
  points: readonly {
    readonly x: number;
    readonly y: number;
    readonly middle: number;
    readonly lower: number;
    readonly upper: number;
  }[],
  options: Omit<ChartOptions, 'looks'>,
): string {
  const { document } = parseHTML('<html><body></body></html>');
  const marks = [
    Plot.areaY(points, { x: 'x', y1: 'lower', y2: 'upper', fill: '#8aa6c1', fillOpacity: 0.4 }),
    Plot.lineY(points, { x: 'x', y: 'middle', stroke: '#b03a2e', strokeWidth: 1.5, strokeDasharray: '7,4' }),
    Plot.dot(points, { x: 'x', y: 'y', r: 2.5, fill: '#1b4f72', fillOpacity: 0.6 }),
  ];
  return plotted(document, marks, options);
}

function plotted(
  document: unknown,
  marks: Plot.Markish[],
  { title, x, y, xDomain, yDomain, powers }: Omit<ChartOptions, 'looks'> & { readonly powers?: boolean },
): string {
  const figure = Plot.plot({
    document: document as Document,
    width: 560,
    height: 300,
    marginLeft: 56,
    marginBottom: 42,
    grid: true,
    ariaLabel: title,
    x: { label: x, labelAnchor: 'center', labelArrow: 'none', ...(xDomain && { domain: [...xDomain] }) },
    y: {
      label: y,
      labelAnchor: 'top',
      labelArrow: 'none',
      zero: false,
      ...(yDomain && { domain: [...yDomain] }),
      ...(powers && { tickFormat: '~e' }),
    },
    style: { color: '#222', background: 'white', fontSize: '12px', maxWidth: '100%', height: 'auto' },
    marks: [Plot.frame({ stroke: '#bbb' }), ...marks],
  });
  return figure.outerHTML;
}

function legend(series: readonly Series[], from: readonly Look[] | undefined): string {
  const entries = series.map(({ name, markers }, i) => {
    const { stroke, dash, width } = lookOf(i, series.length, from);
    const sample = `<svg width="34" height="10" aria-hidden="true"><line x1="0" y1="5" x2="34" y2="5" stroke="${stroke}" stroke-width="${width}"${dash ? ` stroke-dasharray="${dash}"` : ''}/>${markers ? `<circle cx="17" cy="5" r="3.5" fill="white" stroke="${stroke}"/>` : ''}</svg>`;
    return `<span>${sample} ${escapeHtml(name)}</span>`;
  });
  return `<p class="legend">${entries.join('')}</p>`;
}

/** The exponential moving average of a noisy curve, corrected for its beginning at nothing. */
export function smoothed(
  points: readonly { readonly x: number; readonly y: number }[],
  share = 0.05,
): { x: number; y: number }[] {
  let [sum, weight] = [0, 0];
  return points.map(({ x, y }) => {
    sum += share * (y - sum);
    weight += share * (1 - weight);
    return { x, y: sum / weight };
  });
}

/** At most `count` points, evenly taken, the last one always. */
export function thinned<P>(points: readonly P[], count = 800): P[] {
  const every = Math.max(1, Math.ceil(points.length / count));
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

/** Lines over levels or shares that are shares themselves: both axes go from 0 to 1. */
export const shareChart = (series: readonly Series[], labels: { title: string; x: string; y: string }): string =>
  lineChart(series, { ...labels, xDomain: [0, 1], yDomain: [0, 1], looks: equalLooks });

/** Where share and level are one. */
export const diagonal = (name: string): Series => ({ name, points: [0, 1].map((v) => ({ x: v, y: v })) });
