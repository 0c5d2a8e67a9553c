import { expect, it } from 'vitest';
import { trueAcceptRate } from '../../../src/metrics/index.js';

it('the true accept rate is that at the threshold which lets so many impostors pass', () => {
  const angle = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  // Class 0 at 0, 10 and 60 degrees, class 1 at 30 and 90: genuine gaps 10, 60, 50 and 60; impostors 30, 90, 20, 80, 30, 30.
  const [x, y] = [[0, 10, 60, 30, 90].map(angle), [0, 0, 0, 1, 1]];
  expect(trueAcceptRate(x, y)).toBe(1 / 4);
  expect(trueAcceptRate(x, y, { falseAcceptRate: 5 / 6 })).toBe(1);
  expect(trueAcceptRate(x, [0, 1, 2, 3, 4])).toBe(0);
  expect(trueAcceptRate(x, [0, 0, 0, 0, 0])).toBe(1);
  expect(() => trueAcceptRate(x, y, { falseAcceptRate: 0 })).toThrow(/falseAcceptRate 0 must lie in/);
});
