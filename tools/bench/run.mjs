// `npm run bench`: training steps and derivatives on this machine, beside PyTorch (eager, and torch.compile), TensorFlow.js and jax-js: a process a
// workload and engine, in turn. `--json` prints them for machines; `--rounds N` (3) sittings of this library and of PyTorch, of which the median counts;
// `--peers pytorch,torchCompile,tfjs,jaxjs` (all) whom to compare with; `--limit SECONDS` (300) after which a peer is given up; `--into FILE` keeps each
// workload's row there as soon as it is measured, and takes those that are there already; further words name workloads.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportOf, rowOf, shown, textOf } from './report.mjs';
import { median } from './timing.mjs';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean' },
    rounds: { type: 'string', default: '3' },
    peers: { type: 'string', default: 'pytorch,torchCompile,tfjs,jaxjs' },
    limit: { type: 'string', default: '300' },
    into: { type: 'string' },
  },
  allowPositionals: true,
});
const [rounds, limitSeconds] = ['rounds', 'limit'].map((name) => {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`bench: --${name} ${values[name]} must be a positive number`);
  return value;
});
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

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

const wanted = positionals.length > 0 ? positionals.map((name) => name.toLowerCase()) : Object.keys(workloads);
for (const name of wanted)
  if (!(name in workloads))
    throw new Error(`bench: no workload is called ${name}; there are ${Object.keys(workloads).join(', ')}`);

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
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : null;
};
const versions = {
  node: process.version,
  onnxruntime: JSON.parse(readFileSync(here('../../node_modules/onnxruntime-node/package.json'), 'utf8')).version,
  pytorch: torch.status === 0 ? torch.stdout.trim() : null,
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

/** Rows that an earlier run left in the file. */
const kept = values.into && existsSync(values.into) ? JSON.parse(readFileSync(values.into, 'utf8')).workloads : [];

try {
  const peak = measured('matmul-peak');
  const rate = (ms) => (ms ? (2 * 1024 ** 3) / ms / 1e6 : null);
  const machine = {
    versions,
    cores: cpus().length,
    matmulPeakGflops: rate(peak.ms),
    peerPeakGflops: Object.fromEntries(Object.entries(peak.peers).map(([peer, ms]) => [peer, rate(ms)])),
  };
  const rows = [];
  for (const name of wanted) {
    const before = kept.find((row) => row.name === name);
    // Rates are of the sitting that a row was measured in.
    const row = before ?? rowOf(measured(name), machine.matmulPeakGflops);
    rows.push(row);
    if (before) continue;
    const beside = Object.entries(row.peers).map(([peer, ms]) => `${peer} ${shown(ms)}`);
    console.error(`${name}: ${shown(row.ms)} ms; ${beside.join(', ')}`);
    if (values.into) {
      const others = kept.filter((old) => !rows.some((made) => made.name === old.name));
      writeFileSync(values.into, JSON.stringify(reportOf(machine, [...others, ...rows]), null, 2));
    }
  }
  const report = reportOf(machine, rows);
  console.log(values.json ? JSON.stringify(report, null, 2) : textOf(report));
} finally {
  rmSync(folder, { recursive: true });
}
