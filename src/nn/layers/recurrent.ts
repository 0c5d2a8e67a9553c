import { scan } from '../../numerics/index.js';
import { type Key, split } from '../../runtime/random/index.js';
import { concat, linear as linearOf, type NDArray, showShape, type Tensor, zeros } from '../../tensor/index.js';
import { symmetric } from '../initializers.js';
import type { Layer, Symbolic } from '../layer.js';

export interface RecurrentOptions {
  /** Layers one above the other. Default 1. */
  readonly layers?: number;
  /** A second pass from the end to the beginning, its outputs beside the first's. Default false. */
  readonly bidirectional?: boolean;
}

/** weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, ..., the backward pass's with `_reverse`, as PyTorch names them. */
export type RecurrentVariables = { readonly [name: string]: NDArray };

/** One step: from the input's share of the gates [n, gates * units], the state and the recurrent weights to the next state, its output first. */
interface Cell {
  readonly gates: number;
  /** Tensors of the state; the first is the output. */
  readonly states: number;
  step(input: Tensor, state: readonly Tensor[], weight: Tensor, bias: Tensor): readonly Tensor[];
}

function recurrent(
  who: string,
  inputs: number,
  units: number,
  cell: Cell,
  { layers = 1, bidirectional = false }: RecurrentOptions,
): Layer<RecurrentVariables> {
  const suffixes = bidirectional ? ['', '_reverse'] : [''];
  const rows = cell.gates * units;
  const each = Array.from({ length: layers }, (_, i) => i);
  const pass = (variables: Symbolic<RecurrentVariables>, x: Tensor, name: string, reverse: boolean): Tensor => {
    // The inputs' share of all steps is one product.
    const shares = linearOf(x, variables[`weight_ih_${name}`], variables[`bias_ih_${name}`]).swapAxes(0, 1);
    const start = Array.from({ length: cell.states }, () => zeros([x.shape[0], units], x.dtype));
    const [, outputs] = scan(
      (state: readonly Tensor[], input: Tensor) => {
        const next = cell.step(input, state, variables[`weight_hh_${name}`], variables[`bias_hh_${name}`]);
        return [next, next[0]] as const;
      },
      start as readonly Tensor[],
      shares,
      { reverse },
    );
    return outputs.swapAxes(0, 1);
  };
  return {
    init: (key) => {
      const bound = 1 / Math.sqrt(units);
      const parts = each.flatMap((i) => {
        const width = i === 0 ? inputs : units * suffixes.length;
        return suffixes.flatMap((suffix): [string, number[]][] => [
          [`weight_ih_l${i}${suffix}`, [rows, width]],
          [`weight_hh_l${i}${suffix}`, [rows, units]],
          [`bias_ih_l${i}${suffix}`, [rows]],
          [`bias_hh_l${i}${suffix}`, [rows]],
        ]);
      });
      const keys: Key[] = split(key, parts.length);
      return Object.fromEntries(parts.map(([name, shape], i) => [name, symmetric(keys[i], shape, bound)]));
    },
    apply: (variables, x) => {
      if (x.rank !== 3 || x.shape[2] !== inputs)
        throw new RangeError(`${who}: x ${showShape(x.shape)} must be [n, steps, ${inputs}]`);
      return each.reduce((y, i) => {
        const passes = suffixes.map((suffix) => pass(variables, y, `l${i}${suffix}`, suffix !== ''));
        return passes.length === 1 ? passes[0] : concat(passes, 2);
      }, x);
    },
  };
}

/**
 * Long short-term memory over x [n, steps, inputs], from zero states: outputs [n, steps, units], twice as wide when bidirectional. Gates in
 * PyTorch's order, input, forget, cell, output: c' = f c + i g, h' = o tanh(c'). Hochreiter and Schmidhuber 1997; Gers et al. 2000.
 */
export function lstm(inputs: number, units: number, options: RecurrentOptions = {}): Layer<RecurrentVariables> {
  const cell: Cell = {
    gates: 4,
    states: 2,
    step: (input, [h, c], weight, bias) => {
      const [i, f, g, o] = input.add(linearOf(h, weight, bias)).split(4, 1);
      const next = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
      return [o.sigmoid().mul(next.tanh()), next];
    },
  };
  return recurrent('lstm', inputs, units, cell, options);
}

/**
 * Gated recurrent units over x [n, steps, inputs], from a zero state: outputs [n, steps, units], twice as wide when bidirectional. Gates in
 * PyTorch's order, reset, update, new: candidate tanh(W x + b + r (U h + c)), h' = (1 - z) candidate + z h. Cho et al. 2014.
 */
export function gru(inputs: number, units: number, options: RecurrentOptions = {}): Layer<RecurrentVariables> {
  const cell: Cell = {
    gates: 3,
    states: 1,
    step: (input, [h], weight, bias) => {
      const [forReset, forUpdate, forNew] = input.split(3, 1);
      const [reset, update, candidate] = linearOf(h, weight, bias).split(3, 1);
      const r = forReset.add(reset).sigmoid();
      const z = forUpdate.add(update).sigmoid();
      const fresh = forNew.add(r.mul(candidate)).tanh();
      return [fresh.add(z.mul(h.sub(fresh)))];
    },
  };
  return recurrent('gru', inputs, units, cell, options);
}
