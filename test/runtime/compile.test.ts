import ort from 'onnxruntime-node';
import { describe, expect, it, vi } from 'vitest';
import {
  compile,
  constant,
  conv,
  grad,
  hostOp,
  item,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
  valueAndGrad,
  zeros,
} from '../../src/index.js';
import { numbers } from '../support/derivatives.js';
import { collectGarbage } from '../support/garbage.js';

const random = (stream: number, shape: number[]) =>
  ndarray(
    Float32Array.from(
      numbers(
        stream,
        shape.reduce((a, b) => a * b, 1),
      ),
    ),
    { shape },
  );

describe('compile', () => {
  it('traces once a signature and says what it did', async () => {
    let traces = 0;
    const f = compile(function double(x: Tensor) {
      traces++;
      return x.mul(2);
    });
    for (let i = 0; i < 3; i++) await f(ndarray([1, 2]));
    expect(traces).toBe(1);
    await f(ndarray([[1, 2]]));
    await f(ndarray([1, 2], { dtype: 'float64' }));
    expect(traces).toBe(3);
    expect(f.stats().map(({ signature, nodes, sessions, runs }) => ({ signature, nodes, sessions, runs }))).toEqual([
      { signature: '0: float32[2]', nodes: 1, sessions: 1, runs: 3 },
      { signature: '0: float32[1, 2]', nodes: 1, sessions: 1, runs: 1 },
      { signature: '0: float64[2]', nodes: 1, sessions: 1, runs: 1 },
    ]);
    for (const row of f.stats())
      expect(Math.min(row.traceMilliseconds, row.sessionMilliseconds)).toBeGreaterThanOrEqual(0);
  });

  it('takes and returns trees, numbers as scalars, and ONNX Runtime tensors', async () => {
    let traces = 0;
    const f = compile((state: { w: Tensor; list: Tensor[] }, scale: Tensor) => {
      traces++;
      return {
        out: [state.w.mul(scale), { deep: state.list[1] }],
        untouched: state.list[0],
        fixed: constant([9]),
        label: 'text',
        count: 3,
      };
    });
    const w = new ort.Tensor('float32', Float32Array.of(1, 2), [2]);
    const first = await f({ w, list: [ndarray([5]), ndarray([[6]])] }, 3);
    expect(toNumbers(first.out[0] as NDArray)).toEqual([3, 6]);
    expect(toNumbers((first.out[1] as { deep: NDArray }).deep)).toEqual([6]);
    expect(toNumbers(first.untouched)).toEqual([5]);
    expect(toNumbers(first.fixed)).toEqual([9]);
    expect([first.label, first.count]).toEqual(['text', 3]);
    const second = await f({ list: [ndarray([5]), ndarray([[6]])], w: ndarray([1, 2]) }, 4);
    expect(toNumbers(second.out[0] as NDArray)).toEqual([4, 8]);
    // Neither another number nor another order of keys is another signature.
    expect(traces).toBe(1);
  });

  it('takes strings, booleans and nulls as static', async () => {
    const f = compile((x: Tensor, options: { mode: string; flip: boolean; none: null }) =>
      options.flip ? x.neg() : options.mode === 'double' ? x.mul(2) : x,
    );
    const x = ndarray([1]);
    expect(toNumbers(await f(x, { mode: 'double', flip: false, none: null }))).toEqual([2]);
    expect(toNumbers(await f(x, { mode: 'plain', flip: true, none: null }))).toEqual([-1]);
    expect(f.stats()).toHaveLength(2);
  });

  it('handles every dtype and empty arrays', async () => {
    const f = compile((a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor) => [
      a.add(1),
      b.not(),
      c.maximum(7),
      d.mul(2),
      e.concat(e),
    ]);
    const got = await f(
      ndarray(BigInt64Array.of(2n ** 40n)),
      ndarray([true, false]),
      ndarray(Uint8Array.of(3, 200)),
      ndarray(Int32Array.of(-4)),
      ndarray(new Float32Array(0)),
    );
    expect(got.map((a) => [a.dtype, toNumbers(a)])).toEqual([
      ['int64', [2 ** 40 + 1]],
      ['bool', [0, 1]],
      ['uint8', [7, 200]],
      ['int32', [-8]],
      ['float32', []],
    ]);
  });

  it('runs concurrent calls without mixing them up', async () => {
    const f = compile((x: Tensor, y: Tensor) => x.matmul(y).sum());
    const results = await Promise.all(Array.from({ length: 8 }, (_, i) => f(ndarray([[i, 1]]), ndarray([[2], [i]]))));
    expect(results.map((r) => item(r))).toEqual(Array.from({ length: 8 }, (_, i) => 3 * i));
    expect(f.stats()).toHaveLength(1);
  });

  it('gives the same bits for the same input', async () => {
    const f = compile((w: Tensor, x: Tensor) =>
      valueAndGrad((p: Tensor) => conv(x, p, undefined, { padding: 1 }).relu().logSoftmax(1).square().mean())(w),
    );
    const [w, x] = [random(1, [16, 8, 3, 3]), random(2, [16, 8, 14, 14])];
    const bits = async () => (await f(w, x)).map((a) => Buffer.from((a as NDArray).data.buffer).toString('base64'));
    const first = await bits();
    for (let i = 0; i < 5; i++) expect(await bits()).toEqual(first);
  });

  it('writes its program as a model', async () => {
    const f = compile((p: { w: Tensor }, x: Tensor) => ({ y: x.matmul(p.w) }), { argumentNames: ['params', 'x'] });
    const session = await ort.InferenceSession.create(f.toOnnx({ w: ndarray([[1], [2]]) }, ndarray([[3, 4]])));
    expect([session.inputNames, session.outputNames]).toEqual([['params.w', 'x'], ['y']]);
    const { y } = await session.run({
      'params.w': new ort.Tensor('float32', [1, 2], [2, 1]),
      x: new ort.Tensor('float32', [3, 4], [1, 2]),
    });
    expect([...(y.data as Float32Array)]).toEqual([11]);
  });

  it('gives a model in which results may be called what arguments are called', async () => {
    const f = compile((x: Tensor, y: Tensor) => [x.add(y), x.sub(y)]);
    const session = await ort.InferenceSession.create(f.toOnnx(ndarray([1, 2]), ndarray([3, 5])));
    expect([session.inputNames, session.outputNames]).toEqual([
      ['0', '1'],
      ['0_out', '1_out'],
    ]);
    await session.release();
  });

  it('can be released', async () => {
    const f = compile((x: Tensor) => x.exp());
    await f(ndarray([0]));
    await f.release();
    expect(f.stats()).toEqual([]);
    expect(toNumbers(await f(ndarray([0])))).toEqual([1]);
  });
});

describe('errors name the leaf and the shapes', () => {
  const named = { name: 'step', argumentNames: ['params', 'x'] };
  const make = () =>
    compile((params: { w: Tensor; b?: Tensor }, x: Tensor) => x.matmul(params.w).add(params.b ?? 0), named);
  const params = { w: ndarray([[1], [2]]), b: ndarray([1]) };
  const x = ndarray([[3, 4]]);

  it('missing, unexpected and misplaced leaves', async () => {
    const f = make();
    await f(params, x);
    await expect(f({ w: params.w }, x)).rejects.toThrow(
      'compile(step): params.b is missing; the first call had float32[1] there',
    );
    await expect(f({ ...params, c: x } as never, x)).rejects.toThrow(
      'compile(step): params.c is not expected; the first call had no such leaf',
    );
    await expect((f as unknown as (p: unknown) => Promise<unknown>)(params)).rejects.toThrow('x is missing');
  });

  it('shapes and dtypes', async () => {
    const f = make();
    await f(params, x);
    await expect(f(params, ndarray([[1, 2, 3]]))).rejects.toThrow(
      /compile\(step\): matmul: x \[1, 3\] and y \[2, 1\] differ in the inner dimension \(x: float32\[1, 3\], earlier float32\[1, 2\]\)/,
    );
    await expect(f({ ...params, b: ndarray([1], { dtype: 'float64' }) }, x)).rejects.toThrow(
      /Add: dtypes float32 and float64 differ.*params.b: float64\[1\], earlier float32\[1\]/,
    );
    // The next good call still works.
    expect(toNumbers(await f(params, x))).toEqual([12]);
  });

  it('what is no array', async () => {
    const f = make();
    await expect(f(params, undefined as never)).rejects.toThrow();
    await expect(f(params, (() => 1) as never)).rejects.toThrow(
      'compile(step): x is a function, not an array { data, shape, dtype } or a number',
    );
    await expect(f(params, new Map() as never)).rejects.toThrow('x is a Map');
    await expect(f(params, zeros([1]) as never)).rejects.toThrow('x is a symbolic tensor');
    await expect(f(params, { data: Float32Array.of(1), shape: [2], dtype: 'float32' })).rejects.toThrow(
      'compile(step): x has shape [2] but 1 elements',
    );
  });

  it('async functions', async () => {
    await expect(compile(async (t: Tensor) => t)(x)).rejects.toThrow(/the function is async/);
  });
});

describe('donation', () => {
  it('lets two sets of buffers take turns', async () => {
    const step = compile((state: { a: Tensor; b: Tensor }) => ({ a: state.a.add(1), b: state.b.mul(2) }), {
      donate: [0],
    });
    let state: { a: NDArray; b: NDArray } = { a: ndarray([0, 0]), b: ndarray([1, 1]) };
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 10; i++) {
      state = await step(state);
      buffers.add(state.a.data.buffer).add(state.b.data.buffer);
    }
    expect(toNumbers(state.a)).toEqual([10, 10]);
    expect(toNumbers(state.b)).toEqual([1024, 1024]);
    expect(buffers.size).toBe(4);
  });

  it('refuses what was given up, and leaves other arrays alone', async () => {
    const step = compile((state: Tensor, x: Tensor) => ({ state: state.add(x), x: x.mul(2) }), {
      donate: [0],
      argumentNames: ['state', 'x'],
    });
    const [state, x] = [ndarray([1]), ndarray([5])];
    const first = await step(state, x);
    const kept = toNumbers(first.x);
    await expect(step(state, x)).rejects.toThrow(
      'state was donated to an earlier call; pass the array that call returned',
    );
    let next = first.state;
    for (let i = 0; i < 4; i++) next = (await step(next, x)).state;
    expect(toNumbers(first.x)).toEqual(kept);
    expect(toNumbers(x)).toEqual([5]);
    expect(toNumbers(next)).toEqual([26]);
  });

  it('passes state through that did not change', async () => {
    const step = compile((state: { fixed: Tensor; moving: Tensor }) => ({ ...state, moving: state.moving.add(1) }), {
      donate: [0],
    });
    let state: { fixed: NDArray; moving: NDArray } = { fixed: ndarray([7]), moving: ndarray([0]) };
    for (let i = 0; i < 5; i++) state = await step(state);
    expect([toNumbers(state.fixed), toNumbers(state.moving)]).toEqual([[7], [5]]);
  });

  it('keeps apart what begins as one array, or as two views of one buffer', async () => {
    const step = compile((state: { a: Tensor; b: Tensor }) => ({ a: state.a.add(1), b: state.b.sub(1) }), {
      donate: [0],
    });
    const shared = ndarray([0, 0]);
    let state: { a: NDArray; b: NDArray } = { a: shared, b: shared };
    for (let i = 0; i < 5; i++) state = await step(state);
    expect([toNumbers(state.a), toNumbers(state.b)]).toEqual([
      [5, 5],
      [-5, -5],
    ]);
    const buffer = new Float32Array(4);
    state = { a: ndarray(buffer.subarray(0, 2)), b: ndarray(buffer.subarray(2)) };
    for (let i = 0; i < 5; i++) state = await step(state);
    expect([toNumbers(state.a), toNumbers(state.b)]).toEqual([
      [5, 5],
      [-5, -5],
    ]);
  });

  it('writes into the memory of what was recycled, which is empty from then on', async () => {
    const run = compile((x: Tensor) => ({ twice: x.mul(2), parts: [x.add(1), x.sum()], same: x }));
    const x = random(1, [2 ** 18]);
    const first = await run(x);
    const [kept, expected] = [toNumbers(first.parts[0]), toNumbers(first.twice)];
    // The argument that came back is the caller's and stays, and so does what is given twice.
    run.recycle(first.twice, { again: first.twice, same: first.same });
    run.recycle(first.twice);
    expect(first.twice.data.length).toBe(0);
    const made = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const second = await run(x);
    // Of the two large results one has the memory that came back.
    expect(made.mock.calls.filter(([bytes]) => bytes === 2 ** 20).length).toBe(1);
    const third = await run(x);
    expect(made.mock.calls.filter(([bytes]) => bytes === 2 ** 20).length).toBe(3);
    made.mockRestore();
    expect([second, third].map(({ twice }) => toNumbers(twice))).toEqual([expected, expected]);
    expect([toNumbers(x), toNumbers(first.parts[0])]).toEqual([toNumbers(first.same), kept]);
    await expect(run(first.twice)).rejects.toThrow('0 has shape [262144] but 0 elements; was it recycled?');
  });

  it('does not take back what was donated, nor what a later call has been given since', async () => {
    const step = compile((x: Tensor) => x.add(1), { donate: [0] });
    const first = await step(ndarray([0]));
    const memory = first.data;
    const second = await step(first);
    // Free already, and not to be so twice.
    step.recycle(first);
    const third = await step(second);
    expect(third.data).toBe(memory);
    // Now it is the third's.
    step.recycle(first);
    await step(ndarray([7]));
    expect(toNumbers(third)).toEqual([3]);
  });

  it('holds memory still over 10,000 steps', async () => {
    const loss = (w: Tensor, x: Tensor) => x.matmul(w).tanh().square().mean();
    const step = compile(
      (w: Tensor, x: Tensor) => {
        const [value, g] = valueAndGrad(loss)(w, x);
        return { w: w.sub(g.mul(0.01)), value };
      },
      { donate: [0] },
    );
    let w: NDArray = random(1, [64, 64]);
    const x = random(2, [32, 64]);
    // What the process holds at least in 2,000 steps, rubbish collected: the collector's own reserves come and go.
    const held = async () => {
      const rss: number[] = [];
      for (let i = 1; i <= 2000; i++) {
        w = (await step(w, x)).w;
        if (i % 400 === 0) {
          collectGarbage();
          rss.push(process.memoryUsage().rss);
        }
      }
      return Math.min(...rss);
    };
    await held();
    const before = await held();
    await held();
    await held();
    const after = await held();
    // 6,000 steps that kept one result each would hold 98 MB.
    expect(after - before).toBeLessThan(20e6);
  }, 60_000);
});

describe('host operators', () => {
  /** x^3 on the host, with its derivative. */
  const cube = hostOp({
    name: 'Cube',
    infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    run: ([x]) => [{ ...x, data: (x.data as Float64Array).map((v) => v ** 3) }],
    vjp: ([ct], { inputs: [x] }) => [ct.mul(x.square()).mul(3)],
  });
  const x = ndarray([1, 2], { dtype: 'float64' });

  it.each<[string, (t: Tensor) => Tensor, number[], number]>([
    ['alone', (t) => cube([t], {})[0], [1, 8], 0],
    ['before the graph', (t) => cube([t], {})[0].add(1), [2, 9], 1],
    ['after it', (t) => cube([t.add(1)], {})[0], [8, 27], 1],
    ['between', (t) => cube([t.add(1)], {})[0].neg(), [-8, -27], 2],
    ['twice, and both used', (t) => cube([cube([t.add(1)], {})[0].sub(7)], {})[0].add(t), [2, 8002], 3],
  ])('%s', async (_, fn, expected, sessions) => {
    const f = compile(fn);
    expect(toNumbers(await f(x))).toEqual(expected);
    expect(f.stats()[0].sessions).toBe(sessions);
  });

  it('has derivatives of any order', async () => {
    const f = compile((t: Tensor) => {
      const first = grad((p: Tensor) => cube([p.mul(2)], {})[0].sum());
      return [first(t), grad((p: Tensor) => first(p).sum())(t)];
    });
    expect((await f(x)).map(toNumbers)).toEqual([
      [24, 96],
      [48, 96],
    ]);
  });

  it('cannot be written into a model', () => {
    expect(() => compile((t: Tensor) => cube([t], {})[0]).toOnnx(x)).toThrow(/Cube is no ONNX operator/);
  });
});
