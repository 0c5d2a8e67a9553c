import { type NDArray, showShape, toNumbers } from '../../tensor/index.js';

/** Where a node gets something from: the number of the input or earlier node, inputs first, and the operation's name. */
export interface GenotypeEdge {
  readonly input: number;
  readonly operation: string;
}

/** A cell with single operations in place of mixtures: the edges into each node. */
export type Genotype = readonly (readonly GenotypeEdge[])[];

/** Edges of a cell in which every node sees all inputs and all nodes before it: nodes inputs + nodes (nodes - 1) / 2. */
export function edgeCount(nodes: number, inputs = 2): number {
  return nodes * inputs + (nodes * (nodes - 1)) / 2;
}

/** The edges into each node, by their places in the architecture: node by node, inputs first. */
export function edgesOf(nodes: number, inputs: number): { readonly edge: number; readonly input: number }[][] {
  let edge = 0;
  return Array.from({ length: nodes }, (_, node) =>
    Array.from({ length: inputs + node }, (_, input) => ({ edge: edge++, input })),
  );
}

export interface GenotypeOptions {
  /** Names of the operations, in the order of the architecture's columns. */
  readonly operations: readonly string[];
  /** Of the cell. Default 2. */
  readonly inputs?: number;
  /** Edges kept into each node; all where there are fewer. Default 2; the paper keeps 1 in recurrent cells. */
  readonly keep?: number;
  /** The operation that stands for no edge, which is never chosen. Default `none`. */
  readonly none?: string;
}

/**
 * The discrete cell at the end of a search. Into each node the edges stay whose strongest operation other than none has the largest share of
 * its edge's softmax, each with that operation; of equal ones the first. Liu et al. 2019 (arXiv 1806.09055).
 *
 * @param architecture alpha, [edges, operations], edges node by node.
 */
export function genotypeOf(architecture: NDArray, options: GenotypeOptions): Genotype {
  const { operations, inputs = 2, keep = 2, none = 'none' } = options;
  const [edges, columns] = architecture.shape;
  let nodes = 0;
  while (edgeCount(nodes, inputs) < edges) nodes++;
  if (architecture.shape.length !== 2 || columns !== operations.length || edgeCount(nodes, inputs) !== edges)
    throw new RangeError(
      `genotypeOf: architecture ${showShape(architecture.shape)} must be [edges, ${operations.length}], edges those of whole nodes with ${inputs} inputs`,
    );
  const candidates = operations.map((name, o) => ({ name, o })).filter(({ name }) => name !== none);
  if (candidates.length === 0) throw new RangeError('genotypeOf: there is no operation to choose');
  const alpha = toNumbers(architecture);
  const strongest = (edge: number) => {
    const row = alpha.slice(edge * columns, (edge + 1) * columns);
    const peak = Math.max(...row);
    const total = row.reduce((sum, a) => sum + Math.exp(a - peak), 0);
    const best = candidates.reduce((a, b) => (row[b.o] > row[a.o] ? b : a));
    return { operation: best.name, share: Math.exp(row[best.o] - peak) / total };
  };
  return edgesOf(nodes, inputs).map((into) =>
    into
      .map(({ edge, input }) => ({ input, ...strongest(edge) }))
      .sort((a, b) => b.share - a.share)
      .slice(0, keep)
      .sort((a, b) => a.input - b.input)
      .map(({ input, operation }) => ({ input, operation })),
  );
}
