// `npm run bench`: training steps and derivatives beside PyTorch on the same machine, a process a workload and engine, in turn.
// `--json` prints them for machines; `--rounds N` (3) sittings of each, of which the median counts; further words name workloads.
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '3' } },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const python = (code) => spawnSync('python3', ['-c', code], { encoding: 'utf8' });

/** What a workload does, with its operations where they are a plain count of multiplications and additions. */
const workloads = {
  mlp: { what: 'MLP 784-256-128-10, batch 128, SGD momentum' },
  resnet9: { what: 'resnet9, 32x32, batch 64, SGD momentum' },
  resnet18: { what: 'resnet18, CIFAR stem, batch 32, SGD momentum' },
  vit: { what: 'ViT 6 x 192, 64 tokens, batch 64, AdamW' },
  infonce: { what: 'InfoNCE, value and gradient, 4096 x 128' },
  arcface: { what: 'ArcFace, value and gradient, batch 256, 512 dimensions, 10,000 classes' },
  'sam-resnet9': { what: 'one SAM step on resnet9' },
  'hvp-mlp': { what: 'Hessian-vector product on the MLP' },
};
/** What cannot be compared here yet, and why. */
const missing = {
  'finetune-minilm': 'needs the import of ONNX models',
};
const peers = { tfjs: 'not compared by this command yet', jaxjs: 'not compared by this command yet' };

const torch = python('import torch; print(torch.__version__)');
const noTorch = torch.status === 0 ? undefined : 'PyTorch is not installed (pip install torch)';

/** One sitting: the line of JSON that a process printed, or why there is none. */
function sitting(command, file, name) {
  const { stdout, stderr, status } = spawnSync(command, [here(file), name], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout.trim().split('\n').at(-1)) : { failed: stderr.trim().split('\n').at(-1) };
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

function measured(name) {
  const [own, other] = [[], []];
  for (let round = 0; round < rounds; round++) {
    own.push(sitting('node', 'steps.mjs', name));
    if (!noTorch) other.push(sitting('python3', 'steps.py', name));
    const failed = own.at(-1).failed ?? other.at(-1)?.failed;
    if (failed) throw new Error(`bench: ${name}: ${failed}`);
  }
  const of = (rows, field) => median(rows.map((row) => row[field]));
  return {
    name,
    what: workloads[name]?.what,
    ms: of(own, 'ms'),
    rssMb: of(own, 'rssMb'),
    setupMs: of(own, 'setupMs'),
    peers: {
      pytorch: noTorch ? null : { ms: of(other, 'ms'), rssMb: of(other, 'rssMb') },
      tfjs: null,
      jaxjs: null,
    },
  };
}

const peak = measured('matmul-peak');
const gflops = (2 * 1024 ** 3) / peak.ms / 1e6;
const names = positionals.length > 0 ? positionals : Object.keys(workloads);
const rows = names.map((name) => {
  const row = measured(name);
  if (!values.json) console.error(`${name}: ${row.ms.toFixed(2)} ms`);
  return row;
});
const ratios = rows.flatMap((row) => (row.peers.pytorch ? [row.peers.pytorch.ms / row.ms] : []));
const geometricMean = ratios.length > 0 ? Math.exp(ratios.reduce((a, b) => a + Math.log(b), 0) / ratios.length) : null;
const versions = { node: process.version, torch: noTorch ?? torch.stdout.trim() };

if (values.json) {
  const report = {
    versions,
    cores: cpus().length,
    matmulPeakGflops: gflops,
    workloads: rows,
    geometricMeanVsPyTorch: geometricMean,
    unavailable: { ...missing, ...peers, ...(noTorch && { pytorch: noTorch }) },
  };
  console.log(JSON.stringify(report, null, 2));
} else {
  const shown = (ms) => (ms < 10 ? ms.toFixed(2) : ms.toFixed(0));
  console.log(
    `Node ${versions.node}, PyTorch ${versions.torch}, ${cpus().length} cores; matmul of 1024: ${gflops.toFixed(0)} GFLOP/s`,
  );
  console.log('| workload | ms | MB | PyTorch, ms | MB | times as fast | set-up, ms |\n|---|---|---|---|---|---|---|');
  for (const {
    what,
    name,
    ms,
    rssMb,
    setupMs,
    peers: { pytorch },
  } of rows) {
    const theirs = pytorch
      ? `${shown(pytorch.ms)} | ${pytorch.rssMb.toFixed(0)} | ${(pytorch.ms / ms).toFixed(2)}`
      : '- | - | -';
    console.log(`| ${what ?? name} | ${shown(ms)} | ${rssMb.toFixed(0)} | ${theirs} | ${setupMs.toFixed(0)} |`);
  }
  if (geometricMean !== null) console.log(`geometric mean: ${geometricMean.toFixed(2)} times as fast as PyTorch`);
  for (const [name, why] of Object.entries({ ...missing, ...peers, ...(noTorch && { pytorch: noTorch }) }))
    console.log(`${name}: ${why}`);
}
