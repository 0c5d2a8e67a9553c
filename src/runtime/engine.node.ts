import ort from 'onnxruntime-node';
import type { Engine } from './engine.js';
import { ortEngine } from './ort.js';
import { profiled } from './profile.node.js';

// ONNX Runtime 1.30 sends usage events to its makers unless it is told not to. It looks when it makes its first session. Who wants to send
// them sets the variable to 0.
process.env.ORT_DISABLE_TELEMETRY ??= '1';

const native = ortEngine(ort, { defaultDevice: 'cpu', writesInto: true });

/** ONNX Runtime's native build. */
export const engine: Engine = { ...native, profiled: (work) => profiled(native, work) };
