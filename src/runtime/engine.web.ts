import * as ort from 'onnxruntime-web';
import { allocate } from '../tensor/index.js';
import type { Engine } from './engine.js';
import { ortEngine } from './ort.js';

/** ONNX Runtime's browser build. */
export const engine: Engine = ortEngine(ort, { defaultDevice: 'wasm', writesInto: false, unwritten: allocate });
