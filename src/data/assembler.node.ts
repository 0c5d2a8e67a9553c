import { Worker } from 'node:worker_threads';
import { type Assembled, type Assembler, assemble, type Samples } from './assembler.js';

type Reply = { readonly id: number; readonly batch?: Assembled; readonly error?: string };

// The worker's program is the source of `assemble` itself, so that it starts alike from TypeScript sources, from the compiled package
// and from a bundle, none of which agree on the address of a second file. Flags of the process decide whether such a program is a script
// or a module, so it uses neither `require` nor `import`.
const program = (assembleSource: string) => `
const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
const assemble = ${assembleSource};
parentPort.on('message', ({ id, indices }) => {
  try {
    const batch = assemble(workerData, indices);
    parentPort.postMessage({ id, batch }, [batch.images.buffer, batch.labels.buffer]);
  } catch (error) {
    parentPort.postMessage({ id, error: error.message });
  }
});`;

function shared<T extends Uint8Array | Int32Array>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const copy = new (array.constructor as new (buffer: SharedArrayBuffer) => T)(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}

/**
 * Assembles in a worker thread: ONNX Runtime's native `run` blocks the thread that calls it, so only another one makes the next batch
 * meanwhile. The samples lie in shared memory. The worker never keeps the process alive. Once it has ended, whether closed or failed,
 * every batch asked of it is refused with the reason.
 */
export function backgroundAssembler(samples: Samples): Assembler {
  const waiting = new Map<number, { resolve: (batch: Assembled) => void; reject: (error: Error) => void }>();
  let next = 0;
  let ended: string | undefined;
  const worker = new Worker(program(assemble.toString()), {
    eval: true,
    workerData: { ...samples, images: shared(samples.images), labels: shared(samples.labels) },
  });
  worker.unref();
  const settle = (id: number) => {
    const entry = waiting.get(id);
    waiting.delete(id);
    // A batch that arrives while the thread is being ended must not let the process end before it.
    if (waiting.size === 0 && ended === undefined) worker.unref();
    return entry;
  };
  const refusal = () => new Error(`loader: ${ended}`);
  const end = (reason: string) => {
    ended ??= reason;
    for (const id of [...waiting.keys()]) settle(id)?.reject(refusal());
  };
  worker.on('message', ({ id, batch, error }: Reply) => {
    if (batch) settle(id)?.resolve(batch);
    else settle(id)?.reject(new Error(`loader: ${error}`));
  });
  worker.on('error', (error: Error) => end(error.message));
  worker.on('exit', () => end('the thread that makes batches has ended'));
  return {
    assemble: (indices) =>
      new Promise((resolve, reject) => {
        // A message to a thread that has ended is lost, and whoever waited for the answer would wait for ever.
        if (ended !== undefined) {
          reject(refusal());
          return;
        }
        const id = next++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, indices });
      }),
    close: async () => {
      end('closed');
      // Whoever waits for the end may have nothing else that keeps the process alive.
      worker.ref();
      await worker.terminate();
    },
  };
}
