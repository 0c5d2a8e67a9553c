import { describe, expect, it } from 'vitest';
import { chromiumMissing, chromiumPath, openPage } from './browser.js';
import { trainDigits } from './train-digits.js';

describe('in a browser', () => {
  it.skipIf(!chromiumPath)(
    chromiumPath ? 'trains on wasm to the losses of Node' : chromiumMissing,
    async () => {
      const steps = 60;
      const page = await openPage('train.html');
      try {
        const inPage = await page.call<number[]>('trainDigits', steps);
        const inNode = await trainDigits(steps);
        expect(inPage).toHaveLength(steps);
        expect(inPage[steps - 1]).toBeLessThan(inPage[0] / 2);
        inPage.forEach((loss, i) => {
          expect(
            Math.abs(loss - inNode[i]) / Math.max(1, Math.abs(inNode[i])),
            `step ${i}: ${loss} in the page, ${inNode[i]} in Node`,
          ).toBeLessThan(1e-4);
        });
      } finally {
        if (page.messages.length > 0) console.info(page.messages.join('\n'));
        await page.close();
      }
    },
    120_000,
  );
});
