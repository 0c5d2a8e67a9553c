import ort from 'onnxruntime-node';
import { viewOf } from '../tensor/dtype.js';
import type { Engine } from './engine.js';
import { ortEngine } from './ort.js';
import { profiled } from './profile.node.js';

// ONNX Runtime 1.30 sends usage events to its makers unless it is told not to. It looks when it makes its first session. Who wants to send
// them sets the variable to 0.
process.env.ORT_DISABLE_TELEMETRY ??= '1';

const native = ortEngine(ort, {
  defaultDevice: 'cpu',
  writesInto: true,
  // What is not cleared beforehand need not go through memory twice.
  unwritten: (dtype, size) => viewOf(dtype, size, (bytes) => Buffer.allocUnsafeSlow(bytes).buffer),
});

/** What COTANGENT_THREADS says. @throws Error where that is no whole number from 1. */
function threadsByDefault(): number | undefined {
  const said = process.env.COTANGENT_THREADS;
  if (said === undefined || said === '') return undefined;
  if (!/^[1-9]\d*$/.test(said)) throw new Error(`COTANGENT_THREADS must be a whole number from 1, not '${said}'`);
  return Number(said);
}

const threaded: Engine = {
  ...native,
  createSession: async (model, options) =>
    native.createSession(model, { ...options, threads: options.threads ?? threadsByDefault() }),
};

/** ONNX Runtime's native build. Programs that name no number of threads take that of the environment variable COTANGENT_THREADS, if any. */
export const engine: Engine = { ...threaded, profiled: (work) => profiled(threaded, work) };
