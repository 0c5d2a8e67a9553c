import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, chromiumPath, openPage, type Page } from './browser.js';
import { drawNumbers, runPrograms } from './run-programs.js';
import { trainDigits } from './train-digits.js';

/** Relative above 1, absolute below. */
const difference = (a: number, b: number) => Math.abs(a - b) / Math.max(1, Math.abs(b));

describe.skipIf(!chromiumPath)(chromiumPath ? 'in a browser, on wasm' : `in a browser: ${chromiumMissing}`, () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage('page.html');
  }, 120_000);
  afterAll(async () => {
    if (page?.messages.length > 0) console.info(page.messages.join('\n'));
    await page?.close();
  });

  it('trains to the losses of Node', async () => {
    const steps = 60;
    const inPage = await page.call<number[]>('trainDigits', steps);
    const inNode = await trainDigits(steps);
    expect(inPage).toHaveLength(steps);
    expect(inPage[steps - 1]).toBeLessThan(inPage[0] / 2);
    inPage.forEach((loss, i) =>
      expect(difference(loss, inNode[i]), `step ${i}: ${loss} in the page, ${inNode[i]} in Node`).toBeLessThan(1e-4),
    );
  }, 120_000);

  it('gives every operator the value and gradient it has in Node', async () => {
    const inPage = await page.call<Record<string, number[] | string>>('runPrograms');
    const inNode = await runPrograms();
    expect(Object.keys(inPage)).toEqual(Object.keys(inNode));
    for (const [name, expected] of Object.entries(inNode)) {
      const got = inPage[name];
      expect(typeof expected, `${name} in Node: ${expected}`).toBe('object');
      expect(typeof got, `${name} in the page: ${got}`).toBe('object');
      (expected as number[]).forEach((value, i) =>
        expect(
          difference((got as number[])[i], value),
          `${name}[${i}]: ${(got as number[])[i]}, ${value} in Node`,
        ).toBeLessThan(1e-4),
      );
    }
  }, 120_000);

  it('draws the same random numbers, bit for bit', async () => {
    expect(await page.call('drawNumbers')).toEqual(drawNumbers());
  });
});
