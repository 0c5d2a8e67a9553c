import type { Tensor } from '../../tensor/index.js';
import type { Node } from '../../tensor/tensor.js';

/** What becomes of a node whose inputs have become `inputs`; `undefined`: its operator is applied to them. */
export type Rule = (node: Node, inputs: readonly Tensor[]) => readonly Tensor[] | undefined;

/** A rewriting of graphs that leaves their values as they are: from all that is to be computed to the rule for each node. */
export type Pass = (outputs: readonly Tensor[]) => Rule;
