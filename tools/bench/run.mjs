// `npm run bench`: training steps and derivatives on this machine, beside PyTorch (eager, and torch.compile), TensorFlow.js and jax-js: a process a
// workload and engine, in turn. `--json` prints them for machines; `--rounds N` (3) sittings of this library and of PyTorch, of which the median counts;
// `--peers pytorch,torchCompile,tfjs,jaxjs` (all) whom to compare with; further words name workloads.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean' },
    rounds: { type: 'string', default: '3' },
    peers: { type: 'string', default: 'pytorch,torchCompile,tfjs,jaxjs' },
  },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
/** Longer than this, start-up and three or more runs, and a peer is given up. */
const limitSeconds = 300;

const workloads = {
  mlp: 'MLP 784-256-128-10, batch 128, SGD momentum',
  resnet9: 'resnet9, 32x32, batch 64, SGD momentum',
  resnet18: 'resnet18, CIFAR stem, batch 32, SGD momentum',
  vit: 'ViT 6 x 192, 64 tokens, batch 64, AdamW',
  infonce: 'InfoNCE, value and gradient, 4096 x 128',
  arcface: 'ArcFace, value and gradient, batch 256, 512 dimensions, 10,000 classes',
  'sam-resnet9': 'one SAM step on resnet9',
  'hvp-mlp': 'Hessian-vector product on the MLP',
  'finetune-minilm': 'fine-tuning step of a MiniLM-sized encoder imported from ONNX, 32 x 64 tokens, AdamW',
};

/** The last line of JSON that a process printed, or in `failed` why there is none. */
function sitting(command, args) {
  const { stdout, stderr, status, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 1000 * limitSeconds,
    maxBuffer: 1 << 26,
  });
  if (error?.code === 'ETIMEDOUT') return { failed: `not done within ${limitSeconds} s` };
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1));
  return { failed: (stderr.trim().split('\n').at(-1) || String(error ?? `exit code ${status}`)).slice(0, 200) };
}

const torch = spawnSync('python3', ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
const peerFolder = here('peers');
const peerVersion = (name) => {
  const file = join(peerFolder, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
};
const versions = {
  node: process.version,
  onnxruntime: JSON.parse(readFileSync(here('../../node_modules/onnxruntime-node/package.json'), 'utf8')).version,
  pytorch: torch.status === 0 ? torch.stdout.trim() : undefined,
  tfjs: peerVersion('@tensorflow/tfjs'),
  jaxjs: peerVersion('@jax-js/jax'),
};
const howTo = {
  pytorch: 'PyTorch is not installed (pip install torch)',
  tfjs: 'TensorFlow.js is not installed (npm ci --prefix tools/bench/peers)',
  jaxjs: 'jax-js is not installed (npm ci --prefix tools/bench/peers)',
};
const engines = {
  pytorch: { of: 'pytorch', repeated: true, run: (name) => sitting('python3', [here('steps.py'), name]) },
  torchCompile: { of: 'pytorch', run: (name) => sitting('python3', [here('steps.py'), name, '--compile']) },
  tfjs: { of: 'tfjs', run: (name, start) => sitting('node', [join(peerFolder, 'tfjs.mjs'), name, start]) },
  jaxjs: { of: 'jaxjs', run: (name, start) => sitting('node', [join(peerFolder, 'jaxjs.mjs'), name, start]) },
};
const asked = values.peers.split(',').filter(Boolean);
const unknown = asked.filter((name) => !(name in engines));
if (unknown.length > 0)
  throw new Error(`bench: no peer is called ${unknown.join(', ')}; there are ${Object.keys(engines).join(', ')}`);

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const medians = (rows) => ({ ms: median(rows.map((r) => r.ms)), rssMb: median(rows.map((r) => r.rssMb)) });
const folder = mkdtempSync(join(tmpdir(), 'cotangent-bench-'));

// PyTorch exports the encoder that is fine-tuned here, so without PyTorch there is none.
const encoder = join(folder, 'encoder.onnx');
process.env.COTANGENT_BENCH_ENCODER = encoder;

const unmeasured = (name, why) => ({
  name,
  what: workloads[name],
  ms: null,
  rssMb: null,
  setupMs: null,
  peers: Object.fromEntries(Object.keys(engines).map((peer) => [peer, null])),
  peerRssMb: {},
  reasons: { cotangent: why },
});

/** One workload in all engines. Where a peer has no time, `reasons` says why. */
function measured(name) {
  if (name === 'finetune-minilm') {
    if (!versions.pytorch) return unmeasured(name, `PyTorch exports its model: ${howTo.pytorch}`);
    const { status, stderr } = spawnSync('python3', [here('../golden/encoder.py'), encoder], { encoding: 'utf8' });
    if (status !== 0) return unmeasured(name, `PyTorch could not export it: ${stderr.trim().split('\n').at(-1)}`);
  }
  const start = join(folder, `${name}.safetensors`);
  const begun = sitting('node', [here('steps.mjs'), name, start]);
  if (begun.failed) throw new Error(`bench: ${name}: ${begun.failed}`);
  const own = [];
  const found = {};
  for (let round = 0; round < rounds; round++) {
    own.push(sitting('node', [here('steps.mjs'), name]));
    if (own.at(-1).failed) throw new Error(`bench: ${name}: ${own.at(-1).failed}`);
    for (const peer of asked) {
      const { of, repeated, run } = engines[peer];
      if (found[peer]?.failed || (round > 0 && !repeated)) continue;
      const result = versions[of] ? run(name, start) : { failed: howTo[of] };
      // The same weights and inputs must give the same loss: otherwise it is not the same work.
      if (
        result.loss != null &&
        begun.loss !== undefined &&
        Math.abs(result.loss - begun.loss) > 1e-3 * Math.abs(begun.loss)
      )
        result.failed = `its loss is ${result.loss}, not ${begun.loss}`;
      found[peer] = result.failed ? result : { rows: [...(found[peer]?.rows ?? []), result] };
    }
  }
  const peers = { pytorch: null, tfjs: null, jaxjs: null };
  const [peerRssMb, reasons] = [{}, {}];
  for (const peer of Object.keys(engines)) {
    const got = found[peer] ?? { failed: 'not asked for' };
    if (got.failed) reasons[peer] = got.failed;
    const { ms = null, rssMb = null } = got.failed ? {} : medians(got.rows);
    [peers[peer], peerRssMb[peer]] = [ms, rssMb];
  }
  const { ms, rssMb } = medians(own);
  return {
    name,
    what: workloads[name] ?? name,
    ms,
    rssMb,
    setupMs: median(own.map((r) => r.setupMs)),
    flops: own[0].flops || undefined,
    peers,
    peerRssMb,
    reasons,
  };
}

const shown = (ms) => (ms === null ? '-' : ms < 10 ? ms.toFixed(2) : ms.toFixed(0));
try {
  const peak = measured('matmul-peak');
  const matmulPeakGflops = (2 * 1024 ** 3) / peak.ms / 1e6;
  const rows = (positionals.length > 0 ? positionals : Object.keys(workloads)).map((name) => {
    const { flops, ...row } = measured(name);
    const gflops = flops === undefined ? null : flops / row.ms / 1e6;
    console.error(
      `${name}: ${shown(row.ms)} ms; ${Object.entries(row.peers)
        .map(([peer, ms]) => `${peer} ${shown(ms)}`)
        .join(', ')}`,
    );
    return { ...row, gflops, ofPeak: gflops === null ? null : gflops / matmulPeakGflops };
  });
  const ratios = rows.flatMap((row) => (row.peers.pytorch ? [row.peers.pytorch / row.ms] : []));
  const geometricMeanVsPyTorch =
    ratios.length > 0 ? Math.exp(ratios.reduce((a, b) => a + Math.log(b), 0) / ratios.length) : null;
  const report = { versions, cores: cpus().length, matmulPeakGflops, workloads: rows, geometricMeanVsPyTorch };
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else print(report, peak);
} finally {
  rmSync(folder, { recursive: true });
}

function print({ workloads: rows, matmulPeakGflops, geometricMeanVsPyTorch }, peak) {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version ?? 'not installed'}`);
  console.log(`${named.join(', ')}; ${cpus().length} cores; matmul of 1024: ${matmulPeakGflops.toFixed(0)} GFLOP/s`);
  const peaks = Object.entries(peak.peers).flatMap(([name, ms]) =>
    ms ? [`${name} ${((2 * 1024 ** 3) / ms / 1e6).toFixed(0)}`] : [],
  );
  console.log(`the same matmul elsewhere, GFLOP/s: ${peaks.join(', ')}\n`);
  console.log('Milliseconds, and in brackets how many times as long as here.\n');
  console.log(
    '| workload | ms | GFLOP/s | of peak | MB | PyTorch | MB | torch.compile | TensorFlow.js | jax-js | set-up, ms |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|---|');
  for (const { what, ms, gflops, ofPeak, rssMb, setupMs, peers, peerRssMb } of rows) {
    const beside = (peer) => (peers[peer] === null ? '-' : `${shown(peers[peer])} (${(peers[peer] / ms).toFixed(2)})`);
    const rate = gflops === null ? '- | -' : `${gflops.toFixed(0)} | ${(100 * ofPeak).toFixed(0)}%`;
    const cells = [shown(ms), rate, rssMb?.toFixed(0) ?? '-', beside('pytorch'), peerRssMb.pytorch?.toFixed(0) ?? '-'];
    console.log(
      `| ${[what, ...cells, beside('torchCompile'), beside('tfjs'), beside('jaxjs'), setupMs?.toFixed(0) ?? '-'].join(' | ')} |`,
    );
  }
  if (geometricMeanVsPyTorch !== null)
    console.log(`\ngeometric mean: ${geometricMeanVsPyTorch.toFixed(2)} times as fast as PyTorch`);
  for (const { name, reasons } of rows)
    for (const [peer, why] of Object.entries(reasons)) console.log(`${name}, ${peer}: ${why}`);
}
