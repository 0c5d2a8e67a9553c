import * as ort from 'onnxruntime-web';
import { ortEngine } from './ort.js';

/** ONNX Runtime's browser build. */
export const engine = ortEngine(ort, { defaultDevice: 'wasm', writesInto: false });
