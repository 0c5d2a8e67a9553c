import { inflateSync } from 'node:zlib';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { ndarray } from '../../../src/index.js';
import { type RunRecord, renderReport } from '../../../src/train/index.js';
import { encodePng } from '../../../src/train/pages/png.js';

const record: RunRecord = {
  config: { data: 'digits', model: '<script>alert(1)</script>', epochs: 2 },
  result: { testAccuracy: 0.9, testLoss: 0.4, epochs: 2, seconds: 12.3, seed: 5 },
  testLoss: 'cross-entropy (nats)',
  metrics: [
    ...Array.from({ length: 60 }, (_, i) => ({
      step: i + 1,
      epoch: i < 30 ? 0 : 1,
      loss: 2 / (i + 1),
      accuracy: i / 60,
      learningRate: 0.1 - i * 1e-3,
      seconds: i,
    })),
    { step: 30, epoch: 0, testLoss: 0.6, testAccuracy: 0.8 },
    { step: 60, epoch: 1, testLoss: 0.4, testAccuracy: 0.9 },
  ],
  confusion: [
    [9, 1],
    [0, 0],
  ],
  classes: ['cat & mouse', 'dog'],
  samples: [
    { image: ndarray(new Uint8Array(16).fill(9), { shape: [1, 4, 4] }), label: 0, predicted: 1, confidence: 0.75 },
    { image: ndarray(new Uint8Array(48), { shape: [3, 4, 4] }), label: 0, predicted: 0, confidence: 0.5 },
  ],
};

describe('the report', async () => {
  const html = await renderReport(record);
  const { document } = parseHTML(html);

  it('needs nothing from elsewhere and runs nothing', () => {
    expect(html).not.toMatch(/(src|href)="(?!data:|#)/);
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
    expect(document.querySelector('h1')?.textContent).toBe('<script>alert(1)</script> on digits');
  });

  it('has charts with axes, units, legends and the seed', () => {
    const figures = [...document.querySelectorAll('.charts figure')];
    expect(figures.map((f) => f.querySelector('figcaption')?.textContent)).toEqual([
      'Loss',
      'Accuracy',
      'Learning rate',
    ]);
    for (const figure of figures) {
      expect(figure.textContent).toContain('step (seed 5)');
      expect(figure.querySelector('svg[aria-label]')?.getAttribute('aria-label')).toContain('seed 5');
    }
    expect(figures[0].textContent).toContain('cross-entropy (nats)');
    expect(figures[0].querySelector('.legend')?.textContent).toContain('test set, after each epoch');
    // Curves differ in dashes and markers, not in colour alone.
    expect(figures[0].querySelectorAll('g path[stroke-dasharray], g[stroke-dasharray]').length).toBeGreaterThan(0);
    expect(figures[0].querySelectorAll('circle').length).toBeGreaterThanOrEqual(3);
    expect(html).not.toContain('NaN');
  });

  it('has an axis of shares for the nearest neighbours of embeddings, after one epoch too', async () => {
    const embedding = {
      knnAccuracy: 0.933,
      linearProbe: 0.9,
      recallAt1: 0.9,
      recallAt5: 0.95,
      recallAt10: 0.97,
      meanAveragePrecisionAtR: 0.6,
      normalizedMutualInformation: 0.7,
      alignment: 0.3,
      uniformity: -2,
    };
    const metrics = [
      ...[10, 20, 30].map((step) => ({ step, epoch: 0, loss: 4, learningRate: 0.1, seconds: 1 })),
      { step: 30, epoch: 0, testLoss: 3.9, testKnnAccuracy: 0.933 },
    ];
    const result = { testKnnAccuracy: 0.933, testLoss: 3.9, seconds: 12.3, seed: 5, epochs: 1, embedding };
    const page = parseHTML(await renderReport({ config: record.config, metrics, result })).document;
    const figure = [...page.querySelectorAll('.charts figure')][1];
    expect(figure.textContent).toContain('accuracy of nearest neighbours (share of samples)');
    const ticksOf = (name: string) =>
      [...figure.querySelectorAll(`[aria-label="${name}-axis tick label"] text`)].map((text) => text.textContent);
    expect(ticksOf('y')[0]).toBe('0.90');
    expect(ticksOf('y').at(-1)).toBe('1.00');
    expect(ticksOf('x')[0]).toBe('0');
    expect(ticksOf('x').at(-1)).toBe('30');
  });

  it('has the confusion matrix and what follows from it', () => {
    const cells = [...document.querySelectorAll('.confusion tbody td')].map((cell) => cell.textContent);
    expect(cells).toEqual(['9', '1', '10', '0', '0', '0']);
    expect(document.querySelector('.confusion th')?.textContent).toContain('predicted');
    expect(html).toContain('cat &amp; mouse taken for dog (1)');
    expect(document.body?.textContent).toContain('90.00%');
  });

  it('shows the predictions as pictures, the wrong ones marked', () => {
    const images = [...document.querySelectorAll('.gallery img')];
    expect(images.map((i) => i.getAttribute('alt'))).toEqual([
      'a cat & mouse predicted as dog',
      'a cat & mouse predicted as cat & mouse',
    ]);
    expect(images[0].getAttribute('src')).toMatch(/^data:image\/png;base64,/);
    expect(document.querySelectorAll('.gallery .wrong')).toHaveLength(1);
  });
});

describe('encodePng', () => {
  it('writes header, rows and colours in PNG order', () => {
    const image = ndarray(Uint8Array.of(1, 2, 3, 4, 5, 6), { shape: [3, 1, 2] });
    const png = Buffer.from(encodePng(image));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([2, 1, 8, 2]);
    const at = png.indexOf('IDAT') + 4;
    expect([...inflateSync(png.subarray(at, at + png.readUInt32BE(at - 8)))]).toEqual([0, 1, 3, 5, 2, 4, 6]);
    expect(() => encodePng(ndarray(new Uint8Array(8), { shape: [2, 2, 2] }))).toThrow(/\[2, 2, 2\] must be \[1 or 3/);
  });
});

describe('the report of a regression', () => {
  const { result, metrics, config } = record;
  const numbers: RunRecord = {
    config: { ...config, loss: 'huber' },
    result: { testError: 1.25, testLoss: 0.5, epochs: 2, seconds: 1, seed: result.seed },
    metrics: metrics.map(({ accuracy, testAccuracy, ...line }) => ({
      ...line,
      ...(accuracy === undefined ? { testError: testAccuracy } : { error: accuracy }),
    })),
    estimates: [
      { target: 1, predicted: 2 },
      { target: 3, predicted: 2.5 },
    ],
  };

  it('has errors in the place of accuracies, and predictions against targets', async () => {
    const { document } = parseHTML(await renderReport(numbers));
    expect(document.querySelector('.summary')?.textContent).toMatch(
      /1\.250 test root mean squared error \(units of the target\), test loss 0\.5000/,
    );
    const captions = [...document.querySelectorAll('.charts figcaption')].map((caption) => caption.textContent);
    expect(captions).toEqual(['Loss', 'Root mean squared error', 'Learning rate']);
    const headings = [...document.querySelectorAll('h2')].map((heading) => heading.textContent);
    expect(headings).toEqual(['Predictions and targets', 'Configuration']);
    expect(
      document.querySelector('svg[aria-label="Predictions by target, 2 test samples"]')?.querySelectorAll('circle'),
    ).toHaveLength(2);
  });
});

describe('the report of a classifier of texts', () => {
  it('shows texts as text, cut where they are long', async () => {
    const texts = [
      { text: '<b>bold</b>', label: 0, predicted: 1, confidence: 0.9 },
      { text: 'x'.repeat(400), label: 1, predicted: 1, confidence: 0.6 },
    ];
    const { samples, ...rest } = record;
    expect(samples).toHaveLength(2);
    const { document } = parseHTML(await renderReport({ ...rest, texts }));
    const rows =
      [...document.querySelectorAll('section')]
        .find((part) => part.textContent?.includes('Sample predictions'))
        ?.querySelectorAll('tbody tr') ?? [];
    expect([...rows].map((row) => row.textContent)).toEqual([
      '<b>bold</b>\u2717 dogcat & mouse90%',
      `${'x'.repeat(300)}...dogdog60%`,
    ]);
  });
});
