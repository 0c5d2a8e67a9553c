import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { crossEntropy, normalizedFocalLoss, polyLoss, reverseCrossEntropy } from '../../../src/losses/index.js';
import { constant as constantRate } from '../../../src/optim/index.js';
import { key } from '../../../src/runtime/random/index.js';
import {
  classifierLosses,
  nearest,
  optimizerOf,
  optimizers,
  parseChoice,
  parseConfig,
  readConfig,
} from '../../../src/train/index.js';
import { made } from '../../../src/train/options/choice.js';

describe('choices by name', () => {
  it.each([
    [{ loss: 'crossEntropy:labelSmoothing=1.5' }, 'loss: crossEntropy, labelSmoothing: 1.5 must be less than 1'],
    [{ loss: 'crossEntropy:labelSmoothing=a' }, 'loss: crossEntropy, labelSmoothing: "a" must be a number'],
    [{ loss: 'polyLoss:coefficients=2' }, 'loss: polyLoss, coefficients: 2 must be a list'],
    [{ loss: 'tripletLoss:normalize=1' }, 'loss: tripletLoss, normalize: 1 must be true or false'],
    [{ augment: ['cutout'] }, 'augment.0: cutout, size: is missing: it must be a number'],
    [{ augment: ['cutout:size=1.5'] }, 'augment.0: cutout, size: 1.5 must be a whole number'],
    [{ augment: ['randomAffine:rotation=[1]'] }, 'augment.0: randomAffine, rotation: [1] must have 2 or more entries'],
    [{ optimizer: 'sam:radius=-1' }, 'optimizer: sam, radius: -1 must be at least 0'],
    [{ optimizer: 'sam:base=lion' }, 'optimizer: sam, base: "lion" must be one of adagrad, adam, adamW, rmsprop, sgd'],
    [{ epochs: 0 }, 'epochs: 0 must be more than 0'],
    [{ epochs: 'two' }, 'epochs: "two" must be a number'],
    [{ schedule: 'linear' }, 'schedule: "linear" must be one of constant, cosine, one-cycle'],
    [
      { model: 'unet' },
      'model: unet is for reconstruction, depth, segmentation, not for classification, which has mlp, resnet9,',
    ],
    [{ hidden: [0] }, 'hidden.0: 0 must be more than 0'],
  ])('%j is refused in words', (input, message) => {
    expect(() => parseConfig(input)).toThrow(`train: ${message}`);
  });

  it('reads options as JSON where they are', () => {
    expect(parseChoice('squentropy')).toEqual({ name: 'squentropy', options: {} });
    expect(parseChoice('squentropy:')).toEqual({ name: 'squentropy', options: {} });
    expect(parseChoice('polyLoss:coefficients=[2, 0.5],labelSmoothing=0.1')).toEqual({
      name: 'polyLoss',
      options: { coefficients: [2, 0.5], labelSmoothing: 0.1 },
    });
    expect(parseChoice('sam: base=adam ,secondOrder')).toEqual({
      name: 'sam',
      options: { base: 'adam', secondOrder: true },
    });
    expect(parseConfig({ loss: { name: 'maxSup', alpha: 0.2 } }).loss).toEqual({
      name: 'maxSup',
      options: { alpha: 0.2 },
    });
    expect(parseConfig({}).loss).toEqual({ name: 'crossEntropy', options: {} });
    // What was written down can be read again.
    const config = parseConfig({ loss: 'acls:margin=3', optimizer: 'sam:radius=0.1' });
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([
    [{ loss: 'squentrpy' }, /^train: loss: no loss is called squentrpy; did you mean squentropy\?$/],
    [{ loss: 'maxSup:alfa=0.1' }, /loss: maxSup has no option alfa; did you mean alpha\?/],
    [{ data: 'uci/yacht', loss: 'logCosh:a=1' }, /logCosh has no options, so no a/],
    [
      { loss: 'polyLoss:coefficients=[-2]' },
      /^train: loss: polyLoss: coefficients\[0\] -2 must be a number at least -1$/,
    ],
    [{ loss: 'arcFace:margin=4' }, /^train: loss: arcFaceLogits: margin 4 must be /],
    [{ data: 'scenes', loss: 'polyFocalLoss:coefficients=[0,-2]' }, /: polyFocalLoss: coefficients\[1\] -2 must be/],
    [{ loss: 'crossEntropy:weight=even' }, /crossEntropy, weight: "even" must be a list of numbers .*, or balanced$/],
    [{ loss: 'crossEntropy:ignoreIndex=0.5' }, /crossEntropy, ignoreIndex: /],
    [{ loss: 'acls:margin=-1' }, /loss: acls, margin: -1 must be at least 0/],
    [{ optimizer: 'adm' }, /optimizer: no optimizer is called adm; did you mean adam/],
    [{ optimizer: 'sam:base=adamm' }, /optimizer: sam, base: /],
    [{ epoch: 3 }, /no setting is called epoch; did you mean epochs/],
    [{ epochs: 0, loss: 'x' }, /epochs: .*loss: no loss/],
  ])('%j is refused with what was meant', (input, message) => {
    expect(() => parseConfig(input)).toThrow(message);
  });

  it('names what takes the fewest changes', () => {
    expect(nearest('abc', ['xyz', 'abd', 'ab', 'abcd'])).toEqual(['abd', 'ab', 'abcd']);
    expect(nearest('POLYLOSS', ['maxSup', 'polyLoss'])).toEqual(['polyLoss']);
  });

  it('counts letters in the place of their neighbours as one change, and names that hold what is wanted', () => {
    expect(nearest('vta', ['sam', 'fish', 'vat', 'aum'])).toEqual(['vat']);
    expect(nearest('fihs', ['fit', 'fish', 'ship'])).toEqual(['fish', 'fit']);
    expect(nearest('flip', ['cutout', 'randomHorizontalFlip', 'clip'])).toEqual(['clip', 'randomHorizontalFlip']);
    expect(nearest('iouLos', ['completeIouLoss', 'iouLoss'])).toEqual(['iouLoss', 'completeIouLoss']);
    expect(nearest('zzzzz', ['sam'])).toEqual(['sam']);
    expect(nearest('x', [])).toEqual([]);
  });

  it('passes options on', async () => {
    const loss = made(classifierLosses, { name: 'polyLoss', options: { coefficients: [2] } });
    const [z, y] = [
      ndarray([
        [1, 2, 0],
        [0, 0, 1],
      ]),
      ndarray([0, 2], { dtype: 'int32' }),
    ];
    const run = compile((z: Tensor, y: Tensor) => [
      loss(z, y),
      polyLoss(z, y, { coefficients: [2] }),
      crossEntropy(z, y),
    ]);
    const [a, b, c] = (await run(z, y)).map((v) => toNumbers(v)[0]);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it('makes a loss of parts that are named', async () => {
    const loss = made(
      classifierLosses,
      parseConfig({ loss: 'activePassive:active=normalizedFocalLoss,passive=reverseCrossEntropy,passiveWeight=0.1' })
        .loss as never,
    ) as (z: Tensor, y: Tensor) => Tensor;
    const [z, y] = [ndarray([[1, 2, 0]]), ndarray([0], { dtype: 'int32' })];
    const [a, b] = await compile((z: Tensor, y: Tensor) => [
      loss(z, y),
      normalizedFocalLoss(z, y).add(reverseCrossEntropy(z, y).mul(0.1)),
    ])(z, y);
    expect(toNumbers(a)[0]).toBeCloseTo(toNumbers(b)[0], 5);
  });

  it.each(Object.keys(classifierLosses))('%s: finite, with a gradient that lowers it', async (name) => {
    const loss = made(classifierLosses, { name, options: {} });
    const z = ndarray([
      [2, -1, 0.5, 0],
      [0.3, 1, -2, 0.7],
      [0, 0, 0, 0],
    ]);
    const y = ndarray([1, 0, 3], { dtype: 'int32' });
    const run = compile((z: Tensor, y: Tensor) => {
      const g = grad((v: Tensor) => loss(v, y))(z);
      return [loss(z, y), loss(z.sub(g.mul(0.1)), y)];
    });
    const [before, after] = (await run(z, y)).map((v) => toNumbers(v)[0]);
    expect(Number.isFinite(before)).toBe(true);
    expect(after).toBeLessThan(before);
  });

  it.each([
    ...Object.keys(optimizers),
    'sam:base=adam,p=3',
    'sgd:nesterov=false',
    'adam:amsgrad=true,beta1=0.5',
    'lbfgs:online=false,history=2',
  ])('%s: takes a bowl downhill', async (name) => {
    const minimizer = optimizerOf(
      parseConfig({ optimizer: name, clipNorm: 1, ...(name === 'fish' && { domains: 'rotation' }) }),
      constantRate(name.startsWith('lbfgs') ? 0.3 : 0.05),
    );
    const bowl = (w: Tensor) => w.square().sum();
    const step = compile((w: Tensor, state: never, draw: Tensor) => {
      const next = minimizer.step(bowl, w, state, { key: draw, domains: () => [bowl, bowl] });
      return { params: next.params, state: next.state as never, value: next.value };
    });
    let w: never = ndarray([1, -2]) as never;
    let state = minimizer.init(w) as never;
    const values: number[] = [];
    for (let i = 0; i < 40; i++) {
      const next = (await step(w, state, key(i))) as { params: never; state: never; value: never };
      [w, state] = [next.params, next.state];
      values.push(toNumbers(next.value)[0]);
    }
    expect(values.at(-1)).toBeLessThan(0.6 * values[0]);
  });
});

describe('configuration files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cotangent-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return readConfig(join(folder, name));
  };

  it('are YAML, JSON or modules', async () => {
    const expected = { epochs: 2, loss: { name: 'polyLoss', coefficients: [2] } };
    expect(await file('a.yaml', 'epochs: 2\nloss:\n  name: polyLoss\n  coefficients: [2]\n')).toEqual(expected);
    expect(await file('a.json', JSON.stringify(expected))).toEqual(expected);
    expect(await file('a.mjs', `export default ${JSON.stringify(expected)}`)).toEqual(expected);
    expect(parseConfig(expected)).toMatchObject({
      epochs: 2,
      loss: { name: 'polyLoss', options: { coefficients: [2] } },
    });
  });

  it('that cannot be read are named', async () => {
    await expect(readConfig(join(folder, 'absent.yaml'))).rejects.toThrow(/absent.yaml: does not exist/);
    await expect(file('b.yaml', 'epochs: [')).rejects.toThrow(/b.yaml: /);
    await expect(file('c.yaml', '- 1\n- 2\n')).rejects.toThrow(/c.yaml: must hold settings by name/);
  });
});
