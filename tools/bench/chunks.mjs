// `npm run bench:chunks`: pairwise losses at once and in chunks, value and gradient: how much longer chunks take, by turns in one process; how far they
// are apart; and the memory of each, a process each. `--json` prints it for machines; further words name losses.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compile, valueAndGrad } from '../../dist/index.js';
import { alignUniform, circlePairLoss, infoNCE, ntXent, sigmoidPairLoss, supCon } from '../../dist/losses/index.js';
import { key, normal, randint } from '../../dist/runtime/random/index.js';
import { median, timed } from './timing.mjs';

const chunk = 512;
/** How many embeddings both forms are compared with, and how many are for chunks alone. */
const [few, many] = [4096, 32_768];
const dimensions = 128;

const ofPairs = (loss) => (x, y, _, chunk) => loss(x, y, { chunk });
const ofLabels = (loss) => (x, _, labels, chunk) => loss(x, labels, { chunk });
const losses = {
  infoNCE: ofPairs(infoNCE),
  sigmoidPairLoss: ofPairs(sigmoidPairLoss),
  supCon: ofLabels(supCon),
  ntXent: ofPairs(ntXent),
  alignUniform: ofPairs(alignUniform),
  circlePairLoss: ofLabels(circlePairLoss),
};

/** The loss of n embeddings, and of n others or labels of a hundred classes, with its gradient. Two views of n / 2 items are n embeddings. */
function step(name, n, chunk) {
  const rows = name === 'ntXent' ? n / 2 : n;
  const given = [normal(key(1), [rows, dimensions]), normal(key(2), [rows, dimensions])];
  const labels = randint(key(3), [rows], { high: 100 });
  const run = compile((x, y, labels) => valueAndGrad((p) => losses[name](p[0], p[1], labels, chunk))([x, y]));
  return () => run(...given, labels);
}

/** Both forms by turns: their times, and how far value and gradient are apart, as shares of the largest. */
async function compared(name) {
  const [whole, parts] = [step(name, few), step(name, few, chunk)];
  const [[value, gradient], [v, g]] = [await whole(), await parts()];
  const apart = (a, b) => {
    const most = a.data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
    return a.data.reduce((largest, x, i) => Math.max(largest, Math.abs(x - b.data[i])), 0) / (most || 1);
  };
  const times = { whole: [], parts: [] };
  const begin = performance.now();
  while (times.whole.length < 5 || (times.whole.length < 20 && performance.now() - begin < 8000))
    for (const [kind, run] of [
      ['whole', whole],
      ['parts', parts],
    ]) {
      const start = performance.now();
      await run();
      times[kind].push(performance.now() - start);
    }
  return {
    wholeMs: median(times.whole),
    partsMs: median(times.parts),
    // Of each turn, so that a machine that slows down does so for both.
    speed: median(times.whole.map((ms, i) => ms / times.parts[i])),
    difference: Math.max(apart(value, v), ...gradient.map((a, i) => apart(a, g[i]))),
  };
}

function sitting(...args) {
  const { stdout, stderr, status } = spawnSync('node', [fileURLToPath(import.meta.url), ...args.map(String)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`bench:chunks: ${args.join(' ')}: ${stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(stdout);
}

const [command, name, n, size] = process.argv.slice(2);
if (command === '--by-turns') console.log(JSON.stringify(await compared(name)));
else if (command === '--alone') {
  const { ms, rssMb } = await timed(step(name, Number(n), size === 'whole' ? undefined : Number(size)));
  console.log(JSON.stringify({ ms, rssMb }));
} else {
  const words = process.argv.slice(2).filter((word) => word !== '--json');
  const unknown = words.filter((word) => !(word in losses));
  if (unknown.length > 0)
    throw new Error(
      `bench:chunks: no loss is called ${unknown.join(', ')}; there are ${Object.keys(losses).join(', ')}`,
    );
  const rows = (words.length > 0 ? words : Object.keys(losses)).map((loss) => {
    const row = {
      loss,
      ...sitting('--by-turns', loss),
      wholeRssMb: sitting('--alone', loss, few, 'whole').rssMb,
      partsRssMb: sitting('--alone', loss, few, chunk).rssMb,
      many: sitting('--alone', loss, many, chunk),
    };
    console.error(`${loss}: chunks ${row.speed.toFixed(2)} times as fast; ${many}: ${row.many.rssMb.toFixed(0)} MB`);
    return row;
  });
  if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2));
  else {
    console.log(
      `| loss | ${few} at once | ${few}, chunks of ${chunk} | times as fast | apart by | ${many}, chunks of ${chunk} |`,
    );
    console.log('|---|---|---|---|---|---|');
    const cell = (ms, mb) =>
      `${ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`}, ${mb.toFixed(0)} MB`;
    for (const { loss, wholeMs, partsMs, wholeRssMb, partsRssMb, speed, difference, many } of rows)
      console.log(
        `| \`${loss}\` | ${cell(wholeMs, wholeRssMb)} | ${cell(partsMs, partsRssMb)} | ${speed.toFixed(2)} | ${difference.toExponential(0)} | ${cell(many.ms, many.rssMb)} |`,
      );
  }
}
