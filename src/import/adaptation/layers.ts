import { layerGroups } from '../../nn/adaptation/layer-groups.js';
import { normalizationParameters } from '../../nn/adaptation/normalization-parameters.js';
import { graphOf } from '../graph.js';
import { type ImportedModel, parsed } from '../import.js';

/** How a linear layer's weight lies: as PyTorch has it, or as ONNX's MatMul takes it. */
export type WeightLayout = 'outputs-first' | 'inputs-first';

/**
 * The weights of a model's linear layers, those that Gemm and MatMul multiply with, and how each lies: what `lora` can adapt.
 *
 * @param bytes the file that `model` was imported from.
 */
export function linearWeights(bytes: Uint8Array, model: ImportedModel): Map<string, WeightLayout> {
  const { nodes } = graphOf(parsed(bytes));
  const names = new Map(model.parameters.map((name) => [model.fileNames.get(name), name]));
  const found = new Map<string, WeightLayout>();
  // Weights that exporters turn over before they multiply.
  const turned = new Map<string, string>();
  for (const { type, inputs, outputs, attributes } of nodes) {
    const perm = attributes.get('perm')?.ints.map(Number).join() ?? '1,0';
    if (type === 'Transpose' && perm === '1,0') turned.set(outputs[0], inputs[0]);
    if (type !== 'Gemm' && type !== 'MatMul') continue;
    const source = turned.get(inputs[1]);
    const name = names.get(source ?? inputs[1]);
    if (name === undefined) continue;
    const transposed = (type === 'Gemm' && attributes.get('transB')?.i === 1n) !== (source !== undefined);
    found.set(name, transposed ? 'outputs-first' : 'inputs-first');
  }
  const shapes = model.init();
  for (const name of found.keys()) if (shapes[name].shape.length !== 2) found.delete(name);
  return found;
}

/** Operators that normalise, with the inputs that scale and shift. */
const normalizing: Readonly<Record<string, readonly number[]>> = {
  BatchNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  GroupNormalization: [1, 2],
  LayerNormalization: [1, 2],
  RMSNormalization: [1],
  SimplifiedLayerNormalization: [1],
  SkipLayerNormalization: [2, 3],
};

/** Names of the scales and shifts of a model's normalisations: by its nodes, and by name and shape where they were taken apart. */
export function normalizationWeights(model: ImportedModel): string[] {
  const files = new Set<string>();
  for (const { type, inputs } of model.nodes) for (const i of normalizing[type] ?? []) files.add(inputs[i]);
  const byName = new Set(normalizationParameters(model.init()));
  return model.parameters.filter((name) => byName.has(name) || files.has(model.fileNames.get(name) as string));
}

/**
 * The parameters of a model that its first output depends on, in groups, one a layer, from the input to the output, for `layerWiseDecay`.
 * Where names have no dots a layer is what one node takes.
 */
export function modelLayers(model: ImportedModel): string[][] {
  const firstUse = new Map<string, number>();
  const needed = new Set([model.outputs[0].name]);
  for (let i = model.nodes.length - 1; i >= 0; i--) {
    const { inputs, outputs } = model.nodes[i];
    if (!outputs.some((name) => needed.has(name))) continue;
    for (const name of inputs) {
      needed.add(name);
      firstUse.set(name, i);
    }
  }
  const at = (name: string) => firstUse.get(model.fileNames.get(name) as string) ?? -1;
  const used = model.parameters.filter((name) => at(name) >= 0).sort((a, b) => at(a) - at(b));
  const weights = model.init();
  const dotted = used.some((name) => name.includes('.'));
  const keyed = new Map(used.map((name) => [dotted ? name : `node${at(name)}.${name}`, name]));
  const groups = layerGroups(Object.fromEntries([...keyed].map(([key, name]) => [key, weights[name]])));
  return groups.map((group) => group.map((key) => keyed.get(key) as string));
}
