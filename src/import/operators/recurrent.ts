import { scan } from '../../numerics/scan.js';
import { arange, stack, type Tensor, zeros } from '../../tensor/index.js';
import { type OnnxOperator, type OperatorCall, type Results, results } from '../operator.js';

type Activation = (x: Tensor) => Tensor;

/** A function that a recurrent node may name, and how many of its parameters, alpha and beta, it takes. */
interface Named {
  readonly parameters: 0 | 1 | 2;
  make(alpha?: number, beta?: number): Activation;
}

const named: Readonly<Record<string, Named>> = {
  relu: { parameters: 0, make: () => (x) => x.relu() },
  tanh: { parameters: 0, make: () => (x) => x.tanh() },
  sigmoid: { parameters: 0, make: () => (x) => x.sigmoid() },
  affine: {
    parameters: 2,
    make:
      (alpha = 1, beta = 0) =>
      (x) =>
        x.mul(alpha).add(beta),
  },
  leakyrelu: {
    parameters: 1,
    make:
      (alpha = 0.01) =>
      (x) =>
        x.less(0).where(x.mul(alpha), x),
  },
  thresholdedrelu: {
    parameters: 1,
    make:
      (alpha = 1) =>
      (x) =>
        x.greater(alpha).where(x, 0),
  },
  scaledtanh: {
    parameters: 2,
    make:
      (alpha = 1, beta = 1) =>
      (x) =>
        x.mul(beta).tanh().mul(alpha),
  },
  hardsigmoid: {
    parameters: 2,
    make:
      (alpha = 0.2, beta = 0.5) =>
      (x) =>
        x.mul(alpha).add(beta).clip(0, 1),
  },
  elu: {
    parameters: 1,
    make:
      (alpha = 1) =>
      (x) =>
        x.elu(alpha),
  },
  softsign: { parameters: 0, make: () => (x) => x.softsign() },
  softplus: { parameters: 0, make: () => (x) => x.softplus() },
};

/** What one direction of a recurrent node works with. */
interface Pass {
  readonly units: number;
  /** Recurrent weights [gates * units, units], and their part of the bias [gates * units]. */
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly peepholes: Tensor | undefined;
  readonly functions: readonly Activation[];
  readonly limit: (x: Tensor) => Tensor;
}

interface Cell {
  readonly gates: number;
  readonly states: number;
  /** Names of the default functions. */
  readonly functions: readonly string[];
  /** Whether the recurrent bias is added with the recurrent product, not with the input's. */
  readonly ownBias?: (call: OperatorCall) => boolean;
  step(input: Tensor, state: readonly Tensor[], pass: Pass, call: OperatorCall): readonly Tensor[];
}

/** The functions of each direction. Parameters are given in the order of those that take one, defaults to those that are left. */
function functionsOf(call: OperatorCall, cell: Cell, directions: number): Activation[][] {
  const names = call.strings('activations');
  const alphas = [...(call.floats('activation_alpha') ?? [])];
  const betas = [...(call.floats('activation_beta') ?? [])];
  return Array.from({ length: directions }, (_, d) =>
    cell.functions.map((missing, i) => {
      const name = names?.[d * cell.functions.length + i] ?? missing;
      const entry = named[name.toLowerCase()];
      if (!entry) throw new RangeError(`the activation ${name} is not supported`);
      const { parameters, make } = entry;
      return make(parameters > 0 ? alphas.shift() : undefined, parameters > 1 ? betas.shift() : undefined);
    }),
  );
}

/** Both directions of a recurrent node: inputs X, W, R, B, sequence lengths, initial states, peepholes. */
function recurrent(call: OperatorCall, cell: Cell): Results {
  const batchFirst = call.integer('layout', 0) === 1;
  const x = batchFirst ? call.tensor(0).swapAxes(0, 1) : call.tensor(0);
  const [steps, n] = x.shape;
  const [weights, recurrents, biases] = [call.tensor(1), call.tensor(2), call.optional(3)];
  const units = recurrents.shape[2];
  const direction = call.string('direction', 'forward');
  const reversed = direction === 'bidirectional' ? [false, true] : [direction === 'reverse'];
  if (weights.shape[0] !== reversed.length) throw new RangeError(`${weights} does not fit the direction ${direction}`);
  const bound = call.has('clip') ? call.float('clip', 0) : undefined;
  const limit = (t: Tensor) => (bound === undefined ? t : t.clip(-bound, bound));
  const lengths = call.optional(4);
  // [steps, n, 1]: whether a step belongs to an example's sequence.
  const inside = lengths && arange(steps).expandDims([1, 2]).less(lengths.cast('int32').expandDims(1));
  const functions = functionsOf(call, cell, reversed.length);
  const outputs: Tensor[] = [];
  const last: Tensor[][] = [];
  reversed.forEach((reverse, d) => {
    const both = biases?.at(d).split(2);
    const separate = cell.ownBias?.(call) ?? false;
    const pass: Pass = {
      units,
      weight: recurrents.at(d),
      bias: separate ? both?.[1] : undefined,
      peepholes: cell.states === 2 ? call.optional(7)?.at(d) : undefined,
      functions: functions[d],
      limit,
    };
    // The inputs' share of all steps is one product.
    const product = x.matmul(weights.at(d).transpose());
    const shares = both ? product.add(separate ? both[0] : both[0].add(both[1])) : product;
    const start = Array.from({ length: cell.states }, (_, s) => {
      const given = call.optional(5 + s);
      if (!given) return zeros([n, units], x.dtype);
      return batchFirst ? given.at(d, 1) : given.at(d);
    });
    const step = (state: readonly Tensor[], { share, counts }: { share: Tensor; counts?: Tensor }) => {
      const next = cell.step(share, state, pass, call);
      if (!counts) return [next, next[0]] as const;
      return [next.map((s, k) => counts.where(s, state[k])), counts.where(next[0], 0)] as const;
    };
    const [final, along] = scan(
      step,
      start as readonly Tensor[],
      inside ? { share: shares, counts: inside } : { share: shares },
      { reverse },
    );
    outputs.push(along);
    last.push([...final]);
  });
  const y = stack(outputs, batchFirst ? 2 : 1);
  const states = Array.from({ length: cell.states }, (_, s) =>
    stack(
      last.map((state) => state[s]),
      batchFirst ? 1 : 0,
    ),
  );
  return results(batchFirst ? y.swapAxes(0, 1) : y, ...states);
}

const product = (x: Tensor, weight: Tensor, bias?: Tensor): Tensor => {
  const y = x.matmul(weight.transpose());
  return bias ? y.add(bias) : y;
};

/** Gates input, output, forget, cell: c' = f c + i g, h' = o h(c'). */
const lstm: Cell = {
  gates: 4,
  states: 2,
  functions: ['Sigmoid', 'Tanh', 'Tanh'],
  step: (input, [h, c], { weight, peepholes, functions: [gate, inner, outer], limit }, call) => {
    const [i, o, f, g] = input.add(product(h, weight)).split(4, 1);
    const [pi, po, pf] = peepholes?.split(3) ?? [];
    const peep = (x: Tensor, p: Tensor | undefined, cell: Tensor) => gate(limit(p ? x.add(p.mul(cell)) : x));
    const input_ = peep(i, pi, c);
    const forget = call.integer('input_forget', 0) ? input_.neg().add(1) : peep(f, pf, c);
    const next = forget.mul(c).add(input_.mul(inner(limit(g))));
    return [peep(o, po, next).mul(outer(next)), next];
  },
};

/** Gates update, reset, new: h' = (1 - z) candidate + z h. */
const gru: Cell = {
  gates: 3,
  states: 1,
  functions: ['Sigmoid', 'Tanh'],
  ownBias: () => true,
  step: (input, [h], { units, weight, bias, functions: [gate, inner], limit }, call) => {
    const [forUpdate, forReset, forNew] = input.split(3, 1);
    const rows = weight.split([2 * units, units]);
    const biases = bias?.split([2 * units, units]);
    const [update, reset] = product(h, rows[0], biases?.[0]).split(2, 1);
    const z = gate(limit(forUpdate.add(update)));
    const r = gate(limit(forReset.add(reset)));
    const share = call.integer('linear_before_reset', 0)
      ? r.mul(product(h, rows[1], biases?.[1]))
      : product(r.mul(h), rows[1], biases?.[1]);
    const fresh = inner(limit(forNew.add(share)));
    return [fresh.add(z.mul(h.sub(fresh)))];
  },
};

/** h' = f(W x + R h + b). */
const plain: Cell = {
  gates: 1,
  states: 1,
  functions: ['Tanh'],
  step: (input, [h], { weight, functions: [fn], limit }) => [fn(limit(input.add(product(h, weight))))],
};

/** Recurrent networks. Initial states are never trained. */
export const recurrentNetworks: readonly OnnxOperator[] = [
  { type: 'LSTM', gradient: 'yes', since: 7, controls: [4, 5, 6], build: (call) => recurrent(call, lstm) },
  { type: 'GRU', gradient: 'yes', since: 7, controls: [4, 5], build: (call) => recurrent(call, gru) },
  { type: 'RNN', gradient: 'yes', since: 7, controls: [4, 5], build: (call) => recurrent(call, plain) },
];
