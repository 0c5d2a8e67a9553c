import { compile, grad, linear, ndarray, type Tensor, valueAndGrad } from '../../src/index.js';

void grad;
export async function trainDigits(steps: number): Promise<number[]> {
  const x = ndarray(
    Float32Array.from({ length: 64 * 20 }, (_, i) => Math.sin(i * 1.7)),
    { shape: [64, 20] },
  );
  let w = ndarray(
    Float32Array.from({ length: 20 }, (_, i) => Math.cos(i)),
    { shape: [1, 20] },
  );
  const step = compile(
    (w: Tensor, x: Tensor) => {
      const [loss, g] = valueAndGrad((p: Tensor) => linear(x, p).square().mean())(w);
      return { w: w.sub(g.mul(0.1)), loss };
    },
    { donate: [0] },
  );
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const r = await step(w, x);
    w = r.w as never;
    losses.push(Number(r.loss.data[0]));
  }
  return losses;
}
