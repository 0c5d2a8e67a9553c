import { describe, expect, it } from 'vitest';
import { pixelValues } from '../../src/data/normalization.js';

describe('the values of pixels', () => {
  it('lie in [0, 1] unless told otherwise', () => {
    expect(pixelValues('t', 1, {})).toEqual(Float32Array.from({ length: 256 }, (_, byte) => byte / 255));
  });

  it('are centred and scaled channel by channel, rounded once', () => {
    const values = pixelValues('t', 2, { mean: [0.5, 0.25], deviation: 0.5 });
    expect([values[0], values[255], values[256], values[511]]).toEqual([-1, 1, -0.5, 1.5]);
    expect(values[256 + 7]).toBe(Math.fround((7 / 255 - 0.25) / 0.5));
    expect(pixelValues('t', 2, { mean: 0.1, deviation: [1, 2] })).toEqual(
      pixelValues('t', 2, { mean: [0.1, 0.1], deviation: [1, 2] }),
    );
  });

  it('need one number a channel, and deviations above 0', () => {
    expect(() => pixelValues('t', 1, { mean: [0, 0, 0] })).toThrow(/t: mean has 3 numbers, the images have 1 channels/);
    expect(() => pixelValues('t', 3, { deviation: [1] })).toThrow(/t: deviation has 1 numbers/);
    for (const deviation of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => pixelValues('t', 1, { deviation })).toThrow(/t: deviation must not be/);
    expect(() => pixelValues('t', 1, { mean: Number.NaN })).toThrow(/t: mean must not be NaN/);
  });
});
