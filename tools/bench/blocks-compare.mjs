// The expensive building blocks beside PyTorch and SciPy: `node tools/bench/blocks-compare.mjs [rounds]` (after `npm run build`) runs blocks.mjs and
// blocks.py in turn and prints a table of the medians over the rounds.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const rounds = Number(process.argv[2] ?? 3);
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** The lines of one sitting. */
function sitting(command, file) {
  const { stdout, stderr, status } = spawnSync(command, [here(file)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const times = new Map();
for (let round = 0; round < rounds; round++) {
  for (const [engine, rows] of [
    ['cotangent', sitting('node', 'blocks.mjs')],
    ['peer', sitting('python3', 'blocks.py')],
  ]) {
    for (const { name, size, ms } of rows) {
      const row = times.get(`${name} | ${size}`) ?? { cotangent: [], peer: [] };
      row[engine].push(ms);
      times.set(`${name} | ${size}`, row);
    }
  }
}
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const shown = (ms) => (ms < 10 ? ms.toFixed(2) : ms.toFixed(0));
console.log('| block | size | Cotangent, ms | PyTorch or SciPy, ms | ratio |\n|---|---|---|---|---|');
for (const [block, { cotangent, peer }] of times) {
  const [a, b] = [median(cotangent), median(peer)];
  console.log(`| ${block} | ${shown(a)} | ${shown(b)} | ${(a / b).toFixed(1)} |`);
}
