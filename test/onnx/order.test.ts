import { describe, expect, it } from 'vitest';
import { grad, type Tensor } from '../../src/index.js';
import { encodeModel } from '../../src/onnx/encode.js';
import { lower } from '../../src/runtime/lower.js';
import { input } from '../../src/tensor/ops/constant.js';

describe('the order of nodes in a model', () => {
  it('has inputs before users and the results that are ready first at the end, so that they are made first', () => {
    const x = input('x', [8, 4], 'float32');
    const weights = Array.from({ length: 4 }, (_, i) => input(`w${i}`, [4, 4], 'float32'));
    const loss = (ws: Tensor[]) =>
      ws
        .reduce((h, w) => h.matmul(w).tanh(), x)
        .square()
        .sum();
    const updated = grad(loss)(weights).map((g, i) => weights[i].sub(g.mul(0.1)));
    const outputs = lower(updated, 'cpu').map((tensor, i) => ({ name: `next${i}`, tensor }));
    const inputs = [x, ...weights].map((tensor) => ({ name: `${tensor.node.attributes.name}`, tensor }));
    const nodes = encodeModel({ name: 'step', inputs, outputs }).graph?.node ?? [];
    const known = new Set([...inputs.map(({ name }) => name), '']);
    const constants = (name: string) => name.startsWith('constant');
    for (const node of nodes) {
      expect(node.input.filter((name) => !known.has(name) && !constants(name))).toEqual([]);
      for (const name of node.output) known.add(name);
    }
    // Back through the layers: the last one's gradient is there first.
    expect(nodes.slice(-4).map((node) => node.output[0])).toEqual(['next0', 'next1', 'next2', 'next3']);
  });
});
