import { describe, expect, it } from 'vitest';
import { scenes } from '../../../src/data/index.js';
import { compile, type NDArray, type Tensor, toNumbers } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { gridTargets, readGrid } from '../../../src/train/detection/grid.js';

const cell = 8;

/** Answers [n, 5 + classes, rows, columns] that say just what the targets are. */
function rightAnswers(target: ReturnType<typeof gridTargets>, rows: number, columns: number, classes = 10): NDArray {
  const [n, cells] = target.labels.shape;
  const channels = 5 + classes;
  const data = new Float32Array(n * channels * cells);
  const logit = (p: number) => Math.log(p / (1 - p));
  for (let i = 0; i < n; i++)
    for (let c = 0; c < cells; c++) {
      const put = (channel: number, value: number) => {
        data[(i * channels + channel) * cells + c] = value;
      };
      const [x, y, w, h] = target.offsets.data.subarray((i * cells + c) * 4, (i * cells + c + 1) * 4) as Float32Array;
      put(0, logit(Math.min(1 - 1e-6, Math.max(1e-6, x))));
      put(1, logit(Math.min(1 - 1e-6, Math.max(1e-6, y))));
      put(2, w);
      put(3, h);
      put(4, target.responsible.data[i * cells + c] ? 8 : -8);
      put(5 + Number(target.labels.data[i * cells + c]), 12);
    }
  return { data, shape: [n, channels, rows, columns], dtype: 'float32' };
}

describe('the grid of a detector', () => {
  const drawn = scenes({ count: 20, key: key(1), size: 44 });
  const target = gridTargets(drawn);
  const [rows, columns] = [5, 5];

  it('gives each object to the cell of its centre', () => {
    let [given, centres] = [0, 0];
    for (let i = 0; i < 20; i++) {
      const taken = new Set<number>();
      for (let j = 0; j < 4; j++) {
        const label = drawn.labels.data[i * 4 + j];
        const [left, top, right, bottom] = drawn.boxes.data.subarray((i * 4 + j) * 4, (i * 4 + j + 1) * 4);
        const [column, row] = [(left + right) / 2, (top + bottom) / 2].map((v) => Math.floor(v / cell));
        if (label < 0 || column >= columns || row >= rows) continue;
        centres++;
        const at = i * 25 + row * columns + column;
        expect(target.responsible.data[at]).toBe(1);
        if (taken.has(at)) continue;
        taken.add(at);
        expect(target.labels.data[at]).toBe(label);
        expect(Array.from(target.boxes.data.subarray(at * 4, at * 4 + 4))).toEqual([left, top, right, bottom]);
      }
      given += taken.size;
    }
    expect(target.responsible.data.reduce((a: number, b) => a + Number(b), 0)).toBe(given);
    expect(given).toBeGreaterThan(0.9 * centres);
  });

  it('has the cell itself where there is nothing', () => {
    const at = Array.from(target.responsible.data).indexOf(0);
    const [row, column] = [Math.floor((at % 25) / columns), at % columns];
    expect(Array.from(target.boxes.data.subarray(at * 4, at * 4 + 4))).toEqual(
      [column, row, column + 1, row + 1].map((v) => v * cell),
    );
    const offsets = Array.from(target.offsets.data.subarray(at * 4, at * 4 + 4), Number);
    [0.5, 0.5, Math.log(0.5), Math.log(0.5)].forEach((v, k) => {
      expect(offsets[k]).toBeCloseTo(v, 6);
    });
  });

  it('names the first of two objects in one cell', () => {
    const boxes = { data: Float32Array.of(0, 0, 14, 14, 2, 2, 12, 12), shape: [1, 2, 4], dtype: 'float32' } as const;
    const labels = { data: Int32Array.of(7, 3), shape: [1, 2], dtype: 'int32' } as const;
    const images = { data: new Uint8Array(256), shape: [1, 1, 16, 16], dtype: 'uint8' } as const;
    const two = gridTargets({ images, boxes, labels });
    expect(Array.from(two.responsible.data)).toEqual([1, 0, 0, 0]);
    expect(two.labels.data[0]).toBe(7);
    expect(Array.from(two.boxes.data.subarray(0, 4))).toEqual([0, 0, 14, 14]);
  });

  it('reads answers as the boxes that were meant, row by row', async () => {
    const run = compile((answers: Tensor) => ({ ...readGrid(answers) }));
    const { boxes, offsets, confidence, logits } = await run(rightAnswers(target, rows, columns));
    const there = Array.from(target.responsible.data, Number);
    expect(boxes.shape).toEqual([20, 25, 4]);
    toNumbers(boxes).forEach((v, i) => {
      if (there[Math.floor(i / 4)]) expect(v).toBeCloseTo(Number(target.boxes.data[i]), 3);
    });
    toNumbers(offsets).forEach((v, i) => {
      if (there[Math.floor(i / 4)]) expect(v).toBeCloseTo(Number(target.offsets.data[i]), 4);
    });
    expect(toNumbers(confidence)).toEqual(there.map((t) => (t ? 8 : -8)));
    expect(logits.shape).toEqual([20, 25, 10]);
    there.forEach((t, i) => {
      if (t) expect(logits.data[i * 10 + Number(target.labels.data[i])]).toBe(12);
    });
  });

  it('keeps boxes within bounds whatever is said', async () => {
    const run = compile((answers: Tensor) => readGrid(answers).boxes);
    const data = new Float32Array(6).fill(100);
    const boxes = toNumbers(await run({ data, shape: [1, 6, 1, 1], dtype: 'float32' }));
    const half = 8 * Math.exp(3);
    [8 - half, 8 - half, 8 + half, 8 + half].forEach((v, i) => {
      expect(boxes[i]).toBeCloseTo(v, 3);
    });
  });
});
