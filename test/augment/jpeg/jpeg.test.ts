import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  chrominanceTable,
  diffJpeg,
  exactArithmetic,
  type JpegArithmetic,
  jpegDecode,
  jpegEncode,
  jpegQualityScale,
  luminanceTable,
  randomJpeg,
  scaledTable,
  softArithmetic,
  softClip,
  softFloor,
  softRound,
  straightThroughArithmetic,
} from '../../../src/augment/index.js';
import {
  compile,
  constant,
  grad,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
  valueAndGrad,
  zeros,
} from '../../../src/index.js';
import { adam, applyUpdates } from '../../../src/optim/index.js';
import { key, uniform } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, close, numbers, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

/** The ramps of the card: red 16 i, green 8 i + 8 j, blue 255 - 16 j. */
const ramps = ndarray(
  Float64Array.from({ length: 768 }, (_, at) => {
    const [c, i, j] = [Math.floor(at / 256), Math.floor((at % 256) / 16), at % 16];
    return [16 * i, 8 * i + 8 * j, 255 - 16 * j][c];
  }),
  { shape: [1, 3, 16, 16] },
);
const pixel = (x: NDArray, c: number, i: number, j: number) => Number(x.data[256 * c + 16 * i + j]);
const three = (x: NDArray) => [pixel(x, 0, 0, 0), pixel(x, 1, 7, 7), pixel(x, 2, 15, 3)];
const coded = (arithmetic: JpegArithmetic) => compile((x: Tensor, q: Tensor) => diffJpeg(x, q, { arithmetic }));
const scalar = (q: number) => ndarray(q, { dtype: 'float64' });

describe('rounding, floor and clipping', () => {
  it('has the values of the card', async () => {
    await expectValue(() => softRound(c64([0.3, 0.5, 1.5, 2.75, -0.4])), [0.027, 0.125, 1.875, 2.984375, -0.064], 12);
    await expectValue(() => softFloor(c64([2, 3, 2.3, 2.9, -0.2])), [1.875, 2.125, 1.992, 2.064, -0.973], 12);
    await expectValue(() => softClip(c64([-10, 0, 100, 255, 300]), 0, 255), [-0.01, 0, 100, 255, 255.045], 12);
    const scales = (arithmetic: JpegArithmetic) => () => jpegQualityScale(c64([1, 25, 50, 99]), arithmetic);
    await expectValue(scales(softArithmetic), [4999.875, 199.875, 99.875, 1.875], 9);
    await expectValue(scales(exactArithmetic), [5000, 200, 100, 2], 12);
    const entry = (table: typeof luminanceTable, q: number, arithmetic: JpegArithmetic, at: number) => () =>
      scaledTable(table, c64([q]), arithmetic)
        .reshape([-1])
        .at(at);
    await expectValue(entry(luminanceTable, 50, softArithmetic, 0), [15.999992], 6);
    await expectValue(entry(luminanceTable, 1, softArithmetic, 0), [255.544999992], 8);
    await expectValue(entry(chrominanceTable, 75, softArithmetic, 63), [49.053263478515625], 12);
    await expectValue(entry(chrominanceTable, 75, exactArithmetic, 63), [50], 12);
    await expectValue(entry(luminanceTable, 1, exactArithmetic, 0), [255], 12);
  });

  it('has the slope of the cubic: none at whole numbers', async () => {
    const slopes = compile((x: Tensor) => grad((p: Tensor) => softRound(p).sum())(x));
    allClose(
      await slopes(ndarray([0, 1, -3, 0.5, 0.25], { dtype: 'float64' })),
      [0, 0, 0, 0.75, 0.1875],
      1e-15,
      'slope',
    );
    await checkDerivatives((x) => softRound(x), [random64([7], { low: -0.45, high: 0.45 })]);
    await checkDerivatives((q) => scaledTable(luminanceTable, q, softArithmetic), [scalar(30.3)], { tolerance: 1e-5 });
    await checkDerivatives((x) => softClip(x.mul(3), -1, 1, 0.01), [random64([7], { stream: 3 })]);
  });

  it('straight through: the values of the exact steps, the slopes of the soft ones', async () => {
    const x = ndarray([0.3, 2.5, -1.7, 40, 3], { dtype: 'float64' });
    for (const step of ['round', 'floor', 'clip'] as const) {
      const of = (arithmetic: JpegArithmetic) =>
        compile((p: Tensor) => {
          const fn = (v: Tensor) => (step === 'clip' ? arithmetic.clip(v, 0, 3) : arithmetic[step](v));
          return { value: fn(p), slope: grad((v: Tensor) => fn(v).sum())(p) };
        })(x);
      const [through, exact, soft] = [
        await of(straightThroughArithmetic),
        await of(exactArithmetic),
        await of(softArithmetic),
      ];
      expect(toNumbers(through.value)).toEqual(toNumbers(exact.value));
      allClose(through.slope, toNumbers(soft.slope), 1e-15, step);
    }
  });
});

describe('diffJpeg', () => {
  it('has the values of the card', async () => {
    const [soft, hard] = [coded(softArithmetic), coded(straightThroughArithmetic)];
    const cases: [typeof soft, number, number[]][] = [
      [soft, 50, [5.610933965, 109.93178448, 218.861007852]],
      [hard, 50, [6.422009028, 109.691553451, 220.339964319]],
      [soft, 5, [2.882031429, 91.416420344, 202.514974696]],
      [soft, 95, [1.481464514, 112.113199771, 212.537284533]],
    ];
    for (const [run, quality, expected] of cases)
      three(await run(ramps, scalar(quality))).forEach((v, i) => close(v, expected[i], 1e-9, `quality ${quality}`));
    const mean = compile((q: Tensor) => {
      const fn = (p: Tensor) => diffJpeg(constant(ramps), p).mean();
      const table = (p: Tensor) => scaledTable(luminanceTable, p, softArithmetic).reshape([-1]).at(0);
      return { mean: fn(q), slope: grad(fn)(q), table: table(q), tableSlope: grad(table)(q) };
    });
    const got = await mean(scalar(30.3));
    close(Number(got.mean.data[0]), 124.78581586247788, 1e-12, 'mean');
    close(Number(got.slope.data[0]), 0.0908853223791, 1e-7, 'slope by quality');
    close(Number(got.table.data[0]), 26.055706012411793, 1e-12, 'table');
    // The card has both slopes from central differences.
    close(Number(got.tableSlope.data[0]), -0.2674064933, 1e-8, 'slope of the table');
  });

  it('leaves of a constant image its mean, and codes at -224 for 100', async () => {
    const flat = compile(() => {
      const images = zeros([1, 3, 16, 32], 'float64').add(100);
      return {
        ...jpegEncode(images, 99, { arithmetic: { ...exactArithmetic, round: (x) => x } }),
        back: diffJpeg(images, 99),
      };
    });
    const { luminance, blueDifference, back } = await flat();
    expect(luminance.shape).toEqual([1, 8, 8, 8]);
    expect(blueDifference.shape).toEqual([1, 2, 8, 8]);
    // The first entry of the table is 16: 0.32 + 0.5 and floored at least 1.
    toNumbers(luminance).forEach((z, i) => close(z, i % 64 === 0 ? -224 : 0, 1e-10, 'coefficient'));
    toNumbers(blueDifference).forEach((z) => close(z, 0, 1e-10, 'difference'));
    toNumbers(back).forEach((v) => expect(Math.abs(v - 100)).toBeLessThan(1));
  });

  it('straight through is exact bit for bit, and derivatives are those of the steps', async () => {
    const images = uniform(key(1), [2, 3, 16, 16], { low: 0, high: 255 });
    const q = ndarray([20, 80]);
    expect(toNumbers(await coded(straightThroughArithmetic)(images, q))).toEqual(
      toNumbers(await coded(exactArithmetic)(images, q)),
    );
    const gradient = (arithmetic: JpegArithmetic) =>
      compile((x: Tensor, p: Tensor) => grad((y: Tensor) => diffJpeg(y, p, { arithmetic }).square().mean())(x))(
        images,
        q,
      );
    expect(toNumbers(await gradient(exactArithmetic)).every((v) => v === 0)).toBe(true);
    expect(toNumbers(await gradient(straightThroughArithmetic)).every((v) => v === 0)).toBe(false);
  });

  it('is the identity where nothing is rounded, for colours that do not change within 2 x 2 pixels', async () => {
    const keep: JpegArithmetic = { round: (x) => x, floor: (x) => x, clip: (x) => x };
    const grey = random64([1, 1, 16, 16], { stream: 5, low: 0, high: 255 });
    const same = compile((x: Tensor) => diffJpeg(x.broadcastTo([1, 3, 16, 16]), 50, { arithmetic: keep }));
    allClose(await same(grey), [...grey.data, ...grey.data, ...grey.data], 1e-12, 'grey');
    const matrix = compile((x: Tensor, m: Tensor) =>
      diffJpeg(x.broadcastTo([1, 3, 16, 16]), 50, { arithmetic: keep, colourMatrix: m }),
    );
    const other = ndarray(
      [
        [0.4, 0.4, 0.2],
        [-0.3, -0.2, 0.5],
        [0.5, -0.4, -0.1],
      ],
      { dtype: 'float64' },
    );
    allClose(await matrix(grey, other), [...grey.data, ...grey.data, ...grey.data], 1e-11, 'with another matrix');
  });

  it('continues sides that are no multiples of 16', async () => {
    const small = random64([1, 3, 10, 20], { stream: 9, low: 0, high: 255 });
    const run = compile((x: Tensor) => diffJpeg(x, 60, { arithmetic: exactArithmetic }));
    const got = await run(small);
    expect(got.shape).toEqual([1, 3, 10, 20]);
    const whole = Float64Array.from({ length: 3 * 16 * 32 }, (_, at) => {
      const [c, i, j] = [Math.floor(at / 512), Math.floor((at % 512) / 32), at % 32];
      return small.data[200 * c + 20 * Math.min(i, 9) + Math.min(j, 19)];
    });
    const large = toNumbers(await run(ndarray(whole, { shape: [1, 3, 16, 32] })));
    toNumbers(got).forEach((v, at) => {
      const [c, i, j] = [Math.floor(at / 200), Math.floor((at % 200) / 20), at % 20];
      expect(v).toBe(large[512 * c + 32 * i + j]);
    });
  });

  it('is encoding, then decoding, each image at its own quality', async () => {
    const images = random64([2, 3, 16, 16], { stream: 12, low: 0, high: 255 });
    const run = compile((x: Tensor, q: Tensor) => ({
      whole: diffJpeg(x, q),
      parts: jpegDecode(jpegEncode(x, q), [16, 16], q),
      first: diffJpeg(x.slice([[0, 1]]), 15),
      second: diffJpeg(x.slice([[1, 2]]), 90),
    }));
    const got = await run(images, ndarray([15, 90], { dtype: 'float64' }));
    expect(toNumbers(got.parts)).toEqual(toNumbers(got.whole));
    allClose(got.whole, [...toNumbers(got.first), ...toNumbers(got.second)], 1e-12, 'qualities');
  });

  it('is right in its derivatives by images, quality, tables and matrix', async () => {
    const x = random64([1, 3, 16, 16], { stream: 14, low: 60, high: 190 });
    const square = (table: readonly (readonly number[])[]) => ndarray(table as number[][], { dtype: 'float64' });
    const jfif = ndarray(
      [
        [0.299, 0.587, 0.114],
        [-0.168736, -0.331264, 0.5],
        [0.5, -0.418688, -0.081312],
      ],
      { dtype: 'float64' },
    );
    const shift = (t: NDArray, by: number): NDArray => ({ ...t, data: (t.data as Float64Array).map((v) => v + by) });
    const parts = (y: Tensor) => y.reshape([12, 64]).mean(1).div(100);
    await checkDerivatives(
      (q, luminance, chrominance, colourMatrix) =>
        parts(
          diffJpeg(constant(x), q, {
            luminanceTable: luminance,
            chrominanceTable: chrominance,
            colourMatrix,
            blurChroma: true,
          }),
        ),
      [scalar(31.7), shift(square(luminanceTable), 0.13), shift(square(chrominanceTable), 0.21), jfif],
      { step: 1e-6, tolerance: 1e-5 },
    );
    const some = random64([1, 3, 2, 2], { stream: 15, low: -3, high: 3 });
    await checkDerivatives((p) => parts(diffJpeg(constant(x).add(p.repeat(8, 2).repeat(8, 3)), 40)), [some], {
      tolerance: 1e-5,
    });
  });
});

describe('libjpeg', () => {
  /** Waves and a disc, 48 x 32. */
  const scene = Uint8Array.from({ length: 48 * 32 * 3 }, (_, at) => {
    const [c, x, y] = [at % 3, Math.floor(at / 3) % 48, Math.floor(at / 144)];
    const wave = 60 * Math.sin(x / (3 + c) + y / 7);
    return 128 + wave + (Math.hypot(x - 20, y - 15) < 9 ? [50, -40, 20][c] : 0);
  });

  it.each([1, 5, 25, 50, 75, 90])('makes of the same image what exact JPEG does here, quality %i', async (quality) => {
    const raw = { raw: { width: 48, height: 32, channels: 3 } } as const;
    const file = await sharp(scene, raw).jpeg({ quality, chromaSubsampling: '4:2:0' }).toBuffer();
    const expected = await sharp(file).raw().toBuffer();
    const images = ndarray(
      Float64Array.from({ length: scene.length }, (_, at) => scene[3 * (at % 1536) + Math.floor(at / 1536)]),
      { shape: [1, 3, 32, 48] },
    );
    const psnr = async (arithmetic: JpegArithmetic) => {
      const got = toNumbers(await coded(arithmetic)(images, scalar(quality)));
      const errors = got.map((v, at) => (v - expected[3 * (at % 1536) + Math.floor(at / 1536)]) ** 2);
      return 10 * Math.log10(255 ** 2 / (errors.reduce((a, b) => a + b) / errors.length));
    };
    // Whole numbers at every step there, real ones here.
    expect(await psnr(straightThroughArithmetic)).toBeGreaterThan(40);
    expect(await psnr(softArithmetic)).toBeGreaterThan(28);
  });
});

describe('an unknown quality', () => {
  it('is found again from what JPEG made with it, by its gradient', async () => {
    const quality = 20;
    const noise = numbers(31, 3 * 1024);
    const images = ndarray(
      Float64Array.from({ length: 3 * 1024 }, (_, at) => {
        const [c, row, column] = [Math.floor(at / 1024), Math.floor((at % 1024) / 32), at % 32];
        return 128 + 55 * Math.sin(row / (2 + c) + column / 5) + 45 * noise[at];
      }),
      { shape: [1, 3, 32, 32] },
    );
    const seen = await coded(exactArithmetic)(images, scalar(quality));
    const optimizer = adam({ learningRate: 0.5 });
    const step = compile((q: Tensor, moments: unknown, x: Tensor, y: Tensor) => {
      const [error, slope] = valueAndGrad((p: Tensor) => diffJpeg(x, p).sub(y).square().mean())(q);
      const { updates, state } = optimizer.update(slope, moments, q);
      return { error, moments: state, q: applyUpdates(q, updates).clip(1, 99) };
    });
    const found: { error: number; q: number }[] = [];
    for (const start of [10, 40, 80]) {
      let q: NDArray = scalar(start);
      let moments = optimizer.init(q) as never;
      for (let i = 0; i < 150; i++) {
        const next = await step(q as never, moments, images, seen);
        found.push({ error: Number(next.error.data[0]), q: Number(q.data[0]) });
        [q, moments] = [next.q as NDArray, next.moments as never];
      }
    }
    const best = found.reduce((a, b) => (a.error < b.error ? a : b));
    expect(Math.abs(best.q - quality)).toBeLessThan(1);
  });
});

describe('randomJpeg', () => {
  it('codes each image at a quality of its own, colour and grey', async () => {
    const images = uniform(key(2), [4, 3, 16, 16]);
    const run = compile((x: Tensor, k: Tensor) => {
      const q = uniform(k, [4], { low: 20, high: 60 });
      return {
        got: randomJpeg(x, k, { quality: [20, 60] }),
        expected: diffJpeg(x.mul(255), q, { arithmetic: straightThroughArithmetic }).div(255),
        grey: randomJpeg(x.slice([null, [0, 1]]), k, { quality: [20, 60] }),
        coloured: randomJpeg(x.slice([null, [0, 1]]).broadcastTo(x.shape), k, { quality: [20, 60] }),
      };
    });
    const { got, expected, grey, coloured } = await run(images, key(5));
    expect(toNumbers(got)).toEqual(toNumbers(expected));
    expect(grey.shape).toEqual([4, 1, 16, 16]);
    toNumbers(grey).forEach((v, at) =>
      close(v, Number(coloured.data[768 * Math.floor(at / 256) + (at % 256)]), 1e-6, 'grey'),
    );
  });
});

describe('errors', () => {
  const images = () => zeros([2, 3, 16, 16]);
  it.each<[string, () => unknown, RegExp]>([
    ['channels', () => diffJpeg(zeros([2, 1, 16, 16]), 50), /diffJpeg: images \[2, 1, 16, 16\] must have 3 channels/],
    ['quality', () => diffJpeg(images(), 100), /diffJpeg: quality 100 must lie in \[1, 99\]/],
    [
      'qualities',
      () => diffJpeg(images(), zeros([3])),
      /quality \[3\] must be \[\] or \[n\] for images \[2, 3, 16, 16\]/,
    ],
    ['whole qualities', () => diffJpeg(images(), constant([50, 60], 'int32')), /quality must be floats, not int32/],
    ['table', () => diffJpeg(images(), 50, { luminanceTable: zeros([8]) }), /table \[8\] must be \[8, 8\]/],
    [
      'coefficients',
      () => jpegDecode(jpegEncode(images(), 50), [32, 16], 50),
      /jpegDecode: luminance \[2, 4, 8, 8\] must be \[2, 8, 8, 8\] for luminance \[2, 4, 8, 8\] and images of \[32, 16\]/,
    ],
    ['slope', () => softClip(zeros([2]), 0, 1, -1), /softClip: slope -1/],
    [
      'random',
      () => randomJpeg(zeros([1, 2, 8, 8]), constant(key(0))),
      /randomJpeg: images \[1, 2, 8, 8\] must have 1 channel or 3/,
    ],
    ['range', () => randomJpeg(images(), constant(key(0)), { quality: [0, 50] }), /randomJpeg: quality \[0, 50\]/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
