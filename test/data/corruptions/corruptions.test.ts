import { describe, expect, it } from 'vitest';
import { type CorruptionName, corrupted, corruptions, digits, type Images, subset } from '../../../src/data/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { golden } from '../../support/golden.js';

const names = Object.keys(corruptions) as CorruptionName[];
const severities = [1, 2, 3, 4, 5] as const;
const reference = golden<
  { picture: number[] } & Record<'gaussianBlur' | 'pixelate' | 'contrast' | 'brightness', number[][]>
>('corruptions');
const picture: Images = { data: Uint8Array.from(reference.picture), shape: [1, 3, 14, 11], dtype: 'uint8' };
const plain = (value: number, shape = [4, 1, 40, 40]): Images => ({
  data: new Uint8Array(shape.reduce((a, b) => a * b)).fill(value),
  shape,
  dtype: 'uint8',
});
/** Mean and deviation of the pixels, in [0, 1]. */
function moments({ data }: Images): [mean: number, deviation: number] {
  const values = Array.from(data, (v) => v / 255);
  const mean = values.reduce((a, b) => a + b) / values.length;
  return [mean, Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)];
}

describe('corruptions', () => {
  it.each(['gaussianBlur', 'pixelate', 'contrast', 'brightness'] as const)(
    '%s agrees with SciPy and Pillow',
    (name) => {
      for (const severity of severities) {
        const got = corruptions[name](picture, { severity, key: key(0) });
        const gap = name === 'pixelate' ? 0 : 0.5 + 1e-4;
        got.data.forEach((v, i) => {
          expect(Math.abs(v - reference[name][severity - 1][i]), `${severity}, ${i}`).toBeLessThanOrEqual(gap);
        });
      }
    },
  );

  it('gaussianNoise and speckleNoise have their deviations, around the pixel', () => {
    for (const [i, severity] of severities.entries()) {
      const [mean, deviation] = moments(corruptions.gaussianNoise(plain(128), { severity, key: key(1) }));
      expect(mean).toBeCloseTo(128 / 255, 2);
      expect(Math.abs(deviation / [0.04, 0.06, 0.08, 0.09, 0.1][i] - 1)).toBeLessThan(0.04);
      const [, speckle] = moments(corruptions.speckleNoise(plain(100), { severity, key: key(1) }));
      expect(Math.abs(speckle / (([0.06, 0.1, 0.12, 0.16, 0.2][i] * 100) / 255) - 1)).toBeLessThan(0.04);
    }
    expect(corruptions.speckleNoise(plain(0), { severity: 5, key: key(1) }).data.every((v) => v === 0)).toBe(true);
  });

  it('shotNoise has the mean and variance of counts', () => {
    for (const [i, severity] of severities.entries()) {
      const photons = [500, 250, 100, 75, 50][i];
      for (const value of [10, 128]) {
        const [mean, deviation] = moments(corruptions.shotNoise(plain(value), { severity, key: key(2) }));
        expect(Math.abs(mean - value / 255)).toBeLessThan(0.004);
        expect(Math.abs(deviation / Math.sqrt(value / 255 / photons) - 1), `${value}, ${photons}`).toBeLessThan(0.05);
      }
    }
    expect(corruptions.shotNoise(plain(0), { severity: 5, key: key(2) }).data.every((v) => v === 0)).toBe(true);
  });

  it('impulseNoise makes its share of pixels black or white', () => {
    const { data } = corruptions.impulseNoise(plain(128, [10, 1, 40, 40]), { severity: 5, key: key(3) });
    const [black, white] = [0, 255].map((v) => data.filter((x) => x === v).length / data.length);
    expect(black).toBeCloseTo(0.035, 2);
    expect(white).toBeCloseTo(0.035, 2);
    expect(data.filter((x) => x === 128).length / data.length).toBeCloseTo(0.93, 2);
  });

  it.each(names)('%s: the same key gives the same bytes, whatever the number; it grows with severity', (name) => {
    const many = digits({ count: 12, key: key(4) });
    const few = subset(many, [0, 1, 2]);
    const distances = severities.map((severity) => {
      const a = corrupted(many, name, { severity, key: key(5) });
      const b = corrupted(few, name, { severity, key: key(5) });
      expect(b.images.data).toEqual(a.images.data.slice(0, 3 * 784));
      expect(a.labels).toBe(many.labels);
      expect(a.name).toBe(`${many.name}, ${name} ${severity}`);
      return a.images.data.reduce((total, v, i) => total + (v - many.images.data[i]) ** 2, 0);
    });
    distances.slice(1).forEach((d, i) => expect(d, `severity ${i + 2}`).toBeGreaterThan(distances[i]));
    expect(distances[0]).toBeGreaterThan(0);
  });

  it('refuses other names, severities and shapes', () => {
    const data = digits({ count: 1, key: key(0) });
    expect(() => corrupted(data, 'rust' as never, { severity: 1, key: key(0) })).toThrow(
      /no corruption is called rust; there are gaussianNoise/,
    );
    expect(() => corrupted(data, 'contrast', { severity: 6 as never, key: key(0) })).toThrow(
      /contrast: severity 6 must be 1, 2, 3, 4 or 5/,
    );
    expect(() => corruptions.contrast({ ...data.images, shape: [28, 28] }, { severity: 1, key: key(0) })).toThrow(
      /images \[28, 28\]/,
    );
  });
});
