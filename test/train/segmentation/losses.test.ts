import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import {
  boundaryLabelSmoothing,
  crossEntropy,
  diceLoss,
  jaccardLoss,
  jaccardMetricLoss,
  lovaszHinge,
  polyLoss,
} from '../../../src/losses/index.js';
import { segmentationLosses } from '../../../src/train/segmentation/losses.js';
import { numbers } from '../../support/derivatives.js';
import { chosenBy } from '../choices.js';

const labels = ndarray(Int32Array.of(0, 1, 2, 0, 0, 1, 1, 0, 0, 0, 2, 2), { shape: [2, 2, 3] });
const logits = ndarray(Float32Array.from(numbers(1, 36)), { shape: [2, 3, 2, 3] });
/** Logits that are right by so much. */
const right = (by: number) =>
  ndarray(
    Float32Array.from({ length: 36 }, (_, at) => {
      const [image, label, pixel] = [Math.floor(at / 18), Math.floor(at / 6) % 3, at % 6];
      return labels.data[image * 6 + pixel] === label ? by : -by;
    }),
    { shape: [2, 3, 2, 3] },
  );

describe('losses of classes of pixels', () => {
  it.each(Object.keys(segmentationLosses))(
    '%s: is one number, lower where pixels are right, with a derivative',
    async (name) => {
      const loss = chosenBy(segmentationLosses, name);
      const run = compile((z: Tensor, y: Tensor) => [loss(z, y), grad((x: Tensor) => loss(x, y))(z)]);
      const [value, gradient] = await run(logits, labels);
      expect(value.shape).toEqual([]);
      expect(toNumbers(gradient).every(Number.isFinite)).toBe(true);
      expect(toNumbers(gradient).some((v) => v !== 0)).toBe(true);
      const [good] = toNumbers((await run(right(2), labels))[0]);
      const [bad] = toNumbers((await run(right(-2), labels))[0]);
      expect(good).toBeLessThan(bad);
    },
  );

  it('are those of the functions', async () => {
    const run = compile((z: Tensor, y: Tensor) => {
      const masks = y.oneHot(3, 'bool').cast('float32').moveAxis(-1, 1);
      const ofClasses = (x: Tensor) => x.transpose([1, 0, 2, 3]).reshape([3, 12]);
      const soft = boundaryLabelSmoothing(y, { classes: 3, smoothing: 0.2 });
      return [
        [chosenBy(segmentationLosses, 'diceLoss')(z, y), diceLoss(z.softmax(1), y, { batch: true })],
        [chosenBy(segmentationLosses, 'diceLoss:batch=false,smooth=1')(z, y), diceLoss(z.softmax(1), y, { smooth: 1 })],
        [
          chosenBy(segmentationLosses, 'jaccardLoss:crossEntropyWeight=0.5')(z, y),
          jaccardLoss(z.softmax(1), y, { batch: true }).add(crossEntropy(z, y).mul(0.5)),
        ],
        [
          chosenBy(segmentationLosses, 'jaccardMetricLoss:crossEntropyWeight=0.3,smooth=1')(z, y),
          jaccardMetricLoss(z.softmax(1), y, { smooth: 1 }).add(crossEntropy(z, y).mul(0.3)),
        ],
        [
          chosenBy(segmentationLosses, 'jaccardMetricLoss:crossEntropyWeight=0.3,boundarySmoothing=0.2')(z, y),
          jaccardMetricLoss(z.softmax(1), soft).add(crossEntropy(z, soft).mul(0.3)),
        ],
        [chosenBy(segmentationLosses, 'lovaszHinge')(z, y), lovaszHinge(ofClasses(z), ofClasses(masks))],
        [chosenBy(segmentationLosses, 'polyLoss:coefficients=[2]')(z, y), polyLoss(z, y, { coefficients: [2] })],
      ];
    });
    for (const [chosen, direct] of await run(logits, labels)) expect(toNumbers(chosen)).toEqual(toNumbers(direct));
    const both = chosenBy(segmentationLosses, 'jaccardMetricLoss:boundarySmoothing=0.2,ignoreIndex=0');
    await expect(compile((z: Tensor, y: Tensor) => both(z, y))(logits, labels)).rejects.toThrow(
      /jaccardMetricLoss: boundarySmoothing goes without ignoreIndex/,
    );
    expect(() => chosenBy(segmentationLosses, 'tverskyLoss:alpha=1')).toThrow(/tverskyLoss has no option alpha/);
  });
});
