import { describe, expect, it } from 'vitest';
import { lineChart } from '../../../src/train/pages/charts.js';

const curve = (...heights: number[]) =>
  lineChart([{ name: 'rate', points: heights.map((y, x) => ({ x, y })) }], { title: 'rates', x: 'step', y: 'rate' });
const ticks = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(([, text]) => text);

describe('lineChart', () => {
  it('writes small numbers as powers, which fit beside the axis, and others as they are', () => {
    expect(ticks(curve(1e-5, 4e-5, 1e-4))).toEqual(expect.arrayContaining(['2e-5', '1e-4']));
    expect(ticks(curve(0.01, 0.02, 0.05)).join(' ')).toMatch(/0\.020? .*0\.050?/);
  });
});
