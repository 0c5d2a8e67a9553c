import { Worker } from 'node:worker_threads';
import { type Assembled, type Assembler, assemble, type Samples } from './assembler.js';

type Reply = { readonly id: number; readonly batch?: Assembled; readonly error?: string };

// The worker's program is the source of `assemble` itself, so that it starts alike from TypeScript sources, from the compiled package
// and from a bundle, none of which agree on the address of a second file.
const program = (assembleSource: string) => `
const { parentPort, workerData } = require('node:worker_threads');
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
 * meanwhile. The samples lie in shared memory. The worker never keeps the process alive.
 */
export function backgroundAssembler({ images, labels, size }: Samples): Assembler {
  const samples: Samples = { images: shared(images), labels: shared(labels), size };
  const waiting = new Map<number, { resolve: (batch: Assembled) => void; reject: (error: Error) => void }>();
  let next = 0;
  const worker = new Worker(program(assemble.toString()), { eval: true, workerData: samples });
  worker.unref();
  const settle = (id: number) => {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
    return entry;
  };
  worker.on('message', ({ id, batch, error }: Reply) => {
    if (batch) settle(id)?.resolve(batch);
    else settle(id)?.reject(new Error(`loader: ${error}`));
  });
  const failAll = (message: string) => {
    for (const id of [...waiting.keys()]) settle(id)?.reject(new Error(`loader: ${message}`));
  };
  worker.on('error', (error: Error) => failAll(error.message));
  worker.on('exit', () => failAll('closed while a batch was being made'));
  return {
    assemble: (indices) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, indices });
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}
