import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where Chromium is, if anywhere: `COTANGENT_CHROMIUM`, or where Debian puts it. */
export const chromiumPath = [
  process.env.COTANGENT_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

export const chromiumMissing =
  'no Chromium found: install it (Debian: apt-get install chromium) or set COTANGENT_CHROMIUM to its path';

/** A page of this folder, built with Vite as a user's would be, opened in headless Chromium. */
export interface Page {
  /** Calls a function that the page put on `globalThis`. */
  call<R>(name: string, ...args: unknown[]): Promise<R>;
  /** Everything the page wrote to its console, and its uncaught errors. */
  readonly messages: readonly string[];
  close(): Promise<void>;
}

export async function openPage(html: string): Promise<Page> {
  const out = await mkdtemp(join(tmpdir(), 'cotangent-page-'));
  await build({
    root: join(root, 'test/web/pages'),
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: {
        '#engine': join(root, 'src/runtime/engine.web.ts'),
        '#assembler': join(root, 'src/data/assembler.web.ts'),
      },
    },
    build: {
      outDir: out,
      emptyOutDir: true,
      target: 'esnext',
      minify: false,
      rolldownOptions: { input: join(root, 'test/web/pages', html) },
    },
  });
  // Threads in WebAssembly need shared memory, and that these two headers.
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  const server: PreviewServer = await preview({
    configFile: false,
    root: join(out, '..'),
    build: { outDir: out },
    preview: { host: '127.0.0.1', port: 0, headers },
  });
  const address = server.httpServer.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const page = await browser.newPage();
  const messages: string[] = [];
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(`${error}`));
  await page.goto(`http://127.0.0.1:${port}/${html}`);
  return {
    messages,
    call: async (name, ...args) => {
      await page.waitForFunction((key) => key in globalThis, name, { timeout: 30_000 });
      return page.evaluate(
        ([key, list]) =>
          (globalThis as unknown as Record<string, (...a: unknown[]) => unknown>)[key as string](
            ...(list as unknown[]),
          ),
        [name, args],
      ) as never;
    },
    close: async () => {
      await browser.close();
      await server.close();
      await rm(out, { recursive: true });
    },
  };
}
