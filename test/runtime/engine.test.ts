import { describe, expect, it } from 'vitest';
import { engine } from '../../src/runtime/engine.node.js';

describe('the Node engine', () => {
  it('switches telemetry off before the first session', () => {
    expect(engine.defaultDevice).toBe('cpu');
    expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
  });

  it('fails with the message of ONNX Runtime where a model is none', async () => {
    await expect(engine.createSession(new Uint8Array([1, 2, 3]), {})).rejects.toThrow();
  });
});
