import sharp from 'sharp';
import { diffJpeg, exactArithmetic, type JpegArithmetic, softArithmetic, softRound } from '../../augment/index.js';
import { valueAndGrad } from '../../autodiff/index.js';
import { meanSquaredError } from '../../losses/index.js';
import { psnr } from '../../metrics/index.js';
import { adam, applyUpdates } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, normal, uniform } from '../../runtime/random/index.js';
import { type NDArray, ndarray, type Tensor, toNumbers, zerosArray } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';

const side = 64;
const count = 4;
const qualities = [1, 2, 5, 10, 20, 35, 50, 65, 80, 90, 95, 99];

/** Colour pictures of waves, discs and noise, whole numbers in [0, 255], [count, 3, side, side]. */
function pictures(seed: number): NDArray<'float32'> {
  const root = key(240_000 + seed);
  const noise = normal(foldIn(root, 0), [count, 3, side, side]).data;
  const draws = uniform(foldIn(root, 1), [count, 3 * 12 + 4 * 6]).data;
  const x = noise.map((e, at) => {
    const [i, c, row, column] = [
      Math.floor(at / (3 * side * side)),
      Math.floor(at / (side * side)) % 3,
      Math.floor(at / side) % side,
      at % side,
    ];
    const own = draws.subarray(i * 60, (i + 1) * 60);
    let value = 128;
    for (let k = 0; k < 3; k++) {
      const [u, v, phase, strength] = own.subarray(12 * c + 4 * k, 12 * c + 4 * k + 4);
      value += 60 * strength * Math.sin(2 * Math.PI * ((6 * u * row) / side + (6 * v * column) / side + phase));
    }
    for (let k = 0; k < 4; k++) {
      const disc = own.subarray(36 + 6 * k, 42 + 6 * k);
      if (Math.hypot(row - side * disc[0], column - side * disc[1]) < 4 + 10 * disc[2]) value = 255 * disc[3 + c];
    }
    return Math.min(255, Math.max(0, Math.round(value + 6 * e)));
  });
  return { data: x, shape: [count, 3, side, side], dtype: 'float32' };
}

/** What libjpeg makes of them. */
async function byLibjpeg(images: NDArray<'float32'>, quality: number): Promise<NDArray<'float32'>> {
  const size = side * side;
  const coded = new Float32Array(images.data.length);
  for (let i = 0; i < count; i++) {
    const own = images.data.subarray(i * 3 * size, (i + 1) * 3 * size);
    const pixels = Uint8Array.from({ length: 3 * size }, (_, k) => own[(k % 3) * size + Math.floor(k / 3)]);
    const file = await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
      .jpeg({ quality, chromaSubsampling: '4:2:0' })
      .toBuffer();
    const back = await sharp(file).raw().toBuffer();
    back.forEach((v, k) => {
      coded[i * 3 * size + (k % 3) * size + Math.floor(k / 3)] = v;
    });
  }
  return { data: coded, shape: images.shape, dtype: 'float32' };
}

/** What is compared: all of JPEG softly; and rounding alone, tables neither floored nor limited, pixels cut off at the end. */
const arithmetics: Record<string, JpegArithmetic> = {
  'Diff-JPEG': softArithmetic,
  'cubic rounding alone': {
    round: softRound,
    floor: (x) => x,
    clip: (x, low, high) => (low === 0 ? x.clip(low, high) : x),
  },
};

export const claim: Claim = {
  statement:
    'A differentiable JPEG that also models the floors and limits of tables and pixels is nearer to the codec than one that models its rounding alone.',
  effect:
    'peak signal-to-noise ratio to libjpeg (dB), mean over 12 qualities from 1 to 99, Diff-JPEG less cubic rounding alone',
  unit: 'difference in dB',
  threshold: 2,
  data: 'four drawn colour pictures of 64 x 64 a seed, waves, discs and noise',
  seeds: 5,
  remarks:
    'Attacks change a picture by at most 16 a pixel, in 150 steps of Adam through each model at quality 15, so that exact JPEG brings it near to its mirror image; those that ignore JPEG take it for the identity.',
  async measure(seed, note) {
    const images = pictures(seed);
    const references = await Promise.all(qualities.map((quality) => byLibjpeg(images, quality)));
    const arms: Record<string, Arm> = {};
    for (const [name, arithmetic] of Object.entries(arithmetics)) {
      const run = compile((x: Tensor, q: Tensor) => diffJpeg(x, q, { arithmetic }));
      const ratios: number[] = [];
      for (const [i, quality] of qualities.entries()) {
        const coded = await run(images, ndarray(quality, { dtype: 'float32' }));
        const limited = ndarray(toNumbers(coded).map((v) => Math.min(255, Math.max(0, v))));
        ratios.push(psnr({ ...limited, shape: coded.shape }, references[i], { dataRange: 255 }));
      }
      await run.release();
      const mean = (from: number, to: number) =>
        ratios.slice(from, to).reduce((a, b) => a + b, 0) / (Math.min(to, ratios.length) - from);
      arms[name] = {
        'PSNR to libjpeg (dB), all qualities': mean(0, qualities.length),
        'the same, qualities 1 and 2': mean(0, 2),
        'squared error that its attack leaves': await attacked(images, (x) => diffJpeg(x, 15, { arithmetic })),
      };
      note(`${name}: ${ratios.map((r) => r.toFixed(1)).join(' ')}`);
    }
    arms['ignoring JPEG'] = { 'squared error that its attack leaves': await attacked(images, (x) => x) };
    const of = (name: string) => arms[name]['PSNR to libjpeg (dB), all qualities'];
    return { effect: of('Diff-JPEG') - of('cubic rounding alone'), arms };
  },
};

/** The squared error between what JPEG makes of the first picture after an attack through a model of it, and the picture's mirror image. */
async function attacked(images: NDArray<'float32'>, codec: (x: Tensor) => Tensor): Promise<number> {
  const picture = { ...images, data: images.data.slice(0, 3 * side * side), shape: [1, 3, side, side] };
  const optimizer = adam({ learningRate: 2 });
  const step = compile((change: Tensor, moments: unknown, x: Tensor) => {
    const [, gradient] = valueAndGrad((d: Tensor) => meanSquaredError(codec(x.add(d).clip(0, 255)), x.flip(3)))(change);
    const { updates, state } = optimizer.update(gradient, moments, change);
    return { change: applyUpdates(change, updates).clip(-16, 16), moments: state };
  });
  let change: NDArray = zerosArray(picture.shape, 'float32');
  let moments = optimizer.init(change) as never;
  for (let i = 0; i < 150; i++) {
    const next = await step(change as never, moments, picture);
    change = next.change as NDArray;
    moments = next.moments as never;
  }
  const exact = compile((d: Tensor, x: Tensor) =>
    meanSquaredError(diffJpeg(x.add(d).clip(0, 255), 15, { arithmetic: exactArithmetic }), x.flip(3)),
  );
  const error = toNumbers(await exact(change, picture))[0];
  await Promise.all([step.release(), exact.release()]);
  return error;
}
