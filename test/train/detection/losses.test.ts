import { describe, expect, it } from 'vitest';
import { compile, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { readGrid } from '../../../src/train/detection/grid.js';
import { detectionLosses } from '../../../src/train/detection/losses.js';
import { numbers } from '../../support/derivatives.js';
import { chosenBy } from '../choices.js';

const answers = ndarray(Float32Array.from(numbers(0, 2 * 8 * 4)), { shape: [2, 8, 2, 2] });
const target: Record<string, NDArray> = {
  boxes: ndarray(
    Float32Array.from(
      [
        [0, 0, 8, 8],
        [9, 1, 15, 12],
        [0, 8, 8, 16],
        [8, 8, 16, 16],
        [1, 0, 9, 7],
        [8, 0, 16, 8],
        [0, 8, 8, 16],
        [6, 9, 15, 14],
      ].flat(),
    ),
    { shape: [2, 4, 4] },
  ),
  offsets: ndarray(
    Float32Array.from(numbers(3, 32), (v) => 0.4 * v),
    { shape: [2, 4, 4] },
  ),
  labels: ndarray(Int32Array.of(0, 2, 0, 0, 1, 0, 0, 1), { shape: [2, 4] }),
  responsible: ndarray(Uint8Array.of(0, 1, 0, 0, 1, 0, 0, 1), { shape: [2, 4], dtype: 'bool' }),
};

async function lossAndGradient(name: string, at: NDArray = answers) {
  const objective = chosenBy(detectionLosses, name);
  const params = objective.params?.() ?? {};
  const value = (x: Tensor, t: never, p: never) => objective.loss(readGrid(x), t, p);
  const run = compile((x: Tensor, t: never, p: never) => [value(x, t, p), grad((z: Tensor) => value(z, t, p))(x)]);
  const [loss, gradient] = await run(at, target as never, params as never);
  return { loss: toNumbers(loss)[0], gradient: toNumbers(gradient) };
}

/** Of a cell: channel k of answer i. */
const at = (i: number, cell: number, channel: number) => answers.data[(i * 8 + channel) * 4 + cell] as number;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const cells = [0, 1].flatMap((i) => [0, 1, 2, 3].map((cell) => ({ i, cell, k: 4 * i + cell })));
const there = cells.filter(({ k }) => target.responsible.data[k] === 1);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

const objectness = () =>
  cells
    .map(({ i, cell, k }) => {
      const p = sigmoid(at(i, cell, 4));
      return -Math.log(target.responsible.data[k] ? p : 1 - p);
    })
    .reduce((a, b) => a + b, 0) / there.length;
const classification = () =>
  mean(
    there.map(({ i, cell, k }) => {
      const z = [5, 6, 7].map((channel) => at(i, cell, channel));
      return Math.log(z.reduce((sum, v) => sum + Math.exp(v), 0)) - z[Number(target.labels.data[k])];
    }),
  );
const absolute = () =>
  mean(
    there.map(({ i, cell, k }) => {
      const said = [sigmoid(at(i, cell, 0)), sigmoid(at(i, cell, 1)), at(i, cell, 2), at(i, cell, 3)];
      return said.reduce((sum, v, j) => sum + Math.abs(v - Number(target.offsets.data[4 * k + j])), 0);
    }),
  );

describe('losses of detectors', () => {
  it.each(Object.keys(detectionLosses))('%s: is finite and moves what the detector says', async (name) => {
    const { loss, gradient } = await lossAndGradient(name);
    expect(Number.isFinite(loss)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
    // Of an object's cell: width of the box, confidence, class.
    for (const channel of [2, 4, 5 + 1]) expect(gradient[(8 + channel) * 4]).not.toBe(0);
    // Of an empty one: confidence alone.
    for (let channel = 0; channel < 8; channel++) expect(gradient[channel * 4] !== 0).toBe(channel === 4);
  });

  it('add up box, class and objectness by their weights', async () => {
    const [b, o, c] = [absolute(), objectness(), classification()];
    expect((await lossAndGradient('meanAbsoluteError')).loss).toBeCloseTo(b + o + c, 4);
    const weights = 'boxWeight=2,objectnessWeight=0.5,classificationWeight=3';
    expect((await lossAndGradient(`meanAbsoluteError:${weights}`)).loss).toBeCloseTo(2 * b + 0.5 * o + 3 * c, 4);
    // At log variances of 0 half of each.
    expect((await lossAndGradient('uncertaintyWeighting:box=meanAbsoluteError')).loss).toBeCloseTo((b + o + c) / 2, 4);
  });

  it('learn how much each counts', async () => {
    const objective = chosenBy(detectionLosses, 'uncertaintyWeighting:box=meanAbsoluteError');
    const run = compile((x: Tensor, t: never, p: { logVariances: Tensor }) =>
      grad((q: { logVariances: Tensor }) => objective.loss(readGrid(x), t, q as never))(p),
    );
    const { logVariances } = await run(answers, target as never, objective.params?.() as never);
    [absolute(), objectness(), classification()].forEach((loss, i) => {
      expect(logVariances.data[i]).toBeCloseTo((1 - loss) / 2, 4);
    });
  });

  it('take the other terms by name with options', async () => {
    const plain = await lossAndGradient('meanAbsoluteError:objectness=binaryFocalLoss:gamma=0');
    expect(plain.loss).toBeCloseTo(absolute() + objectness() + classification(), 4);
    const focal = await lossAndGradient(
      'meanAbsoluteError:objectness=binaryFocalLoss:gamma=2,classification=focalLoss',
    );
    expect(focal.loss).toBeLessThan(plain.loss);
    expect(() => chosenBy(detectionLosses, 'iouLoss:objectness=binaryFocalLos')).toThrow(
      /no loss of objectness is called binaryFocalLos; did you mean binaryFocalLoss/,
    );
    expect(() => chosenBy(detectionLosses, 'iouLoss:delta=2')).toThrow(/iouLoss has no option delta/);
    expect(chosenBy(detectionLosses, 'huber:delta=2').loss).toBeDefined();
  });

  it('of boxes that are right leave the other terms', async () => {
    const objects = ndarray(
      Float32Array.from({ length: 64 }, (_, i) => answers.data[i] as number),
      { shape: [2, 8, 2, 2] },
    );
    const run = compile((x: Tensor) => readGrid(x).boxes);
    const boxes = await run(objects);
    const objective = chosenBy(detectionLosses, 'generalizedIouLoss:objectnessWeight=0,classificationWeight=0');
    const loss = compile((x: Tensor, t: never) => objective.loss(readGrid(x), t, {}));
    expect(toNumbers(await loss(objects, { ...target, boxes } as never))[0]).toBeCloseTo(0, 5);
    expect(toNumbers(await loss(objects, target as never))[0]).toBeGreaterThan(0.3);
  });

  it('of scenes without objects are those of the confidence', async () => {
    const nothing = { ...target, responsible: { ...target.responsible, data: new Uint8Array(8) } };
    const objective = chosenBy(detectionLosses, 'completeIouLoss');
    const run = compile((x: Tensor, t: never) => objective.loss(readGrid(x), t, {}));
    const expected = cells.map(({ i, cell }) => -Math.log(1 - sigmoid(at(i, cell, 4)))).reduce((a, b) => a + b, 0);
    expect(toNumbers(await run(answers, nothing as never))[0]).toBeCloseTo(expected, 3);
  });
});
