import { describe, expect, it } from 'vitest';
import {
  interpolationDirection,
  lossCurve,
  lossRise,
  lossSurface,
  normalizeDirection,
  randomDirection,
} from '../../../src/diagnostics/index.js';
import { compile, constant, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { meanSquaredError } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, close } from '../../support/derivatives.js';

type Net = { w1: Tensor; b1: Tensor; w2: Tensor };
type Arrays = { w1: NDArray; b1: NDArray; w2: NDArray };

const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });
const scaled = (x: NDArray, by: number): NDArray => ({ ...x, data: (x.data as Float64Array).map((v) => v * by) });

const net: Arrays = {
  w1: f64([
    [1, 2],
    [-1, 1],
    [0.5, -0.5],
  ]),
  b1: f64([0.1, -0.2, 0.3]),
  w2: f64([[1, -1, 2]]),
};
const raw: Arrays = {
  w1: f64([
    [0.3, -0.4],
    [1, 0],
    [-0.6, 0.8],
  ]),
  b1: f64([7, 8, 9]),
  w2: f64([[0.2, 0.1, -0.2]]),
};

const program = compile((p: Net) => {
  const x = constant(
    [
      [1, 1],
      [-1, 2],
      [0.5, -1.5],
    ],
    'float64',
  );
  const hidden = x.matmul(p.w1.transpose()).add(p.b1).relu();
  return meanSquaredError(hidden.matmul(p.w2.transpose()).squeeze(-1), constant([1, 0, 2], 'float64'));
});
const loss = async (p: Arrays) => toNumbers(await program(p))[0];
const normalized = (options?: Parameters<typeof normalizeDirection>[2]) =>
  compile((d: Net, p: Net) => normalizeDirection(d, p, options));

describe('normalizeDirection', () => {
  it('has the values of the card', async () => {
    const of = async (norm: 'filter' | 'layer' | 'weight') => toNumbers((await normalized({ norm })(raw, net)).w1);
    const expected = {
      filter: [1.3416407865, -1.788854382, Math.SQRT2, 0, -0.4242640687, 0.5656854249],
      layer: [0.5477225575, -0.7302967433, 1.8257418584, 0, -1.095445115, 1.4605934867],
      weight: [0.3, -0.8, -1, 0, -0.3, -0.4],
    };
    for (const norm of ['filter', 'layer', 'weight'] as const)
      (await of(norm)).forEach((v, i) => close(v, expected[norm][i], 1e-9, `${norm}[${i}]`));
    const second = await normalized()(raw, net);
    allClose(second.w2, [1.6329931619, 0.8164965809, -1.6329931619], 1e-9, 'second layer');
  });

  it('gives units, or what came in; biases stay or are copied', async () => {
    const filters = toNumbers((await normalized({ norm: 'unitFilter' })(raw, net)).w1);
    for (const row of [0, 1, 2]) close(Math.hypot(filters[2 * row], filters[2 * row + 1]), 1, 1e-9, 'filter');
    const layer = toNumbers((await normalized({ norm: 'unitLayer' })(raw, net)).w1);
    close(Math.hypot(...layer), 1, 1e-9, 'layer');
    const asIs = await normalized({ norm: 'none', vectors: 'copy' })(raw, net);
    expect(toNumbers(asIs.w1)).toEqual(toNumbers(raw.w1));
    expect(toNumbers(asIs.b1)).toEqual(toNumbers(net.b1));
    expect(toNumbers((await normalized()(raw, net)).b1)).toEqual([0, 0, 0]);
  });

  it('moves a filter of zeros nowhere, and gives no NaN for a direction of zeros', async () => {
    const zero = { w1: scaled(net.w1, 0), b1: net.b1, w2: net.w2 };
    expect(toNumbers((await normalized()(raw, zero)).w1).map((v) => v + 0)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(toNumbers((await normalized()(zero, net)).w1).map((v) => v + 0)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('refuses options that are none and trees that differ', async () => {
    await expect(normalized({ norm: 'l2' as never })(raw, net)).rejects.toThrow(/norm l2 must be filter, layer/);
    await expect(normalized({ vectors: 'all' as never })(raw, net)).rejects.toThrow(/vectors all/);
    const other = compile((p: Net) => normalizeDirection({ w1: p.w1 } as Net, p));
    await expect(other(net)).rejects.toThrow(/normalizeDirection: direction: b1 is missing/);
  });
});

describe('randomDirection', () => {
  const variables = {
    conv: ndarray(new Float64Array(2 * 3 * 3 * 3).fill(0.5), { shape: [2, 3, 3, 3] }),
    norm: { weight: f64([1, 1]), running_mean: f64([3, 4]), num_batches_tracked: ndarray(BigInt64Array.of(5n)) },
  };
  type Variables = { conv: Tensor; norm: { weight: Tensor; running_mean: Tensor; num_batches_tracked: Tensor } };
  const draw = (options?: Parameters<typeof randomDirection>[2]) =>
    compile((p: Variables, k: Tensor) => randomDirection(p, k, options));

  it('has the norm of each filter, and leaves buffers and integers where they are', async () => {
    const d = await draw({ vectors: 'copy' })(variables, key(0));
    const values = toNumbers(d.conv);
    for (const filter of [0, 1])
      close(Math.hypot(...values.slice(27 * filter, 27 * filter + 27)), Math.sqrt(27) / 2, 1e-9, `filter ${filter}`);
    expect(toNumbers(d.norm.weight)).toEqual([1, 1]);
    expect(toNumbers(d.norm.running_mean)).toEqual([0, 0]);
    expect(toNumbers(d.norm.num_batches_tracked)).toEqual([0]);
    expect(d.norm.num_batches_tracked.dtype).toBe('int64');
  });

  it('depends on the key alone, each tensor on its own part', async () => {
    const direction = draw({ norm: 'none' });
    const [a, again, other] = [
      await direction(variables, key(1)),
      await direction(variables, key(1)),
      await direction(variables, key(2)),
    ];
    expect(toNumbers(a.conv)).toEqual(toNumbers(again.conv));
    expect(toNumbers(a.conv)).not.toEqual(toNumbers(other.conv));
    const twins = await compile((p: { a: Tensor; b: Tensor }, k: Tensor) => randomDirection(p, k))(
      { a: variables.conv, b: variables.conv },
      key(0),
    );
    expect(toNumbers(twins.a)).not.toEqual(toNumbers(twins.b));
  });
});

describe('lossCurve and lossSurface', () => {
  const line = { range: [-1, 1], points: 5 } as const;
  const expected = [70.81935045253202, 8.458675485055972, 2.58, 6.744309540831559, 11.822870594916958];

  it('has the values of the card', async () => {
    const direction = await normalized()(raw, net);
    const { positions, losses } = await lossCurve(loss, net, direction, line);
    expect(positions).toEqual([-1, -0.5, 0, 0.5, 1]);
    // The 1e-10 in the lengths is seen where the loss is 70.
    losses.forEach((value, i) => close(value, expected[i], 1e-8, `loss ${i}`));
  });

  it('has 51 positions from -1 to 1 by default', async () => {
    const { positions, losses } = await lossCurve(() => 1, net, raw);
    expect([positions.length, positions[0], positions[25], positions[50]]).toEqual([51, -1, 0, 1]);
    expect(losses).toEqual(Array(51).fill(1));
  });

  it('does not see a network scaled up in one layer and down in the next, unless directions are raw', async () => {
    const same: Arrays = { w1: scaled(net.w1, 10), b1: scaled(net.b1, 10), w2: scaled(net.w2, 0.1) };
    const direction = await normalized()(raw, same);
    const { losses } = await lossCurve(loss, same, direction, line);
    losses.forEach((value, i) => close(value, expected[i], 1e-8, `loss ${i}`));
    const unscaled = { ...raw, b1: scaled(raw.b1, 0) };
    const [before, after] = [await lossCurve(loss, net, unscaled, line), await lossCurve(loss, same, unscaled, line)];
    [7.0488, 3.4768166667, 2.58, 3.101775, 6.1282666667].forEach((v, i) => close(before.losses[i], v, 1e-9, 'before'));
    [34.8534, 7.6027166667, 2.58, 17.69395, 50.95126666667].forEach((v, i) => close(after.losses[i], v, 1e-9, 'after'));
  });

  it('has the curves as the middle lines of the surface', async () => {
    const [d, e] = [
      await normalized()(raw, net),
      await compile((p: Net, k: Tensor) => randomDirection(p, k))(net, key(4)),
    ];
    const { x, y, losses } = await lossSurface(loss, net, [d, e], line);
    expect([x, y]).toEqual([
      [-1, -0.5, 0, 0.5, 1],
      [-1, -0.5, 0, 0.5, 1],
    ]);
    expect(losses[2]).toEqual((await lossCurve(loss, net, d, line)).losses);
    expect(losses.map((row) => row[2])).toEqual((await lossCurve(loss, net, e, line)).losses);
    const corner = await lossCurve(
      loss,
      net,
      { w1: plus(d.w1, e.w1), b1: plus(d.b1, e.b1), w2: plus(d.w2, e.w2) },
      line,
    );
    close(losses[4][4], corner.losses[4], 1e-12, 'the corner');
  });

  it('goes from one network to the other, running statistics included', async () => {
    const [from, to] = [
      { weight: f64([1, 2]), running_mean: f64([3]), num_batches_tracked: ndarray(BigInt64Array.of(5n)) },
      { weight: f64([2, 0]), running_mean: f64([5]), num_batches_tracked: ndarray(BigInt64Array.of(9n)) },
    ];
    type State = { weight: Tensor; running_mean: Tensor; num_batches_tracked: Tensor };
    const direction = await compile((a: State, b: State) => interpolationDirection(a, b))(from, to);
    const seen: number[][] = [];
    await lossCurve(
      (at: typeof from) =>
        seen.push([...toNumbers(at.weight), ...toNumbers(at.running_mean), Number(at.num_batches_tracked.data[0])]),
      from,
      direction as typeof from,
      { range: [0, 1], points: 3 },
    );
    expect(seen).toEqual([
      [1, 2, 3, 5],
      [1.5, 1, 4, 5],
      [2, 0, 5, 5],
    ]);
    expect(toNumbers(from.weight)).toEqual([1, 2]);
  });

  it('averages the rise over directions and positions', async () => {
    const direction = await normalized()(raw, net);
    const rise = await lossRise(loss, net, [direction, direction], { positions: [-1, 1] });
    close(rise, (expected[0] + expected[4]) / 2 - expected[2], 1e-8, 'rise');
    const quadratic = (p: { w: NDArray }) => Number(p.w.data[0]) ** 2;
    close(await lossRise(quadratic, { w: f64([0]) }, [{ w: f64([1]) }]), (1 + 0.25 + 0.0625) / 3, 1e-15, 'default');
  });

  it('refuses what does not fit', async () => {
    await expect(lossCurve(loss, net, raw, { points: 1 })).rejects.toThrow(/points 1/);
    await expect(lossSurface(loss, net, [raw, raw], { range: [1, -1] })).rejects.toThrow(/range from 1 to -1/);
    await expect(lossCurve(loss, net, { ...raw, b1: f64([1]) })).rejects.toThrow(
      /direction b1 \[1\] must have the shape \[3\]/,
    );
    await expect(lossRise(loss, net, [])).rejects.toThrow(/0 directions/);
  });
});

function plus(a: NDArray, b: NDArray): NDArray {
  return { ...a, data: (a.data as Float64Array).map((v, i) => v + Number(b.data[i])) };
}
