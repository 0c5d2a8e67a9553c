import { foldIn, type Key, normal, split } from '../../runtime/random/index.js';
import { gelu, linear as linearOf, type NDArray, type Tensor, zerosArray } from '../../tensor/index.js';
import { type AttentionOptions, attention, attentionWeights, joinHeads, splitHeads } from '../functional/attention.js';
import { layerNorm as layerNormOf } from '../functional/normalization.js';
import { defaultWeight, onesArray, xavierUniform } from '../initializers.js';
import type { Affine, Layer, Symbolic } from '../layer.js';
import { dropout as dropoutLayer } from './stateless.js';

export type AttentionVariables = {
  readonly in_proj_weight: NDArray;
  readonly in_proj_bias: NDArray;
  readonly out_proj: Affine;
};

/**
 * Multi-head self-attention of x [n, tokens, features], with PyTorch's packed projections: in_proj_weight [3 features, features] for
 * queries, keys and values, each split into `heads` heads. Vaswani et al. 2017, section 3.2.2.
 *
 * @param options `mask` broadcasts to [n, heads, queries, keys]: give a padding mask as [n, 1, 1, keys].
 */
export function multiheadAttention(
  features: number,
  heads: number,
  options: AttentionOptions = {},
): Layer<AttentionVariables> {
  if (features % heads !== 0)
    throw new RangeError(`multiheadAttention: ${heads} heads do not divide ${features} features`);
  return {
    init: (key) => initialProjections(key, features),
    apply: (variables, x) => {
      const [query, key, value] = linearOf(x, variables.in_proj_weight, variables.in_proj_bias)
        .split(3, -1)
        .map((part) => splitHeads(part, heads));
      return linearOf(
        joinHeads(attention(query, key, value, options)),
        variables.out_proj.weight,
        variables.out_proj.bias,
      );
    },
  };
}

function initialProjections(key: Key, features: number): AttentionVariables {
  const [forInput, forOutput] = split(key);
  return {
    in_proj_weight: xavierUniform()(forInput, [3 * features, features]),
    in_proj_bias: zerosArray([3 * features]),
    out_proj: { weight: defaultWeight(forOutput, [features, features]), bias: zerosArray([features]) },
  };
}

/** Attention of one sequence to another. It has two inputs and two results, so it is no {@link Layer}. */
export interface CrossAttention {
  init(key: Key): AttentionVariables;
  /**
   * @param x [n, queries, features], memory [n, keys, features].
   * @returns the output [n, queries, features], and the weights [n, heads, queries, keys]: each row sums to 1, and says where a query looked.
   */
  apply(
    variables: Symbolic<AttentionVariables>,
    x: Tensor,
    memory: Tensor,
  ): { readonly output: Tensor; readonly weights: Tensor };
}

/**
 * Multi-head attention of queries from x to keys and values from a memory, whose weights are a result to look at or to take a loss of. The
 * variables are those of {@link multiheadAttention}. Vaswani et al. 2017, section 3.2.3.
 */
export function crossAttention(features: number, heads: number, options: AttentionOptions = {}): CrossAttention {
  if (features % heads !== 0) throw new RangeError(`crossAttention: ${heads} heads do not divide ${features} features`);
  return {
    init: (key) => initialProjections(key, features),
    apply: ({ in_proj_weight, in_proj_bias, out_proj }, x, memory) => {
      const [weights, biases] = [in_proj_weight, in_proj_bias].map((t) => t.split(3));
      const project = (from: Tensor, k: number) => splitHeads(linearOf(from, weights[k], biases[k]), heads);
      const looked = attentionWeights(project(x, 0), project(memory, 1), options);
      const mixed = joinHeads(looked.matmul(project(memory, 2)));
      return { output: linearOf(mixed, out_proj.weight, out_proj.bias), weights: looked };
    },
  };
}

export type EncoderBlockVariables = {
  readonly ln_1: Affine;
  readonly self_attention: AttentionVariables;
  readonly ln_2: Affine;
  readonly mlp: { readonly '0': Affine; readonly '3': Affine };
};

export interface EncoderBlockOptions extends AttentionOptions {
  readonly features: number;
  readonly heads: number;
  readonly mlpFeatures: number;
  /** After attention and inside and after the MLP. Default 0. */
  readonly dropout?: number;
  /** Of the layer norms. Default 1e-6, torchvision's. */
  readonly epsilon?: number;
}

/**
 * A transformer encoder block with normalisation first: x + attention(norm(x)), then x + mlp(norm(x)), the MLP with GELU. Variables are
 * named, and initialised, as in torchvision's vision transformers.
 */
export function encoderBlock(options: EncoderBlockOptions): Layer<EncoderBlockVariables> {
  const { features, heads, mlpFeatures, dropout = 0, epsilon = 1e-6, ...attentionOptions } = options;
  const selfAttention = multiheadAttention(features, heads, attentionOptions);
  const affine = (key: NDArray<'int32'>, outputs: number, inputs: number): Affine => ({
    weight: xavierUniform()(foldIn(key, 0), [outputs, inputs]),
    bias: normal(foldIn(key, 1), [outputs], { deviation: 1e-6 }),
  });
  const norm = (): Affine => ({ weight: onesArray([features]), bias: zerosArray([features]) });
  const drop = dropoutLayer(dropout);
  return {
    init: (key) => {
      const keys = split(key, 3);
      return {
        ln_1: norm(),
        self_attention: selfAttention.init(keys[0]),
        ln_2: norm(),
        mlp: { '0': affine(keys[1], mlpFeatures, features), '3': affine(keys[2], features, mlpFeatures) },
      };
    },
    apply: ({ ln_1, self_attention, ln_2, mlp }: Symbolic<EncoderBlockVariables>, x, context) => {
      const attended = selfAttention.apply(self_attention, layerNormOf(x, ln_1.weight, ln_1.bias, epsilon), context);
      const middle = x.add(drop.apply({}, attended, context));
      const normed = layerNormOf(middle, ln_2.weight, ln_2.bias, epsilon);
      const hidden = drop.apply({}, gelu(linearOf(normed, mlp['0'].weight, mlp['0'].bias)), context);
      return middle.add(drop.apply({}, linearOf(hidden, mlp['3'].weight, mlp['3'].bias), context));
    },
  };
}
