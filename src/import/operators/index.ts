import { newest } from '../generated/schemas.js';
import type { GraphNode } from '../graph.js';
import type { OnnxOperator } from '../operator.js';
import { arithmetic } from './arithmetic.js';
import { attentions } from './attention.js';
import { controlFlow } from './control-flow.js';
import { convolution } from './convolution.js';
import { detection } from './detection.js';
import { functions } from './functions.js';
import { fused } from './fused.js';
import { indexing } from './indexing.js';
import { linear } from './linear.js';
import { logic } from './logic.js';
import { losses } from './losses.js';
import { movement } from './movement.js';
import { normalization } from './normalization.js';
import { pooling } from './pooling.js';
import { quantization } from './quantization.js';
import { recurrentNetworks } from './recurrent.js';
import { reduction } from './reduction.js';
import { resizing } from './resize.js';
import { sampling } from './sampling.js';
import { scatter } from './scatter.js';
import { sequences } from './sequences.js';
import { shapes } from './shape.js';
import { signals } from './signal.js';

/** Operators by family, in the order of the table in docs/operators.md. */
export const families: Readonly<Record<string, readonly OnnxOperator[]>> = {
  arithmetic,
  functions,
  'comparison, logic, choice': logic,
  movement,
  'shapes, constants': shapes,
  indexing: [...indexing, ...scatter],
  reduction,
  'linear algebra': linear,
  convolution,
  pooling,
  normalisation: normalization,
  'recurrent networks': recurrentNetworks,
  attention: attentions,
  resizing,
  sampling,
  detection,
  signals,
  losses,
  quantisation: quantization,
  'sequences, optional values': sequences,
  'control flow': controlFlow,
  "ONNX Runtime's fused": fused,
};

const byName = new Map(
  Object.values(families)
    .flat()
    .map((operator) => [`${operator.domain ?? ''}:${operator.type}`, operator]),
);

/** The operator of a node that was found supported. */
export function operatorOf(node: GraphNode): OnnxOperator {
  return byName.get(`${node.domain}:${node.type}`) as OnnxOperator;
}

/** Why a node cannot be imported; undefined where it can. */
export function unsupportedReason(node: GraphNode): string | undefined {
  const name = node.domain === '' ? node.type : `${node.domain}.${node.type}`;
  const operator = byName.get(`${node.domain}:${node.type}`);
  if (!operator) return name || 'an operator without a name';
  if (node.domain === '' && (node.version < (operator.since ?? 1) || node.version > newest))
    return `${name} of operator set ${node.version}`;
  return undefined;
}
