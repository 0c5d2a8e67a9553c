// Times one training step or derivative: `node tools/bench/steps.mjs <workload>` prints one line of JSON with the median in ms and the peak
// resident memory of the process. tools/bench/steps.py is the same work in PyTorch, tools/bench/peers in other engines; tools/bench/run.mjs runs all
// in turn. `node tools/bench/steps.mjs <workload> <file>` times nothing: it writes the weights and inputs for a peer to start from, and prints the loss.
import { writeFileSync } from 'node:fs';
import { item, leavesOf } from '../../dist/index.js';
import { encodeSafetensors } from '../../dist/train/storage/safetensors.js';
import { timed } from './timing.mjs';
import { workloads } from './workloads.mjs';

const [, , name, file] = process.argv;
if (!(name in workloads)) throw new Error(`steps: ${name} is none of ${Object.keys(workloads).join(', ')}`);
const { compiled, start, run } = workloads[name]();
if (file) {
  const arrays = leavesOf(start).map(({ path, value }) => [path.replace('.', '/'), value]);
  writeFileSync(file, encodeSafetensors(Object.fromEntries(arrays)));
  const loss = await run();
  console.log(JSON.stringify({ name, ...(loss && { loss: item(loss) }) }));
} else {
  const { ms, rssMb } = await timed(run);
  const { traceMilliseconds, sessionMilliseconds, nodes, multiplyAdds } = compiled.stats()[0];
  const setupMs = traceMilliseconds + sessionMilliseconds;
  // Of what runs: convolutions that are transformed need fewer than the textbook's.
  console.log(JSON.stringify({ name, ms, rssMb, setupMs, nodes, flops: 2 * multiplyAdds }));
}
