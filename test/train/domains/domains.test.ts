import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { corrupted, digits, subset } from '../../../src/data/index.js';
import { compile, constant, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { crossEntropy, irmPenalty, irmScalePenalty, riskVariance } from '../../../src/losses/index.js';
import { foldIn, key } from '../../../src/runtime/random/index.js';
import { linear } from '../../../src/tensor/index.js';
import { balancedCount, domainBatches } from '../../../src/train/domains/batches.js';
import { dealt, domainKinds } from '../../../src/train/domains/domains.js';
import { parseConfig, regularizers, runFiles, runTraining } from '../../../src/train/index.js';
import { made, parseChoice } from '../../../src/train/options/choice.js';
import { allClose, random64 } from '../../support/derivatives.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-domains-'));
afterAll(() => rmSync(folder, { recursive: true }));

const train = digits({ count: 90, key: key(0) });
const test = digits({ count: 40, key: foldIn(key(0), 1) });
const size = 28 * 28;
const made_ = (text: string) => dealt(made(domainKinds, parseChoice(text)), { train, test });
const every = (from: number, by: number) =>
  Array.from({ length: Math.ceil((90 - from) / by) }, (_, i) => from + i * by);

describe('domains made out of a data set', () => {
  it('rotation: images are dealt in turn and turned clockwise; the test set is that held out', async () => {
    const data = await made_('rotation:degrees=[0,90,-90],heldOut=180');
    expect(data.names).toEqual(['turned by 0 degrees', 'turned by 90 degrees', 'turned by -90 degrees']);
    expect(Array.from(data.domain)).toEqual([0, 1, 2].flatMap((d) => new Array(30).fill(d)));
    expect(Array.from(data.train.labels.data)).toEqual(
      [0, 1, 2].flatMap((d) => every(d, 3).map((i) => train.labels.data[i])),
    );
    const at = (bytes: Uint8Array, i: number, r: number, c: number) => bytes[i * size + r * 28 + c];
    let off = 0;
    for (let i = 0; i < 30; i++)
      for (let r = 0; r < 28; r++)
        for (let c = 0; c < 28; c++) {
          const [images, before] = [data.train.images.data, train.images.data];
          off += Number(at(images, i, r, c) !== at(before, 3 * i, r, c));
          // Clockwise: what was at the left of the bottom row comes to the left of the top row.
          off += Number(Math.abs(at(images, 30 + i, r, c) - at(before, 3 * i + 1, 27 - c, r)) > 1);
          off += Number(Math.abs(at(images, 60 + i, r, c) - at(before, 3 * i + 2, c, 27 - r)) > 1);
        }
    expect(off).toBe(0);
    const turned = test.images.data.slice(0, size).reverse();
    expect(Array.from(data.test.images.data.slice(0, size))).toEqual(Array.from(turned));
    expect(data.heldOut).toBe('turned by 180 degrees');
    // The same settings make the same data.
    expect(await made_('rotation:degrees=[0,90,-90],heldOut=180')).toEqual(data);
  });

  it('colour: two classes, labels wrong and colours flipped as often as said', async () => {
    const many = digits({ count: 4000, key: key(3) });
    const data = await dealt(made(domainKinds, parseChoice('colour:flips=[0.1,0.4],heldOut=0.9,noise=0.25')), {
      train: many,
      test: many,
    });
    expect(data.train.classes).toEqual(['0 to 4', '5 to 9']);
    const rates = (
      images: Uint8Array,
      labels: Int32Array,
      original: (i: number) => number,
      from: number,
      to: number,
    ) => {
      let [wrong, other] = [0, 0];
      for (let i = from; i < to; i++) {
        const channels = [0, 1, 2].map((c) =>
          images.subarray((3 * i + c) * size, (3 * i + c + 1) * size).some((v) => v > 0),
        );
        expect(channels.filter(Boolean)).toHaveLength(1);
        wrong += Number(labels[i] !== Number(original(i) >= 5));
        other += Number(channels.indexOf(true) !== labels[i]);
      }
      return [wrong, other].map((count) => count / (to - from));
    };
    const of = (i: number) => many.labels.data[i < 2000 ? 2 * i : 2 * (i - 2000) + 1];
    const near = (got: number[], expected: number[]) =>
      got.forEach((rate, i) => expect(Math.abs(rate - expected[i]), `${got}`).toBeLessThan(0.04));
    near(rates(data.train.images.data, data.train.labels.data, of, 0, 2000), [0.25, 0.1]);
    near(rates(data.train.images.data, data.train.labels.data, of, 2000, 4000), [0.25, 0.4]);
    near(
      rates(data.test.images.data, data.test.labels.data, (i) => many.labels.data[i], 0, 4000),
      [0.25, 0.9],
    );
  });

  it('corruption: each domain its own, one as it is', async () => {
    const data = await made_('corruption:names=["none","contrast"],heldOut=pixelate,severity=5');
    expect(data.train.images.data.slice(0, 45 * size)).toEqual(subset(train, every(0, 2)).images.data);
    const contrast = corrupted(subset(train, every(1, 2)), 'contrast', { severity: 5, key: key(0) });
    expect(data.train.images.data.slice(45 * size)).toEqual(contrast.images.data);
    expect(data.test.images.data).toEqual(corrupted(test, 'pixelate', { severity: 5, key: key(0) }).images.data);
  });
});

describe('batches of domains', () => {
  const domain = Int32Array.from({ length: 90 }, (_, i) => Number(i >= 40));
  const read = async (epoch: number, startBatch = 0) => {
    const batches = domainBatches(train, domain, 2, { batchSize: 12, key: key(5) });
    expect(batches.batchesPerEpoch).toBe(6);
    const all = [];
    for await (const batch of batches.epoch(epoch, { startBatch })) all.push(batch);
    return all;
  };

  it('hold as many of each, beside one another, in an order that follows from key and epoch', async () => {
    expect(balancedCount(domain, 2)).toBe(80);
    const first = await read(0);
    const seen = first.flatMap(({ indices }) => Array.from(indices.data as Int32Array));
    expect(new Set(seen).size).toBe(72);
    const orders = first.map(({ indices, images, labels }) => {
      const of = Array.from(indices.data as Int32Array, (i) => domain[i]);
      expect([...new Set(of.slice(0, 6)), ...new Set(of.slice(6))].sort()).toEqual([0, 1]);
      const i = Number(indices.data[3]);
      expect(labels.data[3]).toBe(train.labels.data[i]);
      expect(images.data[3 * size + 400]).toBeCloseTo(train.images.data[i * size + 400] / 255, 6);
      return of[0];
    });
    expect(new Set(orders).size).toBe(2);
    expect(await read(0, 4)).toEqual(first.slice(4));
    expect((await read(1))[0].indices).not.toEqual(first[0].indices);
  });

  it('are refused where the domains do not divide them', () => {
    expect(() => domainBatches(train, domain, 2, { batchSize: 9, key: key(5) })).toThrow(
      /batchSize 9 must be a multiple of the 2 domains, .*: 8 or 10$/,
    );
    expect(() => domainBatches(train, domain, 2, { batchSize: 1, key: key(5) })).toThrow(/of each: 2$/);
  });
});

describe('regularisers of domains', () => {
  const labels = ndarray([0, 1, 2, 1, 0, 2, 2, 1], { dtype: 'int32' });
  const values = async (name: string, epoch: number) => {
    const { penalty } = made(regularizers, parseChoice(name));
    const run = compile((x: Tensor, weight: Tensor, bias: Tensor, y: Tensor, now: Tensor) => {
      const logits = linear(x, weight, bias);
      const rows = (t: Tensor, d: number) => t.slice([[4 * d, 4 * d + 4]]);
      const given = {
        batch: { images: x, targets: [{ labels: y, share: 1 }] },
        indices: y,
        logits,
        model: () => logits,
      };
      const { value } = penalty({
        ...given,
        loss: crossEntropy,
        key: constant(key(0)),
        epoch: now,
        epochs: 10,
        domains: 2,
        carried: {},
      });
      const of = <T>(fn: (logits: Tensor, y: Tensor, x: Tensor) => T) =>
        [0, 1].map((d) => fn(rows(logits, d), rows(y, d), rows(x, d)));
      const ones = x.slice([null, [0, 1]]).onesLike();
      const phi = ones.concat(x, 1);
      const head = bias.expandDims(1).concat(weight, 1);
      const mean = (all: Tensor[]) => all[0].add(all[1]).div(2);
      return {
        value,
        riskVariance: riskVariance(of((z, t) => crossEntropy(z, t))),
        irmScalePenalty: mean(of((z, t) => irmScalePenalty(z, t))),
        irmPenalty: mean([0, 1].map((d) => irmPenalty(rows(phi, d), head, rows(y, d)))),
        risk: mean(of((z, t) => crossEntropy(z, t))),
      };
    });
    return run(
      random64([8, 5]),
      random64([3, 5], { stream: 2 }),
      random64([3], { stream: 3 }),
      labels,
      ndarray(epoch, { dtype: 'int32' }),
    );
  };

  it.each(['riskVariance', 'irmScalePenalty', 'irmPenalty'] as const)(
    '%s: of the parts of a batch, from its epoch on',
    async (name) => {
      const got = await values(`${name}:weight=3,start=2`, 2);
      allClose(got.value, [3 * toNumbers(got[name])[0]], 1e-10, 'value');
      expect(Math.abs(toNumbers(got.value)[0])).toBeGreaterThan(1e-4);
      expect(toNumbers((await values(`${name}:weight=3,start=2`, 1)).value)).toEqual([0]);
    },
  );

  it('domainObjective takes the place of the mean risk', async () => {
    const early = await values('domainObjective:weight=50,start=1', 0);
    const [risk, penalty] = [toNumbers(early.risk)[0], toNumbers(early.irmScalePenalty)[0]];
    allClose(early.value, [penalty], 1e-10, 'weight 1');
    const late = await values('domainObjective:weight=50,start=1', 1);
    allClose(late.value, [(risk + 50 * penalty) / 50 - risk], 1e-10, 'weight 50');
  });

  it.each(['irmAdaptivePenalty', 'irmExcessRiskPenalty', 'irmScaleExcessRiskPenalty'])('%s is finite', async (name) => {
    expect(Number.isFinite(toNumbers((await values(name, 0)).value)[0])).toBe(true);
  });
});

describe('runs of domains', () => {
  const settings = {
    domains: 'rotation:degrees=[0,40],heldOut=20',
    trainSize: 320,
    testSize: 60,
    hidden: [16],
    batchSize: 32,
    epochs: 2,
    checkpointEvery: 3,
  };

  it.each([
    ['fish', { optimizer: 'fish:rate=0.7' }],
    ['riskVariance', { regularizer: ['riskVariance:weight=2,start=1'] }],
  ])('%s: stopped and resumed it ends with the same checkpoint, bit for bit', async (name, own) => {
    const config = parseConfig({ ...settings, ...own });
    const [whole, halves] = ['whole', 'parts'].map((part) => join(folder, `${name}-${part}`));
    await runTraining(config, { out: whole });
    const stop = new AbortController();
    await runTraining(config, {
      out: halves,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.progress.step === 7) stop.abort();
      },
    });
    await runTraining(config, { out: halves, resume: true });
    expect(readFileSync(join(halves, runFiles.checkpoint))).toEqual(readFileSync(join(whole, runFiles.checkpoint)));
    expect(readFileSync(join(whole, runFiles.report), 'utf8')).toContain('rotation:degrees=[0,40],heldOut=20');
  });

  it.each([
    [{ optimizer: 'fish' }, /fish compares domains; say which, as with domains rotation/],
    [{ regularizer: ['irmPenalty'] }, /irmPenalty compares domains; say which/],
    [{ domains: 'rotation:degrees=[0,15],heldOut=15' }, /heldOut 15 is among degrees \[0, 15\]/],
    [{ domains: 'corruption:heldOut=none' }, /heldOut none is among names \[none, gaussianNoise, contrast\]/],
    [{ ...settings, batchSize: 31 }, /batchSize 31 must be a multiple of the 2 domains, .*: 30 or 32$/],
  ])('%j is refused', async (input, message) => {
    const small = { trainSize: 64, testSize: 20 };
    const run = async () => runTraining(parseConfig({ ...small, ...input }), { out: join(folder, 'never') });
    await expect(run()).rejects.toThrow(message);
  });

  it('batches are of a size that the domains divide, unless told otherwise', () => {
    expect(parseConfig({ domains: 'rotation' }).batchSize).toBe(60);
    expect(parseConfig({ domains: 'colour' }).batchSize).toBe(64);
    expect(parseConfig({ domains: 'rotation', batchSize: 64 }).batchSize).toBe(64);
  });

  it('names of kinds and options are those that there are', () => {
    expect(() => parseConfig({ domains: 'rotatoin' })).toThrow(
      /no kind of domains is called rotatoin; did you mean rotation/,
    );
    expect(() => parseConfig({ domains: 'rotation:degrees=[0]' })).toThrow(/domains: rotation, degrees/);
    expect(() => parseConfig({ task: 'embedding', domains: 'rotation' })).toThrow(/domains is for classification/);
  });
});
