import {
  type ImportedModel,
  importOnnx,
  linearWeights,
  modelLayers,
  normalizationWeights,
  withWeights,
} from '../../import/index.js';
import { type Adapters, type Context, type Lora, lora } from '../../nn/index.js';
import { type GradientTransformation, layerWiseDecay } from '../../optim/index.js';
import { type Key, key } from '../../runtime/random/index.js';
import { type NDArray, selectPaths, type Tensor } from '../../tensor/index.js';
import type { FinetuneConfig } from './config.js';

/** Arrays, or inside a compiled function tensors, by name. */
export type Flat<L = NDArray> = Readonly<Record<string, L>>;

/** How an imported model is trained further: what trains, what stays, and how the two make the model's weights. */
export interface Adapted {
  readonly model: ImportedModel;
  /** What a gradient is taken of: weights, and the factors of adapters. */
  readonly params: Flat;
  /** Weights that stay; they are no part of the state of a run. */
  readonly frozen: Flat;
  readonly buffers: Flat;
  /** Whether batch normalisation trains on the statistics of batches. */
  readonly movesStatistics: boolean;
  /** Whether more than adapters, normalisations and a new head are trained. */
  readonly whole: boolean;
  /** The model's first output. */
  apply(
    params: Flat<Tensor>,
    frozen: Flat<Tensor>,
    buffers: Flat<Tensor>,
    inputs: Flat<Tensor>,
    context: Context,
  ): Tensor;
  /** The model file with these weights, adapters merged into those they adapt. */
  exported(params: Flat, buffers: Flat): Uint8Array;
  /** What scales updates last: learning rates by layer. */
  readonly last: readonly GradientTransformation[];
}

type Settings = Pick<FinetuneConfig, 'freeze' | 'unfreeze' | 'normOnly' | 'lora' | 'layerDecay' | 'batchNorm'>;

/**
 * A model file made ready.
 *
 * @param newHead whether the model ends in a new head, which trains whatever is frozen.
 * @throws RangeError naming a pattern that matches no parameter; when nothing is left to train.
 */
export function adapted(
  bytes: Uint8Array,
  settings: Settings,
  { newHead, seed = key(0) }: { readonly newHead: boolean; readonly seed?: Key },
): Adapted {
  const model = importOnnx(bytes);
  const variables = model.init();
  const layers = modelLayers(model);
  const names = layers.flat();
  const headNames = newHead ? headOf(model) : [];
  const norms = new Set(normalizationWeights(model));
  const trained = new Set(trainedNames(names, settings, headNames, norms));
  const adapter = adapterOf(bytes, model, settings, headNames);
  const adapters = adapter?.init(seed, variables) ?? {};
  // A weight beside which an adapter trains stays itself.
  for (const name of Object.keys(adapters)) trained.delete(name);
  const own = (keep: (name: string) => boolean): Flat =>
    Object.fromEntries(Object.entries(variables).filter(([name]) => keep(name)));
  const isState = new Set(model.buffers);
  const params = { ...own((name) => trained.has(name)), ...flattened(adapters) };
  if (Object.keys(params).length === 0)
    throw new RangeError('finetune: every parameter is frozen, nothing is left to train');
  const special = new Set([...headNames, ...norms]);
  return {
    model,
    params,
    frozen: own((name) => !trained.has(name) && !isState.has(name)),
    buffers: own((name) => isState.has(name)),
    movesStatistics:
      settings.batchNorm === undefined
        ? names.some((name) => norms.has(name) && trained.has(name))
        : settings.batchNorm === 'train',
    whole: [...trained].some((name) => !special.has(name)),
    apply: (p, frozen, buffers, inputs, context) => {
      const { weights, factors } = parted(p, adapters);
      const all = { ...frozen, ...weights, ...buffers };
      return model.apply(adapter ? adapter.apply(all, factors) : all, inputs, context);
    },
    exported: (p, buffers) => {
      const { weights, factors } = parted(p, adapters);
      const merged = adapter
        ? adapter.merge({ ...variables, ...weights, ...buffers }, factors)
        : { ...weights, ...buffers };
      return withWeights(bytes, merged);
    },
    last:
      settings.layerDecay === 1 ? [] : [layerWiseDecay({ groups: layers.map(inGroup), decay: settings.layerDecay })],
  };
}

/** The weight and bias of the linear layer that makes the first output. */
function headOf({ nodes, outputs, fileNames }: ImportedModel): string[] {
  const last = nodes.find((node) => node.outputs.includes(outputs[0].name));
  const taken = new Set(last?.inputs.slice(1));
  return [...fileNames].flatMap(([name, file]) => (taken.has(file) ? [name] : []));
}

/** Whether a parameter, or the weight that it adapts, belongs to a group. */
function inGroup(names: readonly string[]): (path: string) => boolean {
  const group = new Set(names);
  return (path) => group.has(path.replace(/\.lora_[AB]$/, ''));
}

function trainedNames(
  names: readonly string[],
  { freeze, unfreeze = [], normOnly, lora: adapting }: Settings,
  head: readonly string[],
  norms: ReadonlySet<string>,
): string[] {
  const few = normOnly || adapting !== undefined;
  if (freeze === undefined && !few && unfreeze.length > 0)
    throw new RangeError("finetune: unfreeze takes back what freeze holds; add freeze '*' to train nothing else");
  const held = new Set(freeze ? selectPaths('freeze', names, freeze) : few ? names : []);
  // A new head trains even where '*' is frozen: untrained it would say nothing.
  const free = new Set(head);
  if (normOnly) for (const name of norms) free.add(name);
  if (unfreeze.length > 0) for (const name of selectPaths('unfreeze', names, unfreeze)) free.add(name);
  return names.filter((name) => !held.has(name) || free.has(name));
}

function adapterOf(
  bytes: Uint8Array,
  model: ImportedModel,
  { lora: settings }: Settings,
  head: readonly string[],
): Lora | undefined {
  if (!settings) return undefined;
  const { rank, alpha, target } = settings;
  const linear = linearWeights(bytes, model);
  const candidates = [...linear.keys()].filter((name) => !head.includes(name));
  const chosen = new Set(selectPaths('lora', candidates, target ?? '*'));
  return lora({
    target: (path) => chosen.has(path),
    rank,
    ...(alpha !== undefined && { alpha }),
    layout: (path) => linear.get(path) ?? 'outputs-first',
  });
}

const factorNames = ['lora_A', 'lora_B'] as const;

function flattened(adapters: Adapters): Flat {
  return Object.fromEntries(
    Object.entries(adapters).flatMap(([path, factors]) =>
      factorNames.map((name) => [`${path}.${name}`, factors[name]]),
    ),
  );
}

/** Weights and adapters out of the record that holds both. */
function parted<L>(params: Flat<L>, adapters: Adapters): { weights: Flat<L>; factors: Adapters<L> } {
  const weights = { ...params };
  const factors: Record<string, { readonly lora_A: L; readonly lora_B: L }> = {};
  for (const path of Object.keys(adapters)) {
    const [a, b] = factorNames.map((name) => `${path}.${name}`);
    factors[path] = { lora_A: params[a], lora_B: params[b] };
    delete weights[a];
    delete weights[b];
  }
  return { weights, factors };
}
