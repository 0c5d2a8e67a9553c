import { reduce } from '../../losses/reduction.js';
import { dirichlet, permutation, split } from '../../runtime/random/index.js';
import { arange, isFloat, showShape, stack, type Tensor } from '../../tensor/index.js';
import { requireExamples } from './mixup.js';

export interface GeneralMixupOptions {
  /** How many examples each is mixed of, itself among them (s); 1 for no mixing. Default 2: ordinary mixup. The paper's d-Mixup mixes d + 1. */
  readonly examples?: number;
  /** Every parameter of the Dirichlet distribution of the shares, above 0. Default 1, the authors': all shares equally likely. */
  readonly alpha?: number;
}

/** Examples of a batch, each mixed with several others of it. */
export interface GeneralMixture {
  /** The mixed inputs, of the shape of the batch. */
  readonly x: Tensor;
  /** Which examples each is mixed of: positions in the batch, int32 [examples, n], the example itself first. */
  readonly partners: Tensor;
  /** The share of each in all mixtures of the batch, [examples]; they sum to 1. */
  readonly shares: Tensor;
}

/**
 * Mixup of any number of examples: convex combinations of an example with others of its batch,
 *
 *   x~_i = sum over r of w_r x_pi_r(i),   w ~ Dirichlet(alpha, ..., alpha),
 *
 * with pi_1(i) = i, other pi_r permutations at random, and one w for the batch. The targets are mixed alike: {@link generalMixedLoss}. A net that
 * interpolates what it was trained on is sure of every point near it, right or wrong, and no temperature mends that where classes overlap;
 * trained on mixtures alone it averages labels between neighbours. Chidambaram and Ge 2024 (arXiv 2306.00740).
 *
 * @param x [n, ...], floats.
 * @param key of shares and permutations.
 * @throws TypeError or RangeError for other x and for options out of range.
 */
export function generalMixup(x: Tensor, key: Tensor, options: GeneralMixupOptions = {}): GeneralMixture {
  const { examples = 2, alpha = 1 } = options;
  requireExamples('generalMixup', x);
  if (!Number.isInteger(examples) || examples < 1)
    throw new RangeError(`generalMixup: examples ${examples} must be a positive integer`);
  if (!(alpha > 0 && alpha < Infinity)) throw new RangeError(`generalMixup: alpha ${alpha} must be a positive number`);
  const [n] = x.shape;
  const [forShares, ...forPartners] = split(key, examples);
  const concentration = Array.from({ length: examples }, () => alpha);
  const shares = dirichlet(forShares, [], { concentration, dtype: x.dtype as 'float32' });
  const partners = stack([arange(0, n, 1, 'int32'), ...forPartners.map((own) => permutation(own, n))]);
  const parts = Array.from({ length: examples }, (_, r) => x.gather(partners.at(r)).mul(shares.at(r)));
  return { x: parts.reduce((a, b) => a.add(b)), partners, shares };
}

/**
 * The loss of predictions for mixed inputs: sum over r of w_r loss(y_pi_r), as `mixedLoss` is for two.
 *
 * @param mixture only `partners` and `shares` are looked at.
 * @param targets of the batch before it was mixed, [n, ...]; labels, or anything that the loss takes.
 * @param loss of the predictions for the mixed inputs, given targets: a number, or [n] of which the mean is taken.
 * @returns a scalar.
 * @throws TypeError or RangeError where partners and shares do not fit.
 */
export function generalMixedLoss(
  { partners, shares }: Omit<GeneralMixture, 'x'>,
  targets: Tensor,
  loss: (targets: Tensor) => Tensor,
): Tensor {
  const [examples] = partners.shape;
  if (partners.rank !== 2 || !isFloat(shares.dtype) || shares.shape.join() !== `${examples}` || examples < 1)
    throw new RangeError(
      `generalMixedLoss: partners ${showShape(partners.shape)} and shares ${shares.dtype}${showShape(shares.shape)} must be [examples, n] and floats [examples]`,
    );
  const losses = Array.from({ length: examples }, (_, r) => loss(targets.gather(partners.at(r))).mul(shares.at(r)));
  return reduce(losses.reduce((a, b) => a.add(b)));
}
