import { compile } from '../../runtime/index.js';
import { type NDArray, ndarray, type Tensor, toNumbers } from '../../tensor/index.js';

/** A number for each step, such as a learning rate: from the step's number, counted from 0, any shape of int32, to float32. */
export type Schedule = (step: Tensor) => Tensor;

/** The values of a schedule at steps 0 .. count - 1, for logs and pictures. */
export async function scheduleValues(schedule: Schedule, count: number): Promise<number[]> {
  const run = compile((steps: Tensor) => schedule(steps), { name: 'schedule' });
  const values = await run(ndarray(Int32Array.from({ length: count }, (_, i) => i)) as NDArray);
  await run.release();
  return toNumbers(values);
}

/** The step as float32, limited to [0, last]: schedules stay at their end. */
export function progress(step: Tensor, last: number): Tensor {
  return step.cast('float32').clip(0, last);
}

/** From `start` to `end` as `fraction` goes from 0 to 1: half a cosine, or a straight line. */
export function anneal(start: number, end: number, fraction: Tensor, shape: 'cosine' | 'linear'): Tensor {
  const weight = shape === 'linear' ? fraction : fraction.mul(Math.PI).cos().neg().add(1).mul(0.5);
  return weight.mul(end - start).add(start);
}

/** @throws RangeError unless `count` is a positive integer. */
export function requireSteps(who: string, name: string, count: number): void {
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`${who}: ${name} ${count} must be a positive integer`);
}
