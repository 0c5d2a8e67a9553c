import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL('./src/', import.meta.url)) + path;

export default defineConfig({
  resolve: {
    alias: [
      { find: '#engine', replacement: source('runtime/engine.node.ts') },
      { find: '#assembler', replacement: source('data/assembler.node.ts') },
      // What examples import, as users do.
      { find: /^cotangent$/, replacement: source('index.ts') },
      { find: /^cotangent\/random$/, replacement: source('runtime/random/index.ts') },
      { find: /^cotangent\/onnx$/, replacement: source('import/index.ts') },
      { find: /^cotangent\/(\w+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // The files of a worker share its modules, which takes half the time of loading them for each. `npm test -- --isolate` has a process for each.
    isolate: false,
    // Two workers have the two cores; threads of operators would only wait for each other.
    env: { COTANGENT_THREADS: process.env.COTANGENT_THREADS ?? '1' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
