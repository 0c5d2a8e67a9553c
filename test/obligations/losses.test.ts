import { describe, expect, it } from 'vitest';
import * as losses from '../../src/losses/index.js';
import { withoutEntry } from './coverage.js';
import { owes } from './differentiable.js';
import { examples, plain } from './losses/index.js';

describe('every export of cotangent/losses', () => {
  it('has an example', () => {
    expect(withoutEntry(losses, [examples, plain])).toEqual([]);
  });

  for (const [name, example] of Object.entries(examples)) owes(name, example);

  it.each(Object.entries(plain))('%s of numbers', (_, values) => {
    for (const [actual, expected] of values()) expect(actual).toBeCloseTo(expected, 9);
  });
});
