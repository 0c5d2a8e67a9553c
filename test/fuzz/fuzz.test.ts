import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Result {
  readonly format: string;
  readonly runs: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly failures: readonly { readonly index: number; readonly failure: string }[];
}

/** A short run of `npm run fuzz`. The long one is in docs/fuzzing.md. */
function fuzz(...options: string[]): Result {
  const out = mkdtempSync(join(tmpdir(), 'cotangent-fuzz-'));
  try {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['tools/fuzz/run.mjs', '--json', '--workers', '1', '--out', out, ...options],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)), encoding: 'utf8' },
    );
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout)[0] as Result;
  } finally {
    rmSync(out, { recursive: true });
  }
}

describe('mutated files', () => {
  it('of safetensors are refused or read as they are', () => {
    const { runs, counts, failures } = fuzz('--format', 'safetensors', '--runs', '500', '--seed', '11');
    expect(failures).toEqual([]);
    expect(runs).toBe(500);
    expect(counts.refused).toBeGreaterThan(200);
    expect(counts.correct).toBeGreaterThan(25);
    expect(counts.refused + counts.correct).toBe(500);
  });

  it('of ONNX are refused, or make what ONNX Runtime makes of them', () => {
    const { runs, counts, failures } = fuzz('--format', 'onnx', '--runs', '500', '--seed', '11', '--compare', '0.3');
    expect(failures).toEqual([]);
    expect(runs).toBe(500);
    expect(counts.refused).toBeGreaterThan(300);
    expect(counts['agrees with ONNX Runtime']).toBeGreaterThan(10);
    expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBe(500);
  });
});
