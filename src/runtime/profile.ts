import type { KernelTime } from './engine.js';

/** The time of all nodes of one operator in a run of a program. */
export interface OperatorProfile {
  /** What ONNX Runtime ran; several nodes may have been fused into one. */
  readonly operator: string;
  /** How many there were. */
  readonly nodes: number;
  /** Of all of them together, a run. */
  readonly milliseconds: number;
  /** Share of the time of all operators, in [0, 1]. */
  readonly share: number;
  /** The slowest of them, by its name in the model. */
  readonly slowest: { readonly node: string; readonly milliseconds: number };
}

/** The rows of a profile, from the times of every operator in so many runs. */
export function operatorProfiles(times: readonly KernelTime[], runs: number): OperatorProfile[] {
  const byOperator = new Map<string, Map<string, number>>();
  let all = 0;
  for (const { node, operator, milliseconds } of times) {
    const nodes = byOperator.get(operator) ?? new Map<string, number>();
    nodes.set(node, (nodes.get(node) ?? 0) + milliseconds / runs);
    byOperator.set(operator, nodes);
    all += milliseconds / runs;
  }
  const rows = [...byOperator].map(([operator, nodes]) => {
    const milliseconds = [...nodes.values()].reduce((a, b) => a + b, 0);
    const [node, most] = [...nodes].reduce((a, b) => (b[1] > a[1] ? b : a));
    const share = all > 0 ? milliseconds / all : 0;
    return { operator, nodes: nodes.size, milliseconds, share, slowest: { node, milliseconds: most } };
  });
  return rows.sort((a, b) => b.milliseconds - a.milliseconds);
}
