import { leavesOf, type NDArray, type Tensor } from '../../tensor/index.js';

/**
 * The parameters of a model in groups, one a layer, from the input to the output: what a learning rate that falls layer by layer counts.
 *
 * A group is a module with a number in its path (`encoder.layer.3`, `layer1.0`) with all that is in it, and what stands between two such
 * modules (the embeddings before the first block, the head after the last). In a model without numbers each module is a group. A module of
 * vectors alone, a normalisation, belongs to the group before it.
 *
 * @param variables a tree of arrays or tensors in the order of use, as `init` of a model gives it.
 * @param isBuffer variables that do not count.
 */
export function layerGroups(variables: unknown, isBuffer: (path: string) => boolean = () => false): string[][] {
  const leaves = leavesOf<NDArray | Tensor>(variables).filter(({ path }) => !isBuffer(path));
  const numbered = leaves.some(({ path }) => blockOf(path) !== undefined);
  const groups: { name: string; paths: string[]; vectors: boolean }[] = [];
  for (const { path, value } of leaves) {
    const name = numbered ? (blockOf(path) ?? '') : path.slice(0, Math.max(path.lastIndexOf('.'), 0));
    const last = groups.at(-1);
    if (last?.name === name) {
      last.paths.push(path);
      last.vectors &&= value.shape.length < 2;
    } else groups.push({ name, paths: [path], vectors: value.shape.length < 2 });
  }
  const layers: string[][] = [];
  for (const { paths, vectors } of groups) {
    if (vectors && layers.length > 0) layers[layers.length - 1].push(...paths);
    else layers.push(paths);
  }
  return layers;
}

/** The path up to its first number, undefined where it has none. */
function blockOf(path: string): string | undefined {
  return /^(?:.*?\.)?\d+(?=\.)/.exec(path)?.[0];
}
