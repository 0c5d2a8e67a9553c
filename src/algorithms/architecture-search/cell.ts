import type { Context, Layer, Symbolic, Variables } from '../../nn/index.js';
import { foldIn, type Key } from '../../runtime/random/index.js';
import { concat, showShape, type Tensor } from '../../tensor/index.js';
import { edgeCount, edgesOf, type Genotype, type GenotypeEdge } from './genotype.js';
import { mixedOperation } from './mixed-operation.js';

/** Operations by name: layers from [n, channels, ...] to the same channels, with a stride along the further axes. */
export type Candidates = Readonly<Record<string, (channels: number, stride: number) => Layer<Variables>>>;

export interface CellOptions {
  readonly candidates: Candidates;
  /** Of the inputs and of each node. */
  readonly channels: number;
  /** Values that come from outside. Default 2, the outputs of the two cells before. */
  readonly inputs?: number;
  /** Whether operations on the inputs, not those between nodes, have a stride of 2. Default false. */
  readonly reduction?: boolean;
}

/** A cell: from its inputs, all of one shape, to the nodes' values along axis 1, [n, nodes channels, ...]. */
export interface Cell<E extends unknown[] = []> {
  init(key: Key): Variables;
  apply(variables: Symbolic<Variables>, inputs: readonly Tensor[], context: Context, ...extra: E): Tensor;
}

const strideOf = ({ inputs = 2, reduction = false }: CellOptions, input: number) =>
  reduction && input < inputs ? 2 : 1;

/** Layers by edge, then by operation; those without variables leave no entry. */
function initialized(
  layers: Readonly<Record<string, Readonly<Record<string, Layer<Variables>>>>>,
  key: Key,
): Variables {
  const entries = Object.entries(layers).map(([edge, operations], e) => {
    const made = Object.entries(operations).map(
      ([name, layer], o) => [name, layer.init(foldIn(foldIn(key, e), o))] as const,
    );
    return [edge, Object.fromEntries(made.filter(([, variables]) => Object.keys(variables).length > 0))] as const;
  });
  return Object.fromEntries(entries.filter(([, variables]) => Object.keys(variables).length > 0));
}

function variablesOf(variables: Symbolic<Variables>, edge: number | string, operation: string): Symbolic<Variables> {
  const own = variables[edge] as Symbolic<Variables> | undefined;
  return (own?.[operation] ?? {}) as Symbolic<Variables>;
}

/**
 * The cell of a search: every node is the sum over all inputs and earlier nodes of a {@link mixedOperation} of all candidates. Its
 * architecture is alpha, [edges, operations], edges node by node, inputs first; see {@link edgeCount}.
 *
 * @param options `nodes` default 4.
 */
export function searchCell(options: CellOptions & { readonly nodes?: number }): Cell<[architecture: Tensor]> {
  const { candidates, channels, inputs: given = 2, nodes: count = 4 } = options;
  const names = Object.keys(candidates);
  const into = edgesOf(count, given);
  const layers = into
    .flat()
    .map(({ input }) =>
      Object.fromEntries(names.map((name) => [name, candidates[name](channels, strideOf(options, input))])),
    );
  return {
    init: (key) => initialized(Object.fromEntries(layers.map((operations, edge) => [edge, operations])), key),
    apply: (variables, inputs, context, architecture) => {
      requireInputs('searchCell', inputs, given);
      const shape = [edgeCount(count, given), names.length];
      if (architecture.shape.join() !== shape.join())
        throw new RangeError(`searchCell: architecture ${showShape(architecture.shape)} must be ${showShape(shape)}`);
      const values = [...inputs];
      for (const edges of into) {
        const parts = edges.map(({ edge, input }) => {
          const outputs = names.map((name) =>
            layers[edge][name].apply(variablesOf(variables, edge, name), values[input], context),
          );
          return mixedOperation(outputs, architecture.at(edge));
        });
        values.push(parts.reduce((a, b) => a.add(b)));
      }
      return concat(values.slice(given), 1);
    },
  };
}

/**
 * The cell of a {@link Genotype}: every node is the sum of what its edges bring.
 *
 * @param options besides those of the cell `transform`, what becomes of an operation's output before it is added, such as dropping whole
 * paths; default: nothing.
 * @throws RangeError for an operation that is no candidate, or an input that does not come before its node.
 */
export function genotypeCell(
  genotype: Genotype,
  options: CellOptions & {
    readonly transform?: (output: Tensor, edge: GenotypeEdge & { readonly stride: number }, context: Context) => Tensor;
  },
): Cell {
  const { candidates, channels, inputs: given = 2, transform = (y: Tensor) => y } = options;
  const layers = genotype.map((edges, node) =>
    edges.map(({ input, operation }, k) => {
      if (!candidates[operation] || !(input >= 0 && input < given + node))
        throw new RangeError(
          `genotypeCell: node ${node} cannot have ${operation} of ${input}; there are ${Object.keys(candidates).join(', ')} and ${given + node} values before it`,
        );
      return {
        name: `${node}_${k}`,
        input,
        operation,
        stride: strideOf(options, input),
        layer: candidates[operation](channels, strideOf(options, input)),
      };
    }),
  );
  const byEdge = Object.fromEntries(layers.flat().map(({ name, operation, layer }) => [name, { [operation]: layer }]));
  return {
    init: (key) => initialized(byEdge, key),
    apply: (variables, inputs, context) => {
      requireInputs('genotypeCell', inputs, given);
      const values = [...inputs];
      for (const edges of layers) {
        const parts = edges.map(({ name, layer, ...edge }) => {
          const output = layer.apply(variablesOf(variables, name, edge.operation), values[edge.input], context);
          return transform(output, edge, context);
        });
        values.push(parts.reduce((a, b) => a.add(b)));
      }
      return concat(values.slice(given), 1);
    },
  };
}

function requireInputs(who: string, inputs: readonly Tensor[], count: number): void {
  const shapes = new Set(inputs.map(({ shape }) => showShape(shape)));
  if (inputs.length !== count || shapes.size !== 1)
    throw new RangeError(`${who}: inputs ${[...shapes].join(', ')} must be ${count} of one shape`);
}
