// One case after another, as the parent sends them. What is watched: what is thrown, memory asked for, the size of the process. Hangs and
// crashes the parent sees.
import { largest } from './allocations.mjs';
import { judge } from './judge.mjs';
import { Random } from './random.mjs';

const formats = {};
const seeds = {};

process.on('message', async ({ format, seed, index, compared }) => {
  formats[format] ??= await import(`./${format}.mjs`);
  const { mutated, check } = formats[format];
  seeds[format] ??= await formats[format].seeds();
  const random = new Random(seed, index);
  const chosen = formats[format].choose?.(seeds[format], random) ?? random.pick(seeds[format]);
  const file = mutated(chosen, random, random.pick(seeds[format]));
  process.send({ begun: index });
  largest.bytes = 0;
  const start = performance.now();
  const outcome = await judge(() => check(file, random, { compared }));
  const milliseconds = performance.now() - start;
  const size = file.length ?? file.bytes.length;
  // The reader of the header in JSON or protobuf may need several times the file.
  if (outcome.failure === undefined && largest.bytes > 64 * size + 2 ** 26)
    outcome.failure = `asked for ${largest.bytes} bytes at once for a file of ${size}`;
  if (outcome.failure === undefined && process.memoryUsage.rss() > 2 ** 31)
    outcome.failure = 'the process has grown beyond 2 GiB';
  process.send({
    done: index,
    milliseconds,
    ...outcome,
    file: outcome.failure ? Buffer.from(file.bytes ?? file).toString('base64') : undefined,
  });
});
process.send({ ready: true });
