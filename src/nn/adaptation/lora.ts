import { foldIn, type Key } from '../../runtime/random/index.js';
import {
  leavesOf,
  mapTree,
  type NDArray,
  type PathPatterns,
  type Shape,
  selectPaths,
  showShape,
  sizeOf,
  type Tensor,
  zerosArray,
} from '../../tensor/index.js';
import { defaultWeight } from '../initializers.js';

export interface LoraOptions {
  /** Which weights get an adapter, by path; weights of fewer than two axes never do. */
  readonly target: PathPatterns;
  /** r, the rank of the change. Default 8, as in PEFT. */
  readonly rank?: number;
  /** Numerator of the change's scale alpha / r. Default: the rank, so that the scale is 1. */
  readonly alpha?: number;
  /**
   * How the weight at a path lies: [outputs, inputs, ...kernel], as linear and convolution layers here and in PyTorch and ONNX's Gemm with
   * transB have it, or [inputs, outputs], as ONNX's MatMul takes it. Default: all `outputs-first`.
   */
  readonly layout?: (path: string) => 'outputs-first' | 'inputs-first';
}

/** The two factors of each adapted weight's change, under its path: A [r, inputs], B [outputs, r]. Names as in PEFT. */
export type Adapters<L = NDArray> = { readonly [path: string]: { readonly lora_A: L; readonly lora_B: L } };

/** Low-rank adapters for some weights of a model. */
export interface Lora {
  /** A uniform as PyTorch's linear weights begin, with bound 1 / sqrt(inputs); B zero, so that the model begins unchanged. */
  init(key: Key, variables: unknown): Adapters;
  /**
   * Inside a compiled function: the variables with W + (alpha / r) B A in the place of each adapted W. Gradients flow to A and B, not to W.
   */
  apply<V>(variables: V, adapters: Adapters<Tensor>): V;
  /** The same on arrays, in double precision rounded once: the weights of a model without adapters, which computes what was trained. */
  merge<V>(variables: V, adapters: Adapters): V;
}

/**
 * Low-rank adaptation: a trained weight W stays, and a change of low rank is trained beside it, W' = W + (alpha / r) B A.
 *
 * ```ts
 * const adapter = lora({ target: '*.{query,value}.weight', rank: 8, alpha: 16 });
 * const adapters = adapter.init(key(0), variables);
 * const loss = (a, x, y) => crossEntropy(model.apply(adapter.apply(variables, a), x, context), y); // differentiated in a
 * const shipped = adapter.merge(variables, adapters);
 * ```
 *
 * Kernels of convolutions are taken as matrices [outputs, inputs * height * width]. Hu et al. 2022, equation 3 and section 4.1, where A begins
 * Gaussian; its beginning here, and the names, are those of the PEFT library.
 *
 * @throws RangeError when the rank is no positive integer, alpha not positive, or a pattern matches no weight of at least two axes.
 */
export function lora({ target, rank = 8, alpha = rank, layout = () => 'outputs-first' }: LoraOptions): Lora {
  if (!Number.isInteger(rank) || rank < 1) throw new RangeError(`lora: rank ${rank} must be a positive integer`);
  if (!(alpha > 0 && Number.isFinite(alpha))) throw new RangeError(`lora: alpha ${alpha} must be positive`);
  const scale = alpha / rank;
  const first = (path: string) => layout(path) === 'outputs-first';
  return {
    init: (key, variables) => {
      const weights = new Map(
        leavesOf<NDArray>(variables).flatMap(({ path, value }) => (value.shape.length < 2 ? [] : [[path, value]])),
      );
      const paths = selectPaths('lora', [...weights.keys()], target);
      return Object.fromEntries(
        paths.map((path, i) => {
          const { outputs, inputs } = sidesOf(path, (weights.get(path) as NDArray).shape, first(path));
          return [path, { lora_A: defaultWeight(foldIn(key, i), [rank, inputs]), lora_B: zerosArray([outputs, rank]) }];
        }),
      );
    },
    apply: (variables, adapters) =>
      adapted(variables, adapters, (weight: Tensor, { lora_A: a, lora_B: b }, path) => {
        const change = first(path) ? b.matmul(a) : a.transpose([1, 0]).matmul(b.transpose([1, 0]));
        return weight.stopGradient().add(change.mul(scale).reshape(weight.shape).cast(weight.dtype));
      }),
    merge: (variables, adapters) =>
      adapted(variables, adapters, (weight: NDArray, { lora_A: a, lora_B: b }, path) => {
        const { outputs, inputs } = sidesOf(path, weight.shape, first(path));
        const data = weight.data.slice() as Float32Array;
        for (let o = 0; o < outputs; o++)
          for (let i = 0; i < inputs; i++) {
            let sum = 0;
            for (let k = 0; k < rank; k++) sum += Number(b.data[o * rank + k]) * Number(a.data[k * inputs + i]);
            data[first(path) ? o * inputs + i : i * outputs + o] += scale * sum;
          }
        return { ...weight, data };
      }),
  };
}

function sidesOf(path: string, shape: Shape, outputsFirst: boolean): { outputs: number; inputs: number } {
  if (outputsFirst) return { outputs: shape[0], inputs: sizeOf(shape.slice(1)) };
  if (shape.length !== 2) throw new RangeError(`lora: ${path} ${showShape(shape)} must be [inputs, outputs]`);
  return { outputs: shape[1], inputs: shape[0] };
}

/** The variables with `fn` applied where there is an adapter. @throws RangeError when an adapter's weight is missing. */
function adapted<V, L>(
  variables: V,
  adapters: Adapters<L>,
  fn: (weight: never, adapter: { readonly lora_A: L; readonly lora_B: L }, path: string) => L,
): V {
  const left = new Set(Object.keys(adapters));
  const result = mapTree(variables, (leaf: never, path) => {
    if (!left.delete(path)) return leaf;
    return fn(leaf, adapters[path], path);
  }) as V;
  for (const path of left) throw new RangeError(`lora: the model has no weight ${path}, which has an adapter`);
  return result;
}
