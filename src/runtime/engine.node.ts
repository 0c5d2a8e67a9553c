import ort from 'onnxruntime-node';
import { ortEngine } from './ort.js';

// ONNX Runtime 1.30 sends usage events to its makers unless it is told not to. It looks when it makes its first session. Who wants to send
// them sets the variable to 0.
process.env.ORT_DISABLE_TELEMETRY ??= '1';

/** ONNX Runtime's native build. */
export const engine = ortEngine(ort, { defaultDevice: 'cpu', writesInto: true });
