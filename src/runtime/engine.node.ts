import ort from 'onnxruntime-node';
import { ortEngine } from './ort.js';

/** ONNX Runtime's native build. */
export const engine = ortEngine(ort, { defaultDevice: 'cpu', writesInto: true });
