import { describe, expect, it } from 'vitest';
import { leavesOf, ndarray } from '../../../src/index.js';
import {
  freeze,
  isBuffer,
  layerGroups,
  normalizationParameters,
  resnet9,
  sequential,
  thaw,
  vit,
} from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';

const names = (tree: unknown) => leavesOf(tree).map(({ path }) => path);
const model = resnet9({ classes: 3, inputChannels: 1, width: 2 });
const variables = model.init(key(0));

describe('freeze', () => {
  it('splits into what trains, what stays and buffers, and back', () => {
    const split = freeze(variables, { freeze: '*', unfreeze: ['classifier.*', 'conv1.1.*'] });
    expect(names(split.params)).toEqual(['conv1.1.weight', 'conv1.1.bias', 'classifier.2.weight', 'classifier.2.bias']);
    expect(names(split.buffers).every(isBuffer)).toBe(true);
    expect(names(split.frozen)).toHaveLength(names(variables).length - 4 - names(split.buffers).length);
    expect(thaw(split)).toEqual(variables);
    expect(names(freeze(variables).frozen)).toEqual([]);
  });

  it('takes names of other files for buffers too', () => {
    const flat = { 'bn.weight': ndarray([1]), 'bn.moving_mean': ndarray([0]) };
    const split = freeze(flat, { isBuffer: (path) => path.includes('moving') });
    expect([names(split.params), names(split.buffers)]).toEqual([['bn.weight'], ['bn.moving_mean']]);
  });

  it('says what does not fit', () => {
    expect(() => freeze(variables, { unfreeze: '*' })).toThrow(/add freeze: '\*'/);
    expect(() => freeze(variables, { freeze: '*' })).toThrow(/nothing is left to train/);
    expect(() => freeze(variables, { freeze: 'conv9.*' })).toThrow(
      /freeze: the pattern conv9\.\* matches none of the 2\d names/,
    );
    expect(() => freeze(variables, { freeze: '*', unfreeze: 'head.*' })).toThrow(/unfreeze: the pattern head\.\*/);
  });
});

describe('normalizationParameters', () => {
  it('finds batch and layer normalisation by shape, in trees and under flat names', () => {
    expect(normalizationParameters(variables)).toEqual(
      names(variables).filter((path) => /^(conv\d\.1|res\d\.\d\.1)\.(weight|bias)$/.test(path)),
    );
    const transformer = vit({
      imageSize: 8,
      patchSize: 4,
      dimension: 8,
      depth: 2,
      heads: 2,
      mlpDimension: 16,
      classes: 3,
      inputChannels: 1,
    }).init(key(0));
    const found = normalizationParameters(transformer);
    expect(found).toHaveLength(2 * (2 * 2 + 1));
    expect(found.every((path) => /ln|norm/i.test(path))).toBe(true);
    const flat = Object.fromEntries(leavesOf(transformer).map(({ path, value }) => [path, value]));
    expect(normalizationParameters(flat)).toEqual(found);
    // A square linear layer, a slope for each channel, and normalisation without a shift.
    const others = {
      a: { weight: ndarray([[1]]), bias: ndarray([1]) },
      prelu: { weight: ndarray([1]) },
      rms_norm: { weight: ndarray([1]) },
    };
    expect(normalizationParameters(others)).toEqual(['rms_norm.weight']);
  });
});

describe('layerGroups', () => {
  it('gives the layers in order, a normalisation with what it follows', () => {
    const w = ndarray([[1]]);
    const affine = { weight: w, bias: ndarray([1]) };
    const norm = { weight: ndarray([1]), bias: ndarray([1]) };
    const bert = {
      embeddings: { word: { weight: w }, position: { weight: w }, norm },
      encoder: {
        layer: [
          { query: affine, norm },
          { query: affine, norm },
        ],
      },
      classifier: affine,
    };
    expect(layerGroups(bert).map((group) => [group[0], group.length])).toEqual([
      ['embeddings.word.weight', 4],
      ['encoder.layer.0.query.weight', 4],
      ['encoder.layer.1.query.weight', 4],
      ['classifier.weight', 2],
    ]);
    expect(layerGroups({ first: affine, norm, second: affine }).map((group) => group[0])).toEqual([
      'first.weight',
      'second.weight',
    ]);
    const groups = layerGroups(variables, isBuffer);
    expect(groups.flat()).toEqual(names(variables).filter((path) => !isBuffer(path)));
    expect(groups.map((group) => group[0])).toContain('conv1.0.weight');
    expect(groups.find((group) => group.includes('conv1.1.weight'))).toContain('conv1.0.weight');
    expect(layerGroups(sequential([]).init(key(0)))).toEqual([]);
  });
});
