import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cutMix, mixedLoss, mixup, randomCrop } from '../../../src/augment/index.js';
import { compile, mapTree, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import {
  crossEntropy,
  logitPenalty,
  maxSupPenalty,
  trajectoryLoss,
  virtualAdversarialLoss,
} from '../../../src/losses/index.js';
import { Context, type Layer, mlp, type Symbolic, type Variables } from '../../../src/nn/index.js';
import { firstOrder, sgd } from '../../../src/optim/index.js';
import { foldIn, key, uniform } from '../../../src/runtime/random/index.js';
import { placed } from '../../../src/train/batches.js';
import { classifier } from '../../../src/train/classification/classifier.js';
import { trajectorySpan } from '../../../src/train/classification/regularizers.js';
import {
  augmentations,
  parseConfig,
  readConfig,
  readMetrics,
  regularizers,
  runFiles,
  runTraining,
  type TrainSettings,
} from '../../../src/train/index.js';
import { made, parseChoice } from '../../../src/train/options/choice.js';
import { close } from '../../support/derivatives.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-augment-'));
afterAll(() => rmSync(folder, { recursive: true }));

const model: Layer<Variables> = mlp({ sizes: [64, 8, 4], dropout: 0.2 });
const images = uniform(key(11), [6, 1, 8, 8]);
const labels = ndarray([0, 1, 2, 3, 0, 1], { dtype: 'int32' });
const normalization = { mean: 0.5, deviation: 0.25 };

/** Loss and parameters after one step with augmentations and regularisers by name. */
async function stepped(augment: readonly string[], regularizer: readonly string[], options: { seed?: number } = {}) {
  const chosen = classifier(model, firstOrder(sgd({ learningRate: 0.1 })), {
    normalization,
    loss: crossEntropy,
    augmentations: augment.map((name) => made(augmentations, parseChoice(name))),
    regularizers: regularizer.map((name) => made(regularizers, parseChoice(name))),
    size: { examples: 6, classes: 4 },
  });
  const state = chosen.init(key(1));
  const { params } = state;
  const copy = mapTree(params, (leaf: NDArray) => ({ ...leaf, data: leaf.data.slice() }));
  const next = await chosen.step(state, { images, ...placed({ labels }) }, { key: key(options.seed ?? 5), epoch: 0 });
  return {
    before: copy as Variables,
    after: next.state.params as unknown as Variables,
    loss: next.loss,
    correct: next.measures.accuracy * labels.data.length,
  };
}

/** A number of the model in training mode, with the randomness of step 5. */
async function expected(
  variables: Variables,
  fn: (logits: (x: Tensor) => Tensor, x: Tensor, y: Tensor, k: Tensor) => Tensor,
): Promise<number> {
  const run = compile((v: Symbolic<Variables>, x: Tensor, y: Tensor, k: Tensor) =>
    fn((z) => model.apply(v, z.sub(0.5).div(0.25), new Context({ training: true, key: k })), x, y, k),
  );
  return toNumbers(await run(variables as never, images, labels, key(5)))[0];
}

describe('a training step', () => {
  it('without either is as it was', async () => {
    const { before, loss } = await stepped([], []);
    close(loss, await expected(before, (logits, x, y) => crossEntropy(logits(x), y)), 1e-6, 'loss');
  });

  it('takes the loss of augmented and mixed images, each step of it with its own key', async () => {
    const { before, loss, correct } = await stepped(['randomCrop:padding=2', 'mixup:alpha=0.4', 'cutMix'], []);
    const value = await expected(before, (logits, x, y, k) => {
      const own = (i: number) => foldIn(foldIn(k, -1), i);
      const first = mixup(randomCrop(x, own(0), { padding: 2 }), own(1), { alpha: 0.4 });
      const second = cutMix(first.x, own(2));
      const z = logits(second.x);
      return mixedLoss(first, y, (of) => mixedLoss(second, of, (t) => crossEntropy(z, t)));
    });
    close(loss, value, 1e-6, 'loss');
    expect(correct).toBeGreaterThanOrEqual(0);
    expect(correct).toBeLessThanOrEqual(6);
  });

  it('adds what regularises', async () => {
    const names = [
      'maxSupPenalty:weight=0.3',
      'logitPenalty',
      'virtualAdversarialLoss:radius=0.5,weight=2',
      'regMixup',
    ];
    const { before, loss } = await stepped([], names);
    const value = await expected(before, (logits, x, y, k) => {
      const own = (i: number) => foldIn(foldIn(k, -2), i);
      const z = logits(x);
      const mixture = mixup(x, own(3), { alpha: 20 });
      return [
        crossEntropy(z, y),
        maxSupPenalty(z).mean().mul(0.3),
        logitPenalty(z).mean().mul(2e-3),
        virtualAdversarialLoss(logits, x, own(2), { radius: 0.5 }).mul(2),
        mixedLoss(mixture, y, (t) => crossEntropy(logits(mixture.x), t)),
      ].reduce((a, b) => a.add(b));
    });
    close(loss, value, 1e-5, 'loss');
  });

  const optionsOf: Record<string, string> = {
    cutout: 'cutout:size=4',
    randomAffine: 'randomAffine:rotation=[-20,20],translation=[-0.1,0.1],scale=[0.8,1.2],shear=[-5,5],border=border',
    adversarialPerturbation: 'adversarialPerturbation:radius=0.1,norm=Infinity',
    virtualAdversarialLoss: 'virtualAdversarialLoss:radius=0.5',
    randomHorizontalFlip: 'randomHorizontalFlip:probability=0.7',
  };
  const numbersOf = (tree: Variables): number[] =>
    Object.values(tree).flatMap((leaf) => ('data' in leaf ? toNumbers(leaf as NDArray) : numbersOf(leaf as Variables)));

  it.each(Object.keys(augmentations))('%s changes what is learnt, alike with the same key', async (name) => {
    const choice = optionsOf[name] ?? name;
    const plain = await stepped([], []);
    const [a, b, other] = [
      await stepped([choice], []),
      await stepped([choice], []),
      await stepped([choice], [], { seed: 6 }),
    ];
    expect(Number.isFinite(a.loss)).toBe(true);
    expect(numbersOf(a.after)).toEqual(numbersOf(b.after));
    expect(numbersOf(a.after)).not.toEqual(numbersOf(plain.after));
    expect(numbersOf(a.after)).not.toEqual(numbersOf(other.after));
  });

  // Those that compare domains, remember epochs or have a teacher have tests of their own.
  const ofOneBatch = Object.keys(regularizers).filter((name) => {
    const { ofDomains, state, fitted } = made(regularizers, parseChoice(optionsOf[name] ?? name));
    return !ofDomains && !state && !fitted;
  });

  it.each(ofOneBatch)('%s changes what is learnt, in proportion to its weight', async (name) => {
    const choice = optionsOf[name] ?? name;
    const weighted = (weight: number) => `${choice}${choice.includes(':') ? ',' : ':'}weight=${weight}`;
    const [none, one, two] = [
      await stepped([], []),
      await stepped([], [weighted(1)]),
      await stepped([], [weighted(2)]),
    ];
    const off = await stepped([], [weighted(0)]);
    close(off.loss, none.loss, 1e-6, 'weight 0');
    close(two.loss - none.loss, 2 * (one.loss - none.loss), 1e-5, 'weight 2');
    // A network that has just begun is within the margin of ACLS.
    if (name === 'aclsPenalty') return expect(one.loss).toBe(none.loss);
    expect(numbersOf(one.after)).not.toEqual(numbersOf(none.after));
  });
});

describe('runs', () => {
  const settings = {
    model: 'resnet9',
    width: 4,
    trainSize: 160,
    testSize: 20,
    batchSize: 32,
    epochs: 2,
    checkpointEvery: 3,
    augment: ['randomCrop:padding=2', 'cutout:size=6', 'mixup:alpha=0.2'],
    regularizer: ['regMixup', 'maxSupPenalty'],
  };

  it('that were stopped go on bit for bit', async () => {
    const whole = join(folder, 'whole');
    const result = await runTraining(parseConfig(settings), { out: whole });
    expect(Number.isFinite(result?.testLoss)).toBe(true);
    const stopped = join(folder, 'stopped');
    const stop = new AbortController();
    const first = await runTraining(parseConfig(settings), {
      out: stopped,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.progress.step === 7) stop.abort();
      },
    });
    expect(first).toBeUndefined();
    await runTraining(parseConfig(settings), { out: stopped, resume: true });
    const [a, b] = [whole, stopped].map((out) => readFileSync(join(out, runFiles.checkpoint)));
    expect(a.equals(b)).toBe(true);
    const report = readFileSync(join(whole, runFiles.report), 'utf8');
    expect(report).toContain('randomCrop:padding=2, cutout:size=6, mixup:alpha=0.2');
    expect(report).toContain('crossEntropy with what regularises; test set: cross-entropy (nats)');
  });

  it('go on only with the same augmentations', async () => {
    const changed = parseConfig({ ...settings, augment: ['randomCrop:padding=2'] });
    await expect(runTraining(changed, { out: join(folder, 'whole'), resume: true })).rejects.toThrow(
      /was started with another configuration: augment \(was /,
    );
  });
});

describe('settings', () => {
  it.each([
    [{ augment: ['randomCorp'] }, /augment.0: no augmentation is called randomCorp; did you mean randomCrop/],
    [{ augment: ['mixup', 'randomCrop:pading=2'] }, /augment.1: randomCrop has no option pading; did you mean padding/],
    [{ augment: ['cutout'] }, /augment.0: cutout, size: /],
    [{ augment: ['randomAffine:rotation=5'] }, /augment.0: randomAffine, rotation: /],
    [
      { regularizer: ['maxSupPenlty'] },
      /regularizer.0: no regularizer is called maxSupPenlty; did you mean maxSupPenalty/,
    ],
    [{ regularizer: ['regMixup:weight=-1'] }, /regularizer.0: regMixup, weight: /],
    [{ augmnt: [] }, /no setting is called augmnt; did you mean augment/],
  ])('%j is refused with what was meant', (input, message) => {
    expect(() => parseConfig(input)).toThrow(message);
  });

  it('keep their order, and are read again as they were written', () => {
    const config = parseConfig({
      augment: ['randomCrop', { name: 'mixup', alpha: 0.2 }],
      regularizer: ['logitPenalty'],
    });
    expect(config.augment).toEqual([
      { name: 'randomCrop', options: {} },
      { name: 'mixup', options: { alpha: 0.2 } },
    ]);
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it('may stand in a TypeScript file, and its errors name it', async () => {
    const path = join(folder, 'settings.ts');
    writeFileSync(
      path,
      `type Settings = { epochs: number; augment: string[] };
const settings: Settings = { epochs: 2, augment: ['mixup:alpha=0.2'] satisfies string[] };
export default settings;`,
    );
    expect(parseConfig(await readConfig(path))).toMatchObject({
      epochs: 2,
      augment: [{ name: 'mixup', options: { alpha: 0.2 } }],
    });
    writeFileSync(join(folder, 'broken.mts'), 'export default { epochs: ');
    await expect(readConfig(join(folder, 'broken.mts'))).rejects.toThrow(/broken.mts: /);
    writeFileSync(join(folder, 'empty.ts'), 'export const epochs = 2;');
    await expect(readConfig(join(folder, 'empty.ts'))).rejects.toThrow(/empty.ts: must hold settings by name/);
    await expect(readConfig(join(folder, 'absent.ts'))).rejects.toThrow(/absent.ts: /);
  });
});

describe('trajectoryLoss', () => {
  it('compares with the outputs that the same examples had some epochs before', async () => {
    const regularizer = made(regularizers, parseChoice('trajectoryLoss:weight=2,lag=2,start=3,temperature=4'));
    const run = compile(
      (logits: Tensor, past: Tensor, indices: Tensor, epoch: Tensor, carried: { outputs: Tensor }) => ({
        ...regularizer.penalty({
          batch: { images: logits, targets: [] },
          indices,
          logits,
          model: () => logits,
          loss: crossEntropy,
          key: indices,
          epoch,
          epochs: 6,
          domains: undefined,
          carried,
        }),
        expected: trajectoryLoss(logits, past, { temperature: 4 }).mul(2),
      }),
    );
    let carried = regularizer.state?.({ examples: 10, classes: 3 }) as { outputs: NDArray };
    expect(carried.outputs.shape).toEqual([3, 10, 3]);
    const logits = (epoch: number) => uniform(key(epoch), [4, 3]);
    for (let epoch = 0; epoch < 6; epoch++) {
      const indices = ndarray([7, 0, 3, 9], { dtype: 'int32' });
      const got = await run(
        logits(epoch),
        logits(Math.max(0, epoch - 2)),
        indices,
        ndarray(epoch, { dtype: 'int32' }),
        carried,
      );
      carried = got.carried as typeof carried;
      if (epoch < 3) expect(toNumbers(got.value)).toEqual([0]);
      else close(toNumbers(got.value)[0], toNumbers(got.expected)[0], 1e-6, `epoch ${epoch}`);
    }
    // What was never seen has no past to leave.
    const strangers = ndarray([1, 2, 4, 5], { dtype: 'int32' });
    const got = await run(logits(8), logits(6), strangers, ndarray(8, { dtype: 'int32' }), carried);
    expect(Math.abs(toNumbers(got.value)[0])).toBeLessThan(1e-6);
  });

  it('is part of a run that is resumed', async () => {
    const settings = parseConfig({
      hidden: [16],
      trainSize: 320,
      testSize: 40,
      batchSize: 32,
      epochs: 3,
      checkpointEvery: 3,
      regularizer: ['trajectoryLoss:lag=1,start=1'],
    });
    const [whole, stopped] = ['saf', 'saf-stopped'].map((name) => join(folder, name));
    await runTraining(settings, { out: whole });
    const stop = new AbortController();
    await runTraining(settings, {
      out: stopped,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.progress.step === 17) stop.abort();
      },
    });
    await runTraining(settings, { out: stopped, resume: true });
    const [a, b] = [whole, stopped].map((out) => readFileSync(join(out, runFiles.checkpoint)));
    expect(a.equals(b)).toBe(true);
  });

  it('is from the middle of a short run on, and as its authors have it in a long one', () => {
    const spans = [2, 3, 6, 9, 11, 12, 200, Infinity].map((epochs) => trajectorySpan({}, epochs));
    expect(spans.map(({ lag, from }) => [lag, from])).toEqual([
      [1, 1],
      [1, 1],
      [3, 3],
      [3, 4],
      [3, 5],
      [3, 6],
      [3, 6],
      [3, 6],
    ]);
    expect(trajectorySpan({ start: 2 }, 10)).toEqual({ lag: 2, from: 2 });
    // Before the lag there is nothing to compare with.
    expect(trajectorySpan({ lag: 4, start: 1 }, 10)).toEqual({ lag: 4, from: 4 });
  });

  it('counts in a run of 3 epochs, and is refused where it could not', async () => {
    const small = { model: 'mlp', hidden: [8], trainSize: 128, testSize: 32 } as const;
    const lossesOf = async (name: string, settings: TrainSettings) => {
      const out = join(folder, name);
      await runTraining(parseConfig({ ...small, ...settings }), { out });
      return (await readMetrics(join(out, runFiles.metrics))).flatMap(({ loss }) => loss ?? []);
    };
    const plain = await lossesOf('plain', {});
    const penalized = await lossesOf('penalized', { regularizer: ['trajectoryLoss:weight=2'] });
    // Two steps an epoch: in the first there is no past, then the penalty is above 0.
    expect(penalized.slice(0, 2)).toEqual(plain.slice(0, 2));
    expect(penalized[2]).toBeGreaterThan(plain[2]);
    await expect(lossesOf('refused', { epochs: 1, regularizer: ['trajectoryLoss'] })).rejects.toThrow(
      /train: regularizer trajectoryLoss compares .*lag 1\) from epoch 1 on, .*never in a run of 1: train for 2 epochs or more$/,
    );
    await expect(lossesOf('late', { regularizer: ['trajectoryLoss:start=5'] })).rejects.toThrow(
      /say which lag and start/,
    );
    expect(existsSync(join(folder, 'late'))).toBe(false);
  });
});
