import { describe, expect, it } from 'vitest';
import { compile, concat, constant, grad, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import {
  alignment,
  alignUniform,
  enqueue,
  infoNCE,
  ntXent,
  sigmoidPairLoss,
  supCon,
  uniformity,
  uniformityOptimum,
} from '../../../src/losses/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { agreesWithPyTorch } from '../../support/losses.js';

const f64 = (values: number[][]) => ndarray(values, { dtype: 'float64' });
const number = async (fn: (...x: Tensor[]) => Tensor, ...x: ReturnType<typeof f64>[]) =>
  toNumbers(await compile(fn)(...x))[0];
const five = f64([
  [1, 0.1],
  [0.9, 0.4],
  [0.1, 1],
  [-0.3, 1],
  [-1, -0.2],
]);
const six = f64([
  [1, 0.1],
  [0.9, 0.4],
  [0.5, 0.9],
  [0.1, 1],
  [-0.3, 1],
  [-1, -0.2],
]);
const labels5 = constant([0, 0, 1, 1, 2], 'int32');
const labels6 = constant([0, 0, 0, 1, 1, 1], 'int32');
const [x, y] = [random64([7, 4], { stream: 1 }), random64([7, 4], { stream: 2 })];

describe('infoNCE', () => {
  it('is the cross-entropy of finding the partner', async () => {
    const got = await compile((x: Tensor, y: Tensor) => {
      const [a, b] = [x.normalize(), y.normalize()];
      const scores = a.matmul(b.transpose()).div(0.3);
      const diagonal = (s: Tensor) => s.logSoftmax(1).diagonal().neg();
      return {
        one: infoNCE(x, y, { temperature: 0.3, reduction: 'none' }),
        oneExpected: diagonal(scores),
        both: infoNCE(x, y, { temperature: 0.3, symmetric: true }),
        bothExpected: diagonal(scores).mean().add(diagonal(scores.transpose()).mean()).mul(0.5),
        plain: infoNCE(x, y, { normalize: false, temperature: 1, reduction: 'sum' }),
        plainExpected: x.matmul(y.transpose()).logSoftmax(1).diagonal().sum().neg(),
      };
    })(x, y);
    allClose(got.one, toNumbers(got.oneExpected), 1e-12, 'one way');
    allClose(got.both, toNumbers(got.bothExpected), 1e-12, 'both ways');
    allClose(got.plain, toNumbers(got.plainExpected), 1e-12, 'as they are');
    await checkDerivatives((x, y) => infoNCE(x, y, { temperature: 0.5, symmetric: true }), [x, y]);
  });

  it('learns its temperature', async () => {
    const logTemperature = ndarray(-0.7, { dtype: 'float64' });
    const loss = (x: Tensor, y: Tensor, t: Tensor) => infoNCE(x, y, { temperature: t.exp(), chunk: 3 });
    const got = await compile((x: Tensor, y: Tensor, t: Tensor) => [
      loss(x, y, t),
      infoNCE(x, y, { temperature: Math.exp(-0.7) }),
    ])(x, y, logTemperature);
    allClose(got[0], toNumbers(got[1]), 1e-12, 'value');
    await checkDerivatives(loss, [x, y, logTemperature]);
    await checkDerivatives(
      (x, t) => supCon(x, constant([0, 1, 0, 1, 2, 2, 2], 'int32'), { temperature: t.exp() }),
      [x, logTemperature],
    );
    expect(() => infoNCE(constant([[1]]), constant([[1]]), { temperature: constant([1, 2]) })).toThrow(
      /temperature \[2\] must be a scalar/,
    );
  });

  it('finds the partner among a queue', async () => {
    const queue = random64([5, 4], { stream: 3 });
    const got = await compile((x: Tensor, y: Tensor, queue: Tensor) => {
      const [a, b, q] = [x, y, queue].map((t) => t.normalize());
      const logits = concat([a.mul(b).sum(1, { keepDims: true }), a.matmul(q.transpose())], 1).div(0.2);
      return {
        expected: logits.logSoftmax(1).at(0, 1).neg(),
        whole: infoNCE(x, y, { negatives: queue, temperature: 0.2, reduction: 'none' }),
        parts: infoNCE(x, y, { negatives: queue, temperature: 0.2, reduction: 'none', chunk: 2 }),
        next: enqueue(queue, y.slice([[0, 2]])),
      };
    })(x, y, queue);
    allClose(got.whole, toNumbers(got.expected), 1e-12, 'whole');
    allClose(got.parts, toNumbers(got.expected), 1e-12, 'in parts');
    expect(toNumbers(got.next)).toEqual([...toNumbers(y).slice(0, 8), ...toNumbers(queue).slice(0, 12)]);
    await checkDerivatives((x, y, q) => infoNCE(x, y, { negatives: q, temperature: 0.5 }), [x, y, queue]);
    const [one, wide] = [constant([[1]]), constant([[1, 2]])];
    expect(() => infoNCE(one, one, { negatives: wide })).toThrow(/negatives \[1, 2\] must be \[m, 1\]/);
    expect(() => infoNCE(one, one, { negatives: one, symmetric: true })).toThrow(/do not go together/);
    expect(() => enqueue(one, constant([[1], [2]]))).toThrow(/queue \[1, 1\] must be \[m, d\] and keys \[2, 1\]/);
  });

  it('NT-Xent is SupCon with a label an item, and the value of the card', async () => {
    const own = constant([0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6], 'int32');
    const got = await compile((x: Tensor, y: Tensor) => [
      ntXent(x, y, { reduction: 'none' }),
      supCon(concat([x, y]), own, { temperature: 0.5, reduction: 'none' }),
    ])(x, y);
    allClose(got[0], toNumbers(got[1]), 1e-12, 'losses');
    expect(
      await number(
        (x, y) => ntXent(x, y),
        f64([
          [1, 0],
          [0, 1],
        ]),
        f64([
          [0.8, 0.6],
          [-0.6, 0.8],
        ]),
      ),
    ).toBeCloseTo(0.43019027713671143, 12);
    await checkDerivatives((x, y) => ntXent(x, y), [x, y]);
  });
});

describe('supCon', () => {
  it('has the values of the card', async () => {
    const of = (z: typeof five, labels: Tensor, options: object) => number((t) => supCon(t, labels, options), z);
    const each = await compile((t: Tensor) => supCon(t, labels5, { temperature: 0.5, reduction: 'none' }))(five);
    allClose(
      each,
      [0.29643677425099807, 0.4804472125365366, 0.5568587907290216, 0.40554469794155285, 0],
      1e-12,
      'anchors',
    );
    expect(await of(five, labels5, { temperature: 0.5 })).toBeCloseTo(0.34785749509162184, 12);
    expect(await of(five, labels5, { temperature: 0.5, emptyAnchors: 'skip' })).toBeCloseTo(0.4348218688645273, 12);
    expect(await of(five, labels5, {})).toBeCloseTo(0.005244030734197591, 12);
    expect(await of(five, labels5, { temperature: 0.07, emptyAnchors: 'skip' })).toBeCloseTo(0.000938268374057374, 12);
    expect(await of(six, labels6, {})).toBeCloseTo(3.0914881383123842, 11);
    expect(await of(six, labels6, { form: 'in' })).toBeCloseTo(1.0668763936997436, 11);
    expect(await of(six, labels6, { temperature: 0.5 })).toBeCloseTo(1.3983190108133472, 12);
    expect(await of(six, labels6, { temperature: 0.5, form: 'in' })).toBeCloseTo(1.2150018890060394, 12);
    const gradient = await compile((t: Tensor) =>
      grad((z: Tensor) => supCon(z, labels6, { temperature: 0.5, normalize: false }))(t.normalize()),
    )(six);
    allClose(
      gradient,
      [
        -0.1265636712, -0.0720034515, -0.1052993367, 0.0363920563, -0.3882659321, 0.3107315037, 0.5349650672,
        0.2489509427, 0.2944187964, 0.1477362109, 0.0794888022, -0.3152460879,
      ],
      1e-9,
      'gradient',
    );
  });

  it('is least at a simplex, and 0 without positives', async () => {
    const corners = [0, 1, 2].map((c) => [Math.cos((2 * Math.PI * c) / 3), Math.sin((2 * Math.PI * c) / 3)]);
    const rows = f64(Array.from({ length: 12 }, (_, i) => corners[i % 3]));
    const labels = constant(
      Array.from({ length: 12 }, (_, i) => i % 3),
      'int32',
    );
    expect(await number((t) => supCon(t, labels, { temperature: 0.5 }), rows)).toBeCloseTo(1.2232742904668346, 12);
    const alone = constant([0, 1, 2, 3, 4], 'int32');
    for (const emptyAnchors of ['zero', 'skip'] as const) {
      const got = await compile((t: Tensor) => [
        supCon(t, alone, { emptyAnchors }),
        grad((z: Tensor) => supCon(z, alone, { emptyAnchors }))(t),
      ])(five);
      expect(toNumbers(got[0])).toEqual([0]);
      expect(toNumbers(got[1]).map(Math.abs)).toEqual(new Array(10).fill(0));
    }
    for (const form of ['out', 'in'] as const)
      await checkDerivatives((t) => supCon(t, labels6, { form, temperature: 0.5 }), [six]);
  });

  it('refuses what does not fit', () => {
    const z = constant([[1, 2]]);
    expect(() => supCon(z, labels5)).toThrow(
      /supCon: embeddings \[1, 2\] and labels int32\[5\] must be \[n, d\] and integers \[n\]/,
    );
    expect(() => supCon(z, constant([0], 'int32'), { temperature: 0 })).toThrow(/temperature 0 must be positive/);
    const y = constant([0], 'int32');
    expect(() => supCon(z, y, { baseTemperature: 0 })).toThrow(/supCon: baseTemperature 0 must be a number above 0/);
    expect(() => supCon(z, y, { anchors: 2 })).toThrow(
      /supCon: anchors 2 must be an integer from 0 to the rows of embeddings \[1, 2\]/,
    );
    expect(() => supCon(z, y, { form: 'mean' as 'in' })).toThrow(/form mean must be 'out' or 'in'/);
    expect(() => infoNCE(z, constant([[1, 2, 3]]))).toThrow(/x \[1, 2\] and y \[1, 3\]/);
    expect(() => infoNCE(z, z, { chunk: 0.5 })).toThrow(/chunk 0.5 must be a positive integer/);
  });
});

describe('sigmoidPairLoss', () => {
  const images = f64([
    [1, 0.2],
    [0.1, 1],
    [-0.7, 0.4],
  ]);
  const texts = f64([
    [0.9, 0.1],
    [0.3, 1],
    [-1, 0.2],
  ]);

  it('has the values and gradients of the card', async () => {
    expect(await number((x, y) => sigmoidPairLoss(x, y), images, texts)).toBeCloseTo(0.829771088534299, 12);
    expect(await number((x, y) => sigmoidPairLoss(x, y, { logScale: 0, bias: 0 }), images, texts)).toBeCloseTo(
      1.658893316590386,
      12,
    );
    const got = await compile((x: Tensor, y: Tensor, t: Tensor, b: Tensor) => {
      const [u, v] = [x.normalize(), y.normalize()];
      return {
        dx: grad((u: Tensor) => sigmoidPairLoss(u, v, { normalize: false }))(u),
        dt: grad((t: Tensor) => sigmoidPairLoss(x, y, { logScale: t, bias: b }))(t),
        db: grad((b: Tensor) => sigmoidPairLoss(x, y, { logScale: t, bias: b }))(b),
      };
    })(images, texts, ndarray(Math.log(10), { dtype: 'float64' }), ndarray(-10, { dtype: 'float64' }));
    allClose(
      got.dx,
      [-1.6828670102, -0.1717149546, -0.521875773, -1.7421032351, 2.0450850289, -0.4075492199],
      1e-9,
      'rows',
    );
    allClose(got.dt, [-5.447081120218543], 1e-11, 'log scale');
    allClose(got.db, [-0.5582625593], 1e-9, 'bias');
    const transposed = await number((x, y) => sigmoidPairLoss(y, x), images, texts);
    expect(transposed).toBeCloseTo(0.829771088534299, 12);
  });

  it('at cosines of 0 is a sum of softplus, and pairs may be given', async () => {
    const zeros = f64([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    const ones = f64([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(await number((x, y) => sigmoidPairLoss(x, y), zeros, ones)).toBeCloseTo(10.000136196697651, 10);
    expect(await number((x, y) => sigmoidPairLoss(x, y, { bias: 0 }), zeros, ones)).toBeCloseTo(2.0794415416798357, 12);
    const all = constant(new Array(3).fill([true, true, true]));
    expect(await number((x, y) => sigmoidPairLoss(x, y, { bias: 0, pairs: all }), zeros, ones)).toBeCloseTo(
      2.0794415416798357,
      12,
    );
    expect(await number((x, y) => sigmoidPairLoss(x, y, { pairs: all }), zeros, ones)).toBeCloseTo(30.000136, 4);
    await checkDerivatives((x, y) => sigmoidPairLoss(x, y, { bias: -1 }), [x, y]);
    expect(() => sigmoidPairLoss(constant([[1]]), constant([[1]]), { pairs: all, chunk: 1 })).toThrow(
      /do not go together/,
    );
  });
});

describe('alignment and uniformity', () => {
  const [a, b] = [
    f64([
      [1, 0],
      [0, 1],
      [-1, 0],
    ]),
    f64([
      [0.6, 0.8],
      [0, 1],
      [-0.8, 0.6],
    ]),
  ];

  it('have the values and gradients of the card', async () => {
    expect(await number((x, y) => alignment(x, y), a, b)).toBeCloseTo(0.4, 12);
    expect(await number((x, y) => alignment(x, y, { exponent: 1 }), a, b)).toBeCloseTo(0.508960907677864, 12);
    expect(await number((x) => uniformity(x), a)).toBeCloseTo(-4.396348967229015, 12);
    expect(await number((x) => uniformity(x), b)).toBeCloseTo(-1.499774983941234, 12);
    expect(await number((x) => uniformity(x, { t: 1 }), a)).toBeCloseTo(-2.3399886129885967, 12);
    const gradient = await compile((x: Tensor) => grad((z: Tensor) => uniformity(z))(x))(a);
    allClose(gradient, [-2.0544482891, 1.9818505703, 0, -3.9637011406, 2.0544482891, 1.9818505703], 1e-9, 'gradient');
    const both = await number((x, y) => alignUniform(x, y, { alignWeight: 3 }), a, b);
    expect(both).toBeCloseTo(1.2 + (-4.396348967229015 - 1.499774983941234) / 2, 11);
    // Weights of 1 and lengths of 1 unless told otherwise; uniformity has a weight too.
    const plain = await number((x, y) => alignUniform(x.mul(2), y.mul(3)), a, b);
    expect(plain).toBeCloseTo(0.4 + (-4.396348967229015 - 1.499774983941234) / 2, 11);
    const aligned = await number((x, y) => alignUniform(x, y, { uniformWeight: 0 }), a, b);
    expect(aligned).toBeCloseTo(0.4, 12);
    expect(
      await number(
        (x) => uniformity(x),
        f64([
          [1, 0],
          [1, 0],
        ]),
      ),
    ).toBeCloseTo(0, 12);
    expect(
      await number(
        (x) => uniformity(x),
        f64([
          [1, 0],
          [-1, 0],
        ]),
      ),
    ).toBeCloseTo(-8, 12);
  });

  it('are differentiable, also where a pair is one point', async () => {
    await checkDerivatives((x, y) => alignUniform(x, y, { exponent: 1.5 }), [x, y]);
    const got = await compile((x: Tensor) => grad((z: Tensor) => alignment(z, x, { exponent: 1 }))(x))(a);
    expect(toNumbers(got)).toEqual(new Array(6).fill(0));
  });

  it.each([
    [2, -1.5750272044845408],
    [3, -2.079777060587913],
    [8, -3.082527233478035],
    [32, -3.751805019856598],
    [128, -3.9375300102038575],
  ])('the optimum in %i dimensions', (dimension, value) => {
    expect(uniformityOptimum(dimension)).toBeCloseTo(value, 12);
  });

  it('the optimum where exponentials are beyond all numbers, and what has none', () => {
    // In three dimensions log(e^(-2t) sinh(2t) / (2t)), which is -log(4t) for large t.
    expect(uniformityOptimum(3, 1000)).toBeCloseTo(-Math.log(4000), 9);
    expect(uniformityOptimum(3, 0.5)).toBeCloseTo(Math.log(Math.sinh(1)) - 1, 12);
    expect(() => uniformityOptimum(3, -1)).toThrow(/uniformityOptimum: t -1 must be a number above 0 and at most/);
    expect(() => uniformityOptimum(1)).toThrow(/dimension 1 must be an integer of at least 2/);
  });
});

describe('against PyTorch', () => agreesWithPyTorch('contrastive', { supCon, ntXent, infoNCE }));

describe('in chunks', () => {
  const labels = constant([0, 1, 0, 2, 1, 0, 2], 'int32');
  const losses: Record<string, (x: Tensor, y: Tensor, chunk?: number) => Tensor> = {
    infoNCE: (x, y, chunk) => infoNCE(x, y, { chunk, symmetric: true }),
    ntXent: (x, y, chunk) => ntXent(x, y, { chunk }),
    supCon: (x, y, chunk) => supCon(x.add(y), labels, { chunk }),
    'supCon, some anchors': (x, y, chunk) => supCon(x.add(y), labels, { anchors: 5, chunk }),
    'supCon, inside': (x, y, chunk) => supCon(x.add(y), labels, { form: 'in', emptyAnchors: 'skip', chunk }),
    sigmoidPairLoss: (x, y, chunk) => sigmoidPairLoss(x, y, { chunk }),
    uniformity: (x, y, chunk) => uniformity(x.add(y).normalize(), { chunk }),
  };

  it.each(Object.entries(losses))('%s has the value and gradient of the whole, whatever the chunk', async (_, loss) => {
    const run = (chunk?: number) =>
      compile((p: Tensor[]) => [loss(p[0], p[1], chunk), grad((q: Tensor[]) => loss(q[0], q[1], chunk))(p)] as const)([
        x,
        y,
      ]);
    const [value, gradient] = await run();
    for (const chunk of [1, 2, 3, 7, 20]) {
      const [v, g] = await run(chunk);
      allClose(v, toNumbers(value), 1e-12, `chunk ${chunk}: value`);
      for (const k of [0, 1]) allClose(g[k], toNumbers(gradient[k]), 1e-11, `chunk ${chunk}: gradient ${k}`);
    }
    await checkDerivatives((x, y) => loss(x, y, 3), [x, y]);
  });

  it('of all rows or of the first as anchors are the parts of one mean', async () => {
    const got = await compile((x: Tensor) => [
      supCon(x, labels, { reduction: 'none' }),
      supCon(x, labels, { reduction: 'none', anchors: 4 }),
      supCon(x, labels, { anchors: 0 }),
    ])(x);
    allClose(got[1], toNumbers(got[0]).slice(0, 4), 1e-15, 'first four');
    expect(toNumbers(got[2])).toEqual([0]);
  });

  it('does not care for the order of the batch', async () => {
    const order = constant([3, 0, 6, 2, 1, 5, 4], 'int32');
    const got = await compile((x: Tensor, y: Tensor) => [
      infoNCE(x, y),
      infoNCE(x.gather(order), y.gather(order)),
      supCon(x, labels),
      supCon(x.gather(order), labels.gather(order)),
    ])(x, y);
    const values = got.map((v) => toNumbers(v)[0]);
    expect(values[0]).toBeCloseTo(values[1], 12);
    expect(values[2]).toBeCloseTo(values[3], 12);
  });
});
