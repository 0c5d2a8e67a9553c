import { expect, it } from 'vitest';
import { zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

it('CosFace lessens the cosine of the label', async () => {
  await expectValue(() => losses.cosFaceLogits(c64([[0.6, 0.1]]), c32([0]), { scale: 10 }), [2.5, 1]);
  await expectValue(
    () =>
      losses.cosFace(
        c64([[3, 4]]),
        c64([
          [1, 0],
          [0, 1],
        ]),
        c32([1]),
        { margin: 0.2, scale: 1 },
      ),
    [Math.log(2)],
  );
  await checkDerivatives(
    (x, w) => losses.cosFace(x, w, c32([0, 2]), { scale: 4 }),
    [random64([2, 3]), random64([3, 3], { stream: 1 })],
  );
  expect(() => losses.cosFace(zeros([2, 3]), zeros([2, 3]), c32([0, 1]), { margin: -1 })).toThrow(/margin -1 must be/);
});
