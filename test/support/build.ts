import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Compiles the package once before all tests: those of the command line and of the packed package run what users run. */
export default function setup(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
}
