import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeHtml, page, percent, section, showSetting } from '../pages/html.js';
import { confusionTable, neighbourRows, scoreTable } from '../pages/report.js';
import type { Answers, Inspection } from './inspection.js';

const frame = {
  width: 520,
  height: 360,
  marginLeft: 60,
  marginBottom: 44,
  style: { color: '#222', background: 'white', fontSize: '12px', maxWidth: '100%', height: 'auto' },
} as const;

const blank = () => parseHTML('<html><body></body></html>').document as unknown as Document;

function drawn(title: string, options: Plot.PlotOptions): string {
  return Plot.plot({ document: blank(), ...frame, ariaLabel: title, ...options }).outerHTML;
}

const axis = (label: string) => ({ label, labelAnchor: 'center', labelArrow: 'none' }) as const;

/** An inspection as one page that needs nothing else. */
export function renderInspection(inspection: Inspection): string {
  const { run, config, seed } = inspection;
  const shown = (setting: unknown) => escapeHtml(showSetting(setting));
  return page(
    `${run}: inspection`,
    `<h1>Inspection of ${escapeHtml(run)}</h1>
<p class="summary">${shown(config.model)} on ${shown(config.data)}, ${shown(config.loss)}, ${shown(config.optimizer)}, seed ${seed}</p>
${inspectionBody(inspection)}`,
  );
}

/** Where an inspection begins in a report, which ends with it. */
const mark = '<!-- inspection -->';

/** A report with an inspection at its end, in the place of an earlier one. */
export function reportWithInspection(report: string, inspection: Inspection): string {
  const end = report.lastIndexOf('</main>');
  const before = report.indexOf(mark);
  const body = `${mark}\n<h1 id="inspection">From near</h1>\n${inspectionBody(inspection)}\n`;
  return `${report.slice(0, before < 0 ? end : before)}${body}${report.slice(end)}`;
}

/** What an inspection shows, below a heading of its own or within another page. */
export function inspectionBody(inspection: Inspection): string {
  const { classes = [], answers, scores, neighbours, sections = [], seed } = inspection;
  const losses = finiteLosses(inspection);
  const unit = unitOf(inspection);
  const infinite = losses.length < inspection.surface.losses.flat().length;
  const figures = [
    ...(answers
      ? [
          [
            'Reliability on the test set',
            reliability(answers, seed),
            `Bars: share of right ${answers.of ?? 'predictions'} among those of each confidence; their width follows the number of ${answers.of ?? 'samples'}. On the dashed line a confidence is a probability.`,
          ],
        ]
      : []),
    [
      'Training loss around the weights',
      surface(inspection),
      `Two random directions, filter-normalised; 1 is as long as the weights themselves. The cross marks the trained weights. The loss goes from ${Math.min(...losses).toPrecision(3)} (light) to ${Math.max(...losses).toPrecision(3)}${unit} (dark); on each line it is the same, and from one line to the next it grows by the same ${Math.min(...losses) > 0 ? 'factor' : 'amount'}.${infinite ? ' Where it is no number it is drawn as the largest.' : ''}`,
    ],
    [
      'Training loss along the first direction',
      profile(inspection),
      `The middle row of the surface${isPositive(inspection) ? ', the loss logarithmic' : ''}. The dashed line marks the trained weights.`,
    ],
    [
      'Spectrum of the Hessian',
      density(inspection),
      'Smoothed density of eigenvalues by stochastic Lanczos quadrature, logarithmic: most are near 0, a few stand apart.',
    ],
  ];
  return `${section('In numbers', factTable(inspection))}
${scores ? section('Embeddings of the test set', scoreTable(scores)) : ''}
<section class="charts">${figures.map(([name, svg, words]) => `<figure><figcaption>${name}</figcaption>${svg}<p>${words}</p></figure>`).join('\n')}</section>
${sections.map(({ heading, body }) => section(heading, body)).join('\n')}
${answers ? section('Confusion matrix', confusionTable(answers.confusion, classes, answers.confused ?? answers.of)) : ''}
${neighbours ? section('Nearest neighbours', neighbourRows(neighbours, classes)) : ''}`;
}

function factTable(inspection: Inspection): string {
  const { samples, examples = 'images', sharpness, spectrum, answers, spread, scores, features } = inspection;
  const values = spectrum.map(({ eigenvalue }) => eigenvalue);
  const of = features ?? 'the last features';
  const facts = [
    ...(inspection.facts ?? []),
    ...(answers ? calibrationFacts(answers) : []),
    [
      `sharpness: rise of the loss within 0.05 of the weights, ${samples} training ${examples}`,
      `${sharpness.toPrecision(3)}${unitOf(inspection)}`,
    ],
    ['largest eigenvalue of the Hessian', Math.max(...values).toPrecision(4)],
    ['smallest eigenvalue of the Hessian', Math.min(...values).toPrecision(4)],
    ...(spread && !scores
      ? [
          [`alignment of ${of}: mean squared distance within a class`, spread.alignment.toFixed(4)],
          [`uniformity of ${of}: logarithm of the mean Gaussian potential`, spread.uniformity.toFixed(4)],
        ]
      : []),
    ...collapseFacts(inspection),
  ];
  return `<table class="config"><tbody>${facts.map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</tbody></table>`;
}

function calibrationFacts({ of, ...answers }: Answers): string[][] {
  const { calibrationError, adaptiveCalibrationError, maximumCalibrationError, classwiseCalibrationError } = answers;
  return [
    [`expected calibration error, test set, 15 bins${of ? ` of ${of}` : ''}`, percent(calibrationError)],
    ['adaptive: bins of equal counts', percent(adaptiveCalibrationError)],
    ['maximum: the worst bin', percent(maximumCalibrationError)],
    ...(classwiseCalibrationError === undefined
      ? []
      : [['classwise: mean over classes', percent(classwiseCalibrationError)]]),
  ];
}

/** Of the loss, after a number. */
const unitOf = ({ unit }: Inspection) => (unit === undefined ? '' : ` ${unit}`);

/** Far from the weights a loss may be no number any more. */
const finiteLosses = ({ surface: { losses } }: Inspection): number[] => losses.flat().filter(Number.isFinite);

/** How long a direction is, for an axis. */
const lengths = 'lengths of the weights';

/** The four measures of neural collapse; all 0 where it is complete. */
function collapseFacts({ collapse, collapseSamples }: Inspection): string[][] {
  if (!collapse) return [];
  const of = `neural collapse, ${collapseSamples} training images`;
  return [
    [`${of}: spread within classes (NC1)`, collapse.withinClassVariability.toPrecision(3)],
    [`${of}: class means from a simplex frame (NC2)`, collapse.means.simplexEtf.toPrecision(3)],
    [`${of}: classifier from class means (NC3)`, collapse.selfDuality.toPrecision(3)],
    [`${of}: nearest mean decides otherwise (NC4)`, percent(collapse.nearestMeanDisagreement)],
  ];
}

const middleOf = ({ surface: { y, losses } }: Inspection) => losses[y.length >> 1];

/** Whether the loss is positive along the first direction, so that its logarithm can be drawn. */
const isPositive = (inspection: Inspection) => middleOf(inspection).every((loss) => loss > 0 || !Number.isFinite(loss));

function profile(inspection: Inspection): string {
  const { surface, loss, seed } = inspection;
  const middle = middleOf(inspection);
  const points = surface.x.map((at, i) => ({ at, loss: middle[i] })).filter(({ loss }) => Number.isFinite(loss));
  return drawn(`Loss along the first direction, seed ${seed}`, {
    x: axis(`first direction (${lengths}; seed ${seed})`),
    y: {
      label: loss,
      labelAnchor: 'top',
      labelArrow: 'none',
      type: isPositive(inspection) ? 'log' : 'linear',
      tickFormat: '~g',
      grid: true,
    },
    marks: [
      Plot.frame({ stroke: '#bbb' }),
      Plot.ruleX([0], { stroke: '#b03a2e', strokeDasharray: '5,4' }),
      Plot.lineY(points, { x: 'at', y: 'loss', stroke: '#1b4f72', strokeWidth: 1.8 }),
    ],
  });
}

function reliability({ reliability: bins, of = 'samples', confidence }: Answers, seed: number): string {
  const most = Math.max(...bins.map(({ count }) => count));
  const bars = bins
    .map((bin, i) => ({ ...bin, middle: (i + 0.5) / bins.length }))
    .filter(({ count }) => count > 0)
    .map(({ middle, accuracy, count }) => {
      const half = (0.5 / bins.length) * Math.max(0.08, Math.sqrt(count / most));
      return { x1: middle - half, x2: middle + half, accuracy };
    });
  return drawn(`Reliability diagram, seed ${seed}`, {
    x: { ...axis(`confidence (${confidence ?? 'probability of the predicted class'}; seed ${seed})`), domain: [0, 1] },
    y: { label: `accuracy (share of ${of})`, labelAnchor: 'top', labelArrow: 'none', domain: [0, 1], grid: true },
    marks: [
      Plot.frame({ stroke: '#bbb' }),
      Plot.rectY(bars, { x1: 'x1', x2: 'x2', y: 'accuracy', fill: '#8aa6c1', stroke: '#1b4f72' }),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: '#222', strokeDasharray: '5,4' },
      ),
    ],
  });
}

/** Greys light enough for lines to be seen on the darkest. */
const greys = Array.from({ length: 10 }, (_, i) => {
  const level = Math.round(255 - 15 * i);
  return `rgb(${level},${level},${level})`;
});

function surface(inspection: Inspection): string {
  const { seed, loss } = inspection;
  const { x, y } = inspection.surface;
  const finite = finiteLosses(inspection);
  const largest = Math.max(...finite);
  const losses = inspection.surface.losses.flat().map((value) => (Number.isFinite(value) ? value : largest));
  const edges = levelsOf(finite, greys.length);
  const color = { type: 'threshold', domain: edges.slice(1), range: greys } as const;
  const legend = Plot.legend({
    document: blank(),
    color,
    label: loss,
    width: frame.width,
    marginLeft: frame.marginLeft,
    tickFormat: apart(edges.slice(1).map(distinctly(edges)), (frame.width - frame.marginLeft) / greys.length),
    style: { color: '#222', fontSize: '12px', maxWidth: '100%', height: 'auto' },
  } as unknown as Parameters<typeof Plot.legend>[0]);
  // Plot takes each number for the middle of a cell; the outer halves of the outermost cells are cut off.
  const [rimX, rimY] = [rim(x), rim(y)];
  const plane = drawn(`Loss surface, seed ${seed}`, {
    x: { ...axis(`first direction (${lengths}; seed ${seed})`), domain: [x[0], x[x.length - 1]] },
    y: { ...axis(`second direction (${lengths})`), domain: [y[0], y[y.length - 1]] },
    color,
    marks: [
      Plot.contour(losses, {
        width: x.length,
        height: y.length,
        x1: x[0] - rimX,
        x2: x[x.length - 1] + rimX,
        y1: y[0] - rimY,
        y2: y[y.length - 1] + rimY,
        thresholds: edges,
        fill: (value: number) => value,
        stroke: '#222',
        strokeWidth: 0.7,
        clip: true,
      }),
      Plot.frame({ stroke: '#bbb' }),
      Plot.dot([[0, 0]], { symbol: 'times', r: 6, stroke: '#b03a2e', strokeWidth: 2.5 }),
    ],
  });
  return `${legend.outerHTML}${plane}`;
}

const rim = (at: readonly number[]) => (at[at.length - 1] - at[0]) / (at.length - 1) / 2;

/** Where levels of the loss begin, the lowest first: even in the logarithm, or in the loss itself where that is negative, as of some embeddings. */
function levelsOf(losses: readonly number[], count: number): number[] {
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  return Array.from({ length: count }, (_, i) =>
    low > 0 ? low * (high / low) ** (i / count) : low + ((high - low) * i) / count,
  );
}

/** Numbers in as few digits as tell them apart, and with exponents only where there are many before the point: 160, 1.6e5. */
function distinctly(values: readonly number[]): (value: number) => string {
  const digits = [2, 3, 4, 5].find((n) => new Set(values.map((v) => v.toPrecision(n))).size === values.length) ?? 6;
  return (value) => {
    const size = Math.abs(value);
    if (size >= 1e4) return value.toExponential(digits - 1).replace('e+', 'e');
    return size >= 100 ? `${Number(value.toPrecision(digits))}` : value.toPrecision(digits);
  };
}

/** The name of each level, of every second one, third one, ... where more of them would run into each other at so many pixels apart. */
function apart(names: readonly string[], room: number): (value: number, i: number) => string {
  const longest = Math.max(...names.map((name) => name.length));
  // A digit is 7 pixels wide, and 4 are left to the next name.
  const every = Math.ceil((7 * longest + 4) / room);
  return (_, i) => (i % every === 0 ? names[i] : '');
}

function density(inspection: Inspection): string {
  const { spectrum, seed } = inspection;
  const values = spectrum.map(({ eigenvalue }) => eigenvalue);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const deviation = Math.max((high - low) / 100, 1e-9);
  const [from, to] = [low - 4 * deviation, high + 4 * deviation];
  const curve = Array.from({ length: 400 }, (_, i) => {
    const at = from + ((to - from) * i) / 399;
    const sum = spectrum.reduce(
      (total, { eigenvalue, weight }) => total + weight * Math.exp(-0.5 * ((at - eigenvalue) / deviation) ** 2),
      0,
    );
    return { at, density: sum / (deviation * Math.sqrt(2 * Math.PI)) };
  });
  const top = Math.max(...curve.map((point) => point.density));
  const floor = top * 1e-8;
  return drawn(`Spectrum of the Hessian, seed ${seed}`, {
    x: {
      ...axis(`eigenvalue (loss${inspection.unit ? ` in ${inspection.unit}` : ''} per squared weight; seed ${seed})`),
      ticks: 6,
      ...(Math.max(-low, high) >= 1e5 && { tickFormat: '~e' }),
    },
    y: {
      label: 'density (share of eigenvalues per unit)',
      labelAnchor: 'top',
      labelArrow: 'none',
      type: 'log',
      domain: [floor, top],
      grid: true,
      ticks: 5,
      tickFormat: (v: number) => v.toExponential(0),
    },
    marks: [
      Plot.frame({ stroke: '#bbb' }),
      Plot.lineY(
        curve.map((point) => ({ ...point, density: Math.max(point.density, floor) })),
        { x: 'at', y: 'density', stroke: '#1b4f72', strokeWidth: 1.5 },
      ),
    ],
  });
}
