import { describe, expect, it } from 'vitest';
import { savedConfig } from '../../src/train/config.js';
import { parseChoice, parseConfig, tasks } from '../../src/train/index.js';
import { measures } from '../../src/train/measures.js';

describe('the task of a configuration', () => {
  it.each([
    [{}, 'classification', 'crossEntropy'],
    [{ loss: 'polyLoss:coefficients=[2]' }, 'classification', 'polyLoss'],
    [{ loss: { name: 'arcFace', margin: 0.1 } }, 'embedding', 'arcFace'],
    [{ task: 'embedding' }, 'embedding', 'supCon'],
  ])('%j: %s with %s', (input, task, loss) => {
    const config = parseConfig(input);
    expect([config.task, config.loss.name]).toEqual([task, loss]);
    // What was written down can be read again.
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([
    [{ task: 'clasification' }, /train: task: no task is called clasification; did you mean classification/],
    [{ task: 'embedding', loss: 'polyLoss' }, /train: loss: polyLoss is for classification, .*not for embedding/],
    [{ loss: 'arcFce' }, /train: loss: no loss is called arcFce; did you mean arcFace/],
    [{ task: 'classification', loss: 'arcFce' }, /train: loss: no loss is called arcFce; did you mean (?!arcFace)/],
    [{ task: 'detection', data: 'mnist' }, /train: data: mnist has no boxes of objects; detection takes scenes$/],
    [
      { task: 'classification', data: 'scenes' },
      /scenes has no classes of whole images; classification takes digits, m/,
    ],
    [{ task: 'generation', data: 'queries' }, /queries is for ranking; generation takes digits, mnist, cifar10$/],
    [
      { task: 'regression', data: 'scenes' },
      /scenes is for segmentation, detection; regression takes uci.*, files of tab/,
    ],
    [{ data: 'mnits' }, /train: data: no data is called mnits; did you mean mnist\?/],
    [{ model: 'resnet10' }, /train: model: no model of classification is called resnet10; did you mean resnet1/],
    [{ data: 'uci/yacht', optimizer: 'fish' }, /optimizer: fish compares domains, which classification has, not regre/],
    [{ dimension: 8 }, /train: dimension is for embedding, not for classification/],
  ])('%j is refused', (input, message) => {
    expect(() => parseConfig(input)).toThrow(message);
  });

  it('sets what goes with a loss unless told otherwise', () => {
    expect(parseConfig({ loss: 'contrastivedivergence:steps=2' })).toMatchObject({
      task: 'generation',
      model: 'boltzmann',
      learningRate: 0.02,
    });
    expect(parseConfig({ task: 'generation' })).toMatchObject({ model: 'conv', learningRate: 0.003, epochs: 10 });
    const adversarial = { loss: 'generatorLoss', learningRate: 1e-4 };
    expect(parseConfig(adversarial)).toMatchObject({ schedule: 'constant', learningRate: 1e-4 });
  });

  it('defaults to what the task says', () => {
    expect(parseConfig({ task: 'embedding' }).dimension).toBe(64);
    expect(parseConfig({})).not.toHaveProperty('dimension');
    for (const [name, task] of Object.entries(tasks)) {
      const config = parseConfig({ task: name });
      expect([config.data, config.model, config.loss.name]).toEqual([
        task.data[0],
        task.models[0],
        parseChoice(task.loss).name,
      ]);
    }
  });
});

describe('the settings of a run', () => {
  it('without a task are of the one that their data and loss imply, without what that does not take', () => {
    // As runs were written down before tasks had names.
    const settings = {
      data: 'digits',
      model: 'mlp',
      loss: { name: 'polyLoss', options: {} },
      dimension: 64,
      epochs: 2,
    };
    expect(savedConfig(settings)).toMatchObject({ task: 'classification', loss: { name: 'polyLoss' }, epochs: 2 });
    expect(savedConfig(settings)).not.toHaveProperty('dimension');
    const embedded = { ...settings, loss: { name: 'arcFace', options: {} } };
    expect(savedConfig(embedded)).toMatchObject({ task: 'embedding', dimension: 64 });
    expect(() => savedConfig({ ...settings, task: 'classification' })).toThrow(/dimension is for embedding/);
  });

  it('name what they choose whatever the capitals, and are written as the function is', () => {
    const { optimizer, loss, task } = parseConfig({ optimizer: 'AdamW:beta1=0.8', loss: 'ARCFACE' });
    expect([optimizer, loss.name, task]).toEqual([{ name: 'adamW', options: { beta1: 0.8 } }, 'arcFace', 'embedding']);
    expect(parseConfig({ optimizer: 'sam:base=adamw' }).optimizer.options).toEqual({ base: 'adamW' });
    expect(() => parseConfig({ optimizer: 'adamV' })).toThrow(/no optimizer is called adamV; did you mean adam/);
    expect(() => parseConfig({ task: 'classification', loss: 'arcface' })).toThrow(/arcface is for embedding/);
  });
});

describe('measures', () => {
  it('have words, a unit and a direction', () => {
    for (const [name, { label, unit, better }] of Object.entries(measures)) {
      expect(label.length, name).toBeGreaterThan(2);
      expect(unit.length, name).toBeGreaterThan(1);
      expect(['higher', 'lower', 'neither']).toContain(better);
    }
  });
});
