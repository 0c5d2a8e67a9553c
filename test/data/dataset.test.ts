import { describe, expect, it } from 'vitest';
import { head, subset } from '../../src/data/index.js';
import { ndarray, toNumbers } from '../../src/index.js';
import { toy } from './toy.js';

describe('parts of a data set', () => {
  it('hold the samples they are told to, in that order', () => {
    const part = subset(toy, [22, 0, 22]);
    expect(part.images.shape).toEqual([3, 1, 2, 2]);
    expect(toNumbers(part.images)).toEqual([88, 89, 90, 91, 0, 1, 2, 3, 88, 89, 90, 91]);
    expect(toNumbers(part.labels)).toEqual([1, 0, 1]);
    expect(subset(toy, []).images.shape).toEqual([0, 1, 2, 2]);
    expect(head(toy, 99)).toEqual(toy);
    expect(toNumbers(head(toy, 2).labels)).toEqual([0, 1]);
  });

  it('refuse what is no sample', () => {
    expect(() => subset(toy, [23])).toThrow(/subset: index 23 is out of range for the 23 samples of toy/);
    expect(() => subset(toy, [-1])).toThrow(/index -1 is out of range/);
    expect(() => subset(toy, [0.5])).toThrow(/index 0.5 must be an integer/);
    expect(() => head(toy, -1)).toThrow(/head: count -1 must be a non-negative integer/);
  });

  it('refuse a data set whose images and labels do not fit together', () => {
    const broken = { ...toy, labels: ndarray(new Int32Array(22)) };
    expect(() => subset(broken, [0])).toThrow(
      /subset: toy must have images \[n, channels, height, width\] and labels \[n\], not \[23, 1, 2, 2\] and \[22\]/,
    );
  });
});
