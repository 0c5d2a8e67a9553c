import { describe, expect, it } from 'vitest';
import {
  cutMix,
  cutout,
  randomAffine,
  randomBrightness,
  randomContrast,
  randomCrop,
  randomErasing,
} from '../../../src/augment/index.js';
import {
  compile,
  constant,
  grad,
  type NDArray,
  ndarray,
  ones,
  type Tensor,
  toNumbers,
  zeros,
} from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';

/** n images of which each pixel tells where it stands: 100 row + column. */
const grid = (n: number, height: number, width: number): NDArray<'float64'> =>
  ndarray(
    Float64Array.from({ length: n * height * width }, (_, i) => {
      const at = i % (height * width);
      return 100 * Math.floor(at / width) + (at % width) + 1;
    }),
    { shape: [n, 1, height, width] },
  );
const run = (fn: (x: Tensor, k: Tensor) => Tensor) => compile(fn);
const pieces = (x: NDArray): number[][] => {
  const all = toNumbers(x);
  const size = all.length / x.shape[0];
  return Array.from({ length: x.shape[0] }, (_, i) => all.slice(i * size, (i + 1) * size));
};

describe('randomCrop', () => {
  it('cuts windows of the padded image, all places about equally often', async () => {
    const [h, w, padding] = [4, 5, 2];
    const crop = run((x, k) => randomCrop(x, k, { padding }));
    const got = pieces(await crop(grid(1000, h, w), key(1)));
    const counts = new Map<string, number>();
    for (const image of got) {
      // The offset that explains any one pixel explains all.
      const seen = image.findIndex((v) => v > 0);
      const top = Math.floor((image[seen] - 1) / 100) - Math.floor(seen / w);
      const left = ((image[seen] - 1) % 100) - (seen % w);
      expect(Math.max(Math.abs(top), Math.abs(left))).toBeLessThanOrEqual(padding);
      const expected = Array.from({ length: h * w }, (_, i) => {
        const [r, c] = [Math.floor(i / w) + top, (i % w) + left];
        return r >= 0 && r < h && c >= 0 && c < w ? 100 * r + c + 1 : 0;
      });
      expect(image).toEqual(expected);
      counts.set(`${top},${left}`, (counts.get(`${top},${left}`) ?? 0) + 1);
    }
    expect(counts.size).toBe(25);
    // Chi squared with 24 degrees of freedom: above 51 with probability 0.001.
    const chi = [...counts.values()].reduce((sum, c) => sum + (c - 40) ** 2 / 40, 0);
    expect(chi).toBeLessThan(51);
  });

  it('takes borders and sizes as asked', async () => {
    const inside = await run((x, k) => randomCrop(x, k, { padding: 0, size: [2, 3] }))(grid(50, 4, 5), key(2));
    expect(inside.shape).toEqual([50, 1, 2, 3]);
    for (const [a, b, , d] of pieces(inside)) expect([b - a, d - a]).toEqual([1, 100]);
    const reflected = await run((x, k) => randomCrop(x, k, { padding: 2, border: 'reflect' }))(grid(50, 4, 5), key(2));
    const repeated = await run((x, k) => randomCrop(x, k, { padding: 2, border: 'replicate' }))(grid(50, 4, 5), key(2));
    for (const all of [reflected, repeated]) expect(Math.min(...toNumbers(all))).toBeGreaterThan(0);
    expect(toNumbers(reflected)).not.toEqual(toNumbers(repeated));
    const same = await run((x, k) => randomCrop(x, k, { padding: 0 }))(grid(2, 4, 5), key(2));
    expect(toNumbers(same)).toEqual(Array.from(grid(2, 4, 5).data));
  });

  it('sends each gradient to the pixel it came from', async () => {
    const counts = await compile((x: Tensor, k: Tensor) =>
      grad((p: Tensor) => randomCrop(p, k, { padding: 1 }).sum())(x),
    )(grid(1, 3, 3), key(4));
    const got = toNumbers(await run((x, k) => randomCrop(x, k, { padding: 1 }))(grid(1, 3, 3), key(4)));
    expect(toNumbers(counts)).toEqual(Array.from(grid(1, 3, 3).data, (v) => (got.includes(v) ? 1 : 0)));
  });
});

/** The box of zeros in an image of ones: top, left, bottom, right; fails unless the zeros are a box. */
function boxOf(image: readonly number[], width: number): number[] {
  const at = image.flatMap((v, i) => (v === 0 ? [[Math.floor(i / width), i % width]] : []));
  const [rows, columns] = [at.map(([r]) => r), at.map(([, c]) => c)];
  const box = [Math.min(...rows), Math.min(...columns), Math.max(...rows) + 1, Math.max(...columns) + 1];
  expect(at.length).toBe((box[2] - box[0]) * (box[3] - box[1]));
  return box;
}

describe('cutout', () => {
  it('blanks a square around any pixel, cut off at the edges', async () => {
    const got = pieces(await compile((k: Tensor) => cutout(ones([400, 1, 6, 8]), k, { size: 3 }))(key(1)));
    const centres = new Set<string>();
    for (const image of got) {
      const [top, left, bottom, right] = boxOf(image, 8);
      // Where an edge cuts, the centre follows from the other side.
      const centre = [top > 0 ? top + 1 : bottom - 2, left > 0 ? left + 1 : right - 2];
      expect([top, left]).toEqual(centre.map((c) => Math.max(0, c - 1)));
      expect([bottom, right]).toEqual([Math.min(6, centre[0] + 2), Math.min(8, centre[1] + 2)]);
      centres.add(centre.join());
    }
    expect(centres.size).toBe(48);
  });

  it('fills with what it is told, in all channels, and leaves the rest', async () => {
    const x = random64([3, 2, 4, 4], { stream: 8 });
    const got = toNumbers(await run((p, k) => cutout(p, k, { size: 2, fill: 7 }))(x, key(3)));
    got.forEach((v, i) => {
      expect(v === 7 || v === x.data[i]).toBe(true);
      expect(v === 7).toBe(got[Math.floor(i / 32) * 32 + (i % 16)] === 7);
    });
    // From the middle a square as long as the image covers all of it, from a corner a quarter.
    const most = toNumbers(await run((p, k) => cutout(p, k, { size: 4, fill: 2 }))(x, key(3)));
    for (let i = 0; i < 6; i++)
      expect(most.slice(16 * i, 16 * i + 16).filter((v) => v === 2).length).toBeGreaterThan(3);
  });
});

describe('randomErasing', () => {
  it('takes boxes of the areas and aspects asked for out of as many images as asked for', async () => {
    const [n, side] = [600, 40];
    const options = { probability: 0.75, area: [0.1, 0.3], aspect: [0.5, 2] } as const;
    const images = pieces(await compile((k: Tensor) => randomErasing(ones([n, 1, side, side]), k, options))(key(9)));
    const erased = images.filter((image) => image.includes(0));
    // Four standard deviations.
    expect(Math.abs(erased.length - 0.75 * n)).toBeLessThan(4 * Math.sqrt(n * 0.75 * 0.25));
    const aspects = erased.map((image) => {
      const [top, left, bottom, right] = boxOf(image, side);
      const [h, w] = [bottom - top, right - left];
      // Each side is rounded by half a pixel at most.
      expect((h + 0.5) * (w + 0.5)).toBeGreaterThanOrEqual(0.1 * side * side);
      expect((h - 0.5) * (w - 0.5)).toBeLessThanOrEqual(0.3 * side * side);
      expect((h + 0.5) / (w - 0.5)).toBeGreaterThanOrEqual(0.5);
      expect((h - 0.5) / (w + 0.5)).toBeLessThanOrEqual(2);
      return Math.log(h / w);
    });
    // Even in the logarithm: mean 0, deviation ln(4) / sqrt(12).
    const mean = aspects.reduce((a, b) => a + b, 0) / aspects.length;
    expect(Math.abs(mean)).toBeLessThan((4 * Math.log(4)) / Math.sqrt(12 * aspects.length));
    const corners = images.filter((image) => image[0] === 0 || image[side * side - 1] === 0);
    expect(corners.length).toBeGreaterThan(0);
  });

  it('leaves images alone with probability 0, and erases all of them whole with area 1 and aspect 1', async () => {
    const x = random64([4, 1, 3, 3], { stream: 4 });
    const none = await run((p, k) => randomErasing(p, k, { probability: 0 }))(x, key(1));
    expect(toNumbers(none)).toEqual(Array.from(x.data));
    const whole = { probability: 1, area: [1, 1], aspect: [1, 1] } as const;
    expect(toNumbers(await run((p, k) => randomErasing(p, k, whole))(x, key(1)))).toEqual(new Array(36).fill(0));
  });
});

describe('randomBrightness and randomContrast', () => {
  const x = random64([2, 3, 2, 2], { stream: 6, low: 0, high: 1 });

  it('multiply, and limit to [0, 1]', async () => {
    const brighter = await run((p, k) => randomBrightness(p, k, { factor: [1.5, 1.5] }))(x, key(1));
    allClose(
      brighter,
      x.data.map((v) => Math.min(1, 1.5 * v)),
      1e-15,
      'brightness',
    );
    const contrast = await run((p, k) => randomContrast(p, k, { factor: [0.5, 0.5] }))(x, key(1));
    const expected = x.data.map((v, i) => {
      const image = x.data.subarray(Math.floor(i / 12) * 12).subarray(0, 12);
      const mean = [0.299, 0.587, 0.114].reduce(
        (sum, share, c) => sum + (share * image.subarray(4 * c, 4 * c + 4).reduce((a, b) => a + b)) / 4,
        0,
      );
      return mean + 0.5 * (v - mean);
    });
    allClose(contrast, expected, 1e-15, 'contrast');
    const flat = await run((p, k) => randomContrast(p, k, { factor: [0, 0] }))(
      random64([1, 1, 2, 2], { low: 0 }),
      key(1),
    );
    expect(new Set(toNumbers(flat).map((v) => v.toFixed(12))).size).toBe(1);
  });

  it('draw factors evenly, one an image', async () => {
    const factors = toNumbers(
      await compile((k: Tensor) => randomBrightness(ones([2000, 1, 1, 1]).mul(0.5), k, { factor: [0.4, 1.6] }))(key(2)),
    ).map((v) => 2 * v);
    const mean = factors.reduce((a, b) => a + b, 0) / 2000;
    expect(Math.abs(mean - 1)).toBeLessThan((4 * 1.2) / Math.sqrt(12 * 2000));
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.4 - 1e-6);
    expect(Math.max(...factors)).toBeLessThan(1.6);
  });

  it('are right in their derivatives', async () => {
    const options = { factor: [0.7, 0.9] } as const;
    await checkDerivatives((p) => randomBrightness(p, constant(key(1)), options), [x]);
    await checkDerivatives((p) => randomContrast(p, constant(key(1)), options), [x]);
  });
});

describe('randomAffine', () => {
  const x = random64([1, 2, 4, 4], { stream: 7 });
  const at = (r: number, c: number, channel: number) =>
    r >= 0 && r < 4 && c >= 0 && c < 4 ? x.data[16 * channel + 4 * r + c] : 0;
  const everywhere = (from: (r: number, c: number) => readonly [number, number]) =>
    Array.from(x.data, (_, i) => {
      const [r, c] = from(Math.floor((i % 16) / 4), i % 4);
      return at(r, c, Math.floor(i / 16));
    });
  const exact = async (options: Parameters<typeof randomAffine>[2], from: (r: number, c: number) => [number, number]) =>
    allClose(
      await run((p, k) => randomAffine(p, k, options))(x, key(1)),
      everywhere(from),
      1e-14,
      JSON.stringify(options),
    );

  it('takes the nearest pixel where it is told to, and blends none', async () => {
    // 0.4 and 0.6 of a pixel.
    await exact({ translation: [0.1, 0.1], interpolation: 'nearest' }, (r, c) => [r, c]);
    await exact({ translation: [0.15, 0.15], interpolation: 'nearest' }, (r, c) => [r - 1, c - 1]);
    const options = { rotation: [20, 40], scale: [0.6, 1.2], interpolation: 'nearest' } as const;
    const turned = toNumbers(await run((p, k) => randomAffine(p, k, options))(x, key(2)));
    const there = new Set([0, ...x.data]);
    expect(turned.every((value) => there.has(value))).toBe(true);
  });

  it('turns clockwise, shifts right and down, enlarges and leans about the centre', async () => {
    await exact({}, (r, c) => [r, c]);
    // Clockwise by a quarter, what stands at the right comes from the top.
    await exact({ rotation: [90, 90] }, (r, c) => [3 - c, r]);
    await exact({ rotation: [180, 180] }, (r, c) => [3 - r, 3 - c]);
    await exact({ translation: [0.25, 0.25] }, (r, c) => [r - 1, c - 1]);
    // Row r is 1.5 - r above the centre, and goes to the right by tan 45 times that.
    const rowed = (r: number, c: number): [number, number] => [r, c - (1.5 - r)];
    const leaning = toNumbers(await run((p, k) => randomAffine(p, k, { shear: [45, 45] }))(x, key(1)));
    leaning.forEach((v, i) => {
      const [r, c] = rowed(Math.floor((i % 16) / 4), i % 4);
      const channel = Math.floor(i / 16);
      close(v, (at(r, Math.floor(c), channel) + at(r, Math.floor(c) + 1, channel)) / 2, 1e-14, `leaning ${i}`);
    });
    // Twice as large: the middle 2 x 2 fills the image, corner pixels 3/4 their own.
    const large = toNumbers(await run((p, k) => randomAffine(p, k, { scale: [2, 2] }))(x, key(1)));
    const [a, b, c, d] = [at(1, 1, 0), at(1, 2, 0), at(2, 1, 0), at(2, 2, 0)];
    close(large[5], 0.75 * 0.75 * a + 0.75 * 0.25 * (b + c) + 0.0625 * d, 1e-14, 'enlarged');
  });

  it('turns pixels, not shares of the sides, where the image is not square', async () => {
    // A quarter turn of a 2 x 4 image keeps its middle 2 x 2 in it.
    const wide = ndarray(
      Float64Array.from({ length: 8 }, (_, i) => i + 1),
      { shape: [1, 1, 2, 4] },
    );
    const got = await run((p, k) => randomAffine(p, k, { rotation: [90, 90] }))(wide, key(1));
    allClose(got, [0, 6, 2, 0, 0, 7, 3, 0], 1e-14, 'turned');
  });

  it('draws for each image, within the ranges', async () => {
    const n = 500;
    const dot = ndarray(
      new Float64Array(n * 25).map((_, i) => (i % 25 === 12 ? 1 : 0)),
      { shape: [n, 1, 5, 5] },
    );
    const moved = await run((p, k) => randomAffine(p, k, { translation: [-0.2, 0.4] }))(dot, key(3));
    const shifts = pieces(moved).map((image) => [
      image.reduce((sum, v, i) => sum + v * ((i % 5) - 2), 0),
      image.reduce((sum, v, i) => sum + v * (Math.floor(i / 5) - 2), 0),
    ]);
    for (const axis of [0, 1]) {
      const of = shifts.map((s) => s[axis]);
      expect(Math.min(...of)).toBeGreaterThanOrEqual(-1 - 1e-9);
      expect(Math.max(...of)).toBeLessThanOrEqual(2 + 1e-9);
      const mean = of.reduce((a, b) => a + b, 0) / n;
      expect(Math.abs(mean - 0.5)).toBeLessThan((4 * 3) / Math.sqrt(12 * n));
    }
    const correlation = shifts.reduce((sum, [a, b]) => sum + (a - 0.5) * (b - 0.5), 0) / n / (9 / 12);
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(n));
  });

  it('is right in its derivatives', async () => {
    const all = { rotation: [-30, 30], translation: [-0.2, 0.2], scale: [0.8, 1.2], shear: [-10, 10] } as const;
    await checkDerivatives(
      (p) => randomAffine(p, constant(key(2)), { ...all, border: 'reflection' }).square(),
      [random64([2, 1, 3, 4])],
    );
  });
});

describe('cutMix', () => {
  it.each([false, true])('puts boxes of partners into images, one each: %s', async (perExample) => {
    const [n, h, w] = [40, 6, 9];
    // Image i holds the number i.
    const images = ndarray(
      Float64Array.from({ length: n * h * w }, (_, i) => Math.floor(i / (h * w))),
      {
        shape: [n, 1, h, w],
      },
    );
    const mix = compile((x: Tensor, k: Tensor) => cutMix(x, k, { perExample }));
    for (const seed of [1, 2, 3]) {
      const { x, partner, share } = await mix(images, key(seed));
      const [partners, shares] = [toNumbers(partner), toNumbers(share)];
      expect(share.shape).toEqual(perExample ? [n] : []);
      expect([...partners].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      const boxes = new Set<string>();
      pieces(x).forEach((image, i) => {
        if (partners[i] === i) return;
        const own = image.filter((v) => v === i).length;
        expect(image.filter((v) => v === partners[i]).length).toBe(h * w - own);
        close(shares[perExample ? i : 0], own / (h * w), 1e-12, 'share');
        if (own < h * w)
          boxes.add(
            boxOf(
              image.map((v) => (v === i ? 1 : 0)),
              w,
            ).join(),
          );
      });
      expect(boxes.size).toBeLessThanOrEqual(perExample ? n : 1);
      if (perExample) expect(boxes.size).toBeGreaterThan(10);
    }
  });

  it('leaves everything as it is with alpha 0', async () => {
    const x = random64([3, 1, 4, 4]);
    const { x: got, share } = await compile((p: Tensor, k: Tensor) => cutMix(p, k, { alpha: 0 }))(x, key(1));
    expect(toNumbers(got)).toEqual(Array.from(x.data));
    expect(toNumbers(share)).toEqual([1]);
  });
});

describe('errors', () => {
  const images = () => zeros([2, 3, 8, 8]);
  const k = () => constant(key(0));
  it.each<[string, () => unknown, RegExp]>([
    [
      'images',
      () => randomCrop(zeros([3, 8, 8]), k()),
      /randomCrop: images \[3, 8, 8\] must be \[n, channels, height, width\]/,
    ],
    ['padding', () => randomCrop(images(), k(), { padding: 1.5 }), /randomCrop: padding 1.5 must be a whole number/],
    [
      'window',
      () => randomCrop(images(), k(), { padding: 0, size: [9, 8] }),
      /a window \[9,8\] does not fit into padded images \[8,8\]/,
    ],
    ['size', () => cutout(images(), k(), { size: 0 }), /cutout: size 0/],
    [
      'size beyond the image',
      () => cutout(zeros([2, 1, 28, 32]), k(), { size: 33 }),
      /cutout: size 33 would blank out whole images \[2, 1, 28, 32\]: it must be at most 32/,
    ],
    [
      'area',
      () => randomErasing(images(), k(), { area: [0.4, 0.2] }),
      /randomErasing: area \[0.4, 0.2\] must be two numbers in order, at least 0, at most 1/,
    ],
    [
      'aspect',
      () => randomErasing(images(), k(), { aspect: [0, 1] }),
      /aspect \[0, 1\] must be two numbers in order, above 0/,
    ],
    ['fill', () => randomErasing(images(), k(), { fill: NaN }), /fill NaN/],
    ['factor', () => randomBrightness(images(), k(), { factor: [-1, 1] }), /randomBrightness: factor \[-1, 1\]/],
    [
      'contrast',
      () => randomContrast(images(), k(), { factor: [1, Infinity] }),
      /randomContrast: factor \[1, Infinity\]/,
    ],
    ['scale', () => randomAffine(images(), k(), { scale: [0, 1] }), /randomAffine: scale \[0, 1\]/],
    ['shear', () => randomAffine(images(), k(), { shear: [0, 90] }), /randomAffine: shear \[0, 90\]/],
    ['cutMix', () => cutMix(zeros([4, 3]), k()), /cutMix: images \[4, 3\]/],
    ['alpha', () => cutMix(images(), k(), { alpha: NaN }), /cutMix: alpha NaN/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
