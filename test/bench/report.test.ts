import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

interface Reports {
  rowOf(measured: object, matmulPeakGflops: number): object;
  reportOf(machine: object, workloads: readonly object[]): object;
  textOf(report: object): string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const { rowOf, reportOf, textOf } = (await import(`${root}tools/bench/report.mjs`)) as Reports;

const ms = z.number().positive().nullable();
const peers = z.strictObject({ pytorch: ms, torchCompile: ms, tfjs: ms, jaxjs: ms });
const schema = z.strictObject({
  versions: z.strictObject({
    node: z.string(),
    onnxruntime: z.string(),
    pytorch: z.string().nullable(),
    tfjs: z.string().nullable(),
    jaxjs: z.string().nullable(),
  }),
  cores: z.int().positive(),
  matmulPeakGflops: z.number().positive(),
  peerPeakGflops: peers,
  workloads: z.array(
    z.strictObject({
      name: z.string(),
      what: z.string(),
      ms,
      gflops: ms,
      ofPeak: ms,
      rssMb: ms,
      setupMs: ms,
      peers,
      timesAsFastAs: peers,
      peerRssMb: z.partialRecord(z.enum(['pytorch', 'torchCompile', 'tfjs', 'jaxjs']), ms),
      reasons: z.record(z.string(), z.string()),
    }),
  ),
  geometricMeanVsPyTorch: z.number().positive().nullable(),
});

const machine = {
  versions: { node: 'v20.20.0', onnxruntime: '1.30.0', pytorch: '2.13.0', tfjs: null, jaxjs: '0.1.25' },
  cores: 2,
  matmulPeakGflops: 100,
  peerPeakGflops: { pytorch: 120, torchCompile: null, tfjs: null, jaxjs: 20 },
};
const measured = {
  name: 'one',
  what: 'one step',
  ms: 10,
  rssMb: 100,
  setupMs: 30,
  flops: 5e8,
  peers: { pytorch: 20, torchCompile: null, tfjs: null, jaxjs: 85 },
  peerRssMb: { pytorch: 300, torchCompile: null, tfjs: null, jaxjs: 90 },
  reasons: { torchCompile: 'no compiler', tfjs: 'TensorFlow.js is not installed' },
};
const half = { ...measured, name: 'two', peers: { ...measured.peers, pytorch: 5 } };
const nothing = {
  ...measured,
  name: 'three',
  ms: null,
  rssMb: null,
  setupMs: null,
  flops: undefined,
  peers: { pytorch: null, torchCompile: null, tfjs: null, jaxjs: null },
  peerRssMb: {},
  reasons: { cotangent: 'PyTorch exports its model' },
};
const report = reportOf(
  machine,
  [measured, half, nothing].map((row) => rowOf(row, machine.matmulPeakGflops)),
);

describe('the report of the benchmark', () => {
  it('has every field, null with a reason where there is no time', () => {
    const { workloads, geometricMeanVsPyTorch } = schema.parse(JSON.parse(JSON.stringify(report)));
    expect(workloads[0]).toMatchObject({
      gflops: 50,
      ofPeak: 0.5,
      timesAsFastAs: { pytorch: 2, tfjs: null, jaxjs: 8.5 },
    });
    for (const { peers, reasons, ms } of workloads)
      for (const [peer, time] of Object.entries(peers))
        if (ms !== null && time === null) expect(reasons).toHaveProperty(peer);
    expect(geometricMeanVsPyTorch).toBeCloseTo(1, 12);
    expect(reportOf(machine, [rowOf(nothing, 100)])).toMatchObject({ geometricMeanVsPyTorch: null });
  });

  it('prints the ratio to each peer, and why there is none', () => {
    const lines = textOf(report).split('\n');
    expect(lines[0]).toContain('tfjs not installed');
    expect(lines).toContain('| one step | 10 | 50 | 50% | 100 | 20 (2.00) | 300 | - | - | 85 (8.50) | 30 |');
    expect(lines).toContain('geometric mean: 1.00 times as fast as PyTorch');
    expect(lines).toContain('one, TensorFlow.js: TensorFlow.js is not installed');
    expect(lines).toContain('three, cotangent: PyTorch exports its model');
  });

  it('refuses workloads, peers and numbers that there are not', () => {
    const refusal = (...args: string[]) => {
      const { stderr, status } = spawnSync(process.execPath, ['tools/bench/run.mjs', ...args], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(status).toBe(1);
      return stderr;
    };
    expect(refusal('resnet')).toMatch(/no workload is called resnet; there are mlp, resnet9/);
    expect(refusal('--peers', 'jax', 'mlp')).toMatch(/no peer is called jax; there are pytorch/);
    expect(refusal('--rounds', '0', 'mlp')).toMatch(/--rounds 0 must be a positive number/);
  });
});
