import { leavesOf, type NDArray, type Tensor } from '../../tensor/index.js';

/**
 * Paths of the weights and biases of normalisation layers, batch, layer, group and instance: all that is trained when nothing but the
 * statistics' scales and shifts may adapt (Frankle, Schwab and Morcos 2021 train batch normalisation alone).
 *
 * A module counts as one when it has running statistics, when its `weight` (`gamma`, `scale`) and `bias` (`beta`) have one and the same
 * shape, which no linear or convolution layer's have, or when it has a weight of one axis alone and `norm` or `ln` in its name.
 *
 * @param variables a tree of arrays or tensors; names may also be flat, `encoder.norm.weight` one key.
 */
export function normalizationParameters(variables: unknown): string[] {
  const modules = new Map<string, Map<string, NDArray | Tensor>>();
  const leaves = leavesOf<NDArray | Tensor>(variables);
  for (const { path, value } of leaves) {
    const [module, name] = split(path);
    modules.set(module, (modules.get(module) ?? new Map()).set(name, value));
  }
  return leaves
    .map(({ path }) => path)
    .filter((path) => {
      const [module, name] = split(path);
      return (scales.has(name) || shifts.has(name)) && isNormalization(module, modules.get(module) as never);
    });
}

const scales = new Set(['weight', 'gamma', 'scale']);
const shifts = new Set(['bias', 'beta']);

function split(path: string): [module: string, name: string] {
  const dot = path.lastIndexOf('.');
  return [path.slice(0, Math.max(dot, 0)), path.slice(dot + 1)];
}

function isNormalization(module: string, leaves: ReadonlyMap<string, NDArray | Tensor>): boolean {
  if (leaves.has('running_mean')) return true;
  const shapeOf = (names: ReadonlySet<string>) => [...leaves].find(([name]) => names.has(name))?.[1].shape;
  const [scale, shift] = [shapeOf(scales), shapeOf(shifts)];
  if (!scale) return false;
  return shift ? scale.join() === shift.join() : scale.length === 1 && /norm|(^|[._])ln/i.test(module);
}
