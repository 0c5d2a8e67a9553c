// `npm run fuzz -- --runs 100000 --seed 0`: mutated ONNX and safetensors files against the readers. A case passes when the file is refused with a
// message, or gives a correct result. A crash, a hang, memory out of proportion, an error by accident or a wrong result fails; the file and
// what happened are kept in `--out` (runs/fuzz). `--format onnx` or `safetensors` does one of them, `--workers N` (2) side by side, `--from N` begins
// at that case: with `--runs 1` it repeats one. `--compare P` (0.1): the share of the models that load whose results ONNX Runtime is asked for too.
// `--json` prints the counts for machines.
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '0' },
    from: { type: 'string', default: '0' },
    format: { type: 'string', default: 'onnx,safetensors' },
    workers: { type: 'string', default: '2' },
    compare: { type: 'string', default: '0.1' },
    out: { type: 'string', default: 'runs/fuzz' },
    json: { type: 'boolean', default: false },
  },
});
/** A case takes milliseconds; the slowest honest ones, a large graph on a busy machine, seconds. */
const mostMilliseconds = 20_000;
/** A process is replaced after so many cases, so that one case's leavings are not another's fault. */
const casesPerProcess = 2000;

/** The cases of one format, shared out among processes. */
async function fuzz(format) {
  const counts = {};
  const failures = [];
  const refusals = new Map();
  const from = Number(values.from);
  const end = from + Number(values.runs);
  let next = from;
  let slowest = { milliseconds: 0 };
  const started = performance.now();

  const record = (index, { outcome, message, failure, milliseconds = 0, file }) => {
    const name = failure === undefined ? outcome : 'failed';
    counts[name] = (counts[name] ?? 0) + 1;
    if (milliseconds > slowest.milliseconds) slowest = { index, milliseconds };
    if (outcome === 'refused') {
      const kind = message.replace(/'[^']*'|"[^"]*"|\[[^\]]*\]|-?\d+/g, '_').slice(0, 90);
      refusals.set(kind, (refusals.get(kind) ?? 0) + 1);
    }
    if (failure === undefined) return;
    failures.push({ index, failure });
    mkdirSync(values.out, { recursive: true });
    const stem = join(values.out, `${format}-${values.seed}-${index}`);
    if (file) writeFileSync(`${stem}.bin`, Buffer.from(file, 'base64'));
    writeFileSync(
      `${stem}.txt`,
      `${failure}\n\nnpm run fuzz -- --format ${format} --seed ${values.seed} --from ${index} --runs 1\n`,
    );
    if (!values.json && failures.length <= 20) console.error(`${format} ${index}: ${failure.split('\n')[0]}`);
  };

  const lane = async () => {
    let child;
    const ended = () => {
      child?.kill();
      child = undefined;
    };
    for (let done = 0; next < end; done++) {
      const index = next++;
      if (done % casesPerProcess === 0) ended();
      child ??= await ready();
      const result = await one(child, { format, seed: Number(values.seed), index, compared: Number(values.compare) });
      if (result.ended) child = undefined;
      record(index, result);
      const ran = next - from;
      if (!values.json && ran % 10_000 === 0) console.error(`${format}: ${ran} cases, ${failures.length} failed`);
    }
    ended();
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, lane));
  const seconds = (performance.now() - started) / 1000;
  return {
    format,
    seed: Number(values.seed),
    from,
    runs: end - from,
    seconds,
    counts,
    failures,
    slowest,
    refusals: [...refusals].sort((a, b) => b[1] - a[1]),
  };
}

/** A process that is ready for cases. */
function ready() {
  const child = fork(fileURLToPath(new URL('worker.mjs', import.meta.url)), [], {
    execArgv: ['--max-old-space-size=768'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.tail = '';
  child.stderr.on('data', (text) => {
    child.tail = `${child.tail}${text}`.slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child));
    child.once('exit', () => reject(new Error(`the fuzzing process did not start: ${child.tail}`)));
  });
}

/** One case in a process that may hang or die of it. */
function one(child, task) {
  return new Promise((resolve) => {
    const settle = (result) => {
      clearTimeout(timer);
      child.removeAllListeners('message');
      child.removeAllListeners('exit');
      resolve(result);
    };
    const timer = setTimeout(() => {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
      settle({ failure: `hung for ${mostMilliseconds / 1000} seconds`, ended: true });
    }, mostMilliseconds);
    child.on('message', (message) => {
      if (message.done === task.index) settle(message);
    });
    child.once('exit', (code, signal) =>
      settle({ failure: `the process ended (${signal ?? code}): ${child.tail}`, ended: true }),
    );
    child.send(task);
  });
}

const results = [];
for (const format of values.format.split(',')) results.push(await fuzz(format));
if (values.json) console.log(JSON.stringify(results));
else {
  for (const { format, runs, seed, seconds, counts, slowest, refusals } of results) {
    console.log(
      `${format}: ${runs} files, seed ${seed}, ${seconds.toFixed(0)} s, slowest ${slowest.milliseconds.toFixed(0)} ms (case ${slowest.index})`,
    );
    for (const [outcome, count] of Object.entries(counts).sort((a, b) => b[1] - a[1]))
      console.log(`  ${`${count}`.padStart(7)} ${outcome}`);
    console.log('  most frequent refusals:');
    for (const [kind, count] of refusals.slice(0, 12)) console.log(`  ${`${count}`.padStart(7)} ${kind}`);
  }
}
process.exit(results.some(({ failures }) => failures.length > 0) ? 1 : 0);
