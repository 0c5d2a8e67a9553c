import { crossEntropy, type ReductionOptions } from '../../losses/index.js';
import { reduce } from '../../losses/reduction.js';
import { readExamples, writeExamples } from '../../numerics/index.js';
import { firstOrder, type GradientTransformation } from '../../optim/index.js';
import { foldIn, type Key, randint, uniform } from '../../runtime/random/index.js';
import { isInteger, type MapTree, type NDArray, showShape, type Tensor, zerosArray } from '../../tensor/index.js';

/**
 * A bank before the first step: [items, dimension], uniform in [-a, a] with a = sqrt(3 / dimension), so that rows have a squared length of
 * 1 on average.
 */
export function initialBank(key: Key, items: number, dimension: number): NDArray<'float32'> {
  const reach = Math.sqrt(3 / dimension);
  return uniform(key, [items, dimension], { low: -reach, high: reach });
}

/**
 * The bank with the rows of a batch replaced by normalize(momentum * old + (1 - momentum) * new), without derivative. Of an item that is in
 * the batch more than once one feature counts. Wu et al. 2018, section 3.1 (momentum 0); the momentum is the published code's.
 *
 * @param bank [items, d]; `indices` of the batch's items, integers [batch]; `features` [batch, d], of length 1.
 * @param options `momentum` in [0, 1]. Default 0.5.
 */
export function updateBank(
  bank: Tensor,
  indices: Tensor,
  features: Tensor,
  { momentum = 0.5 }: { readonly momentum?: number } = {},
): Tensor {
  if (!(momentum >= 0 && momentum <= 1)) throw new RangeError(`updateBank: momentum ${momentum} must lie in [0, 1]`);
  requireBank('updateBank', features, indices, bank);
  const moved = readExamples(bank, indices)
    .mul(momentum)
    .add(features.mul(1 - momentum));
  return writeExamples(bank, indices, moved.normalize(-1)).stopGradient();
}

export interface InstanceOptions extends ReductionOptions {
  /** Temperature tau, above 0. Default 0.07, the paper's for ImageNet; 0.1 for CIFAR. */
  readonly temperature?: number;
}

/**
 * Each item a class of its own: -log softmax(V v_i / tau)_i, the bank's rows V standing for class weights, as constants. Wu et al. 2018,
 * equations 2 and 3.
 *
 * @param features v [batch, d], of length 1; `indices` of their items, integers [batch]; `bank` V [items, d].
 * @returns a scalar, or [batch] with reduction `none`.
 */
export function instanceSoftmax(
  features: Tensor,
  indices: Tensor,
  bank: Tensor,
  { temperature = 0.07, reduction }: InstanceOptions = {},
): Tensor {
  requireBank('instanceSoftmax', features, indices, bank);
  requireTemperature('instanceSoftmax', temperature);
  const logits = features.matmul(bank.stopGradient().swapAxes(0, 1)).div(temperature);
  return crossEntropy(logits, indices, { reduction });
}

/** V_j v_i / tau of the item of each feature, [batch, 1], and of the noise, [batch, m]. */
function similarities(
  who: string,
  features: Tensor,
  indices: Tensor,
  noise: Tensor,
  bank: Tensor,
  temperature: number,
) {
  requireBank(who, features, indices, bank);
  requireTemperature(who, temperature);
  const [n] = features.shape;
  if (!isInteger(noise.dtype) || noise.rank !== 2 || noise.shape[0] !== n || noise.shape[1] < 1)
    throw new RangeError(
      `${who}: noise ${noise.dtype}${showShape(noise.shape)} must be integers [${n}, m], m at least 1`,
    );
  const rows = (positions: Tensor) =>
    bank.stopGradient().gather(positions).matmul(features.expandDims(-1)).squeeze(-1).div(temperature);
  return { own: rows(indices.expandDims(-1)), others: rows(noise) };
}

/**
 * The constant Z that takes the place of softmax's denominator: items times the mean of e^(V_j v_i / tau) over the items of a batch and its
 * noise. To be estimated once, on the first batch, and kept: estimated anew in each step it breaks the noise contrast. Wu et al. 2018,
 * equation 8.
 *
 * @param features [batch, d], of length 1; `indices` [batch]; `noise` items drawn for each, [batch, m]; `bank` [items, d].
 * @returns a scalar, without derivative.
 */
export function instanceNormalizer(
  features: Tensor,
  indices: Tensor,
  noise: Tensor,
  bank: Tensor,
  { temperature = 0.07 }: { readonly temperature?: number } = {},
): Tensor {
  const { own, others } = similarities('instanceNormalizer', features, indices, noise, bank, temperature);
  return own.concat(others, 1).exp().mean().mul(bank.shape[0]).stopGradient();
}

export interface InstanceNceOptions extends InstanceOptions {
  /** Added to denominators. Default 1e-7, the published code's. */
  readonly epsilon?: number;
}

/**
 * Noise-contrastive form of {@link instanceSoftmax}: -log h(i) - sum over the m noise items k of log(1 - h(k)), h(j) = p_j / (p_j + m /
 * items) and p_j = e^(V_j v / tau) / Z. Noise is uniform over all items, the right one among them. Costs O(m d) a feature whatever the
 * number of items. Wu et al. 2018, equations 6 and 7.
 *
 * @param features [batch, d], of length 1; `indices` [batch]; `noise` integers [batch, m], the paper's m is 4096; `bank` [items, d].
 * @param normalizer Z, a scalar, see {@link instanceNormalizer}.
 * @returns a scalar, or [batch] with reduction `none`.
 */
export function instanceNce(
  features: Tensor,
  indices: Tensor,
  noise: Tensor,
  bank: Tensor,
  normalizer: Tensor,
  { temperature = 0.07, epsilon = 1e-7, reduction }: InstanceNceOptions = {},
): Tensor {
  const { own, others } = similarities('instanceNce', features, indices, noise, bank, temperature);
  const expected = noise.shape[1] / bank.shape[0];
  // log(p / (m / items + epsilon)): h is its sigmoid.
  const odds = (similarity: Tensor) =>
    similarity.sub(normalizer.stopGradient().log()).sub(Math.log(expected + epsilon));
  const missed = odds(own).neg().softplus().squeeze(-1);
  const taken = odds(others)
    .softplus()
    .add(Math.log1p(epsilon / expected))
    .sum(-1);
  return reduce(missed.add(taken), reduction);
}

/**
 * Proximal term |v_i - V_i|^2: how far features moved since their item was last seen. Wu et al. 2018, equation 10, with a weight lambda of
 * 30.
 *
 * @param features [batch, d], of length 1; `indices` [batch]; `bank` [items, d].
 * @returns a scalar, or [batch] with reduction `none`.
 */
export function proximalTerm(
  features: Tensor,
  indices: Tensor,
  bank: Tensor,
  { reduction }: ReductionOptions = {},
): Tensor {
  requireBank('proximalTerm', features, indices, bank);
  return reduce(features.sub(readExamples(bank, indices).stopGradient()).square().sum(-1), reduction);
}

function requireBank(who: string, features: Tensor, indices: Tensor, bank: Tensor): void {
  if (features.rank !== 2 || bank.rank !== 2 || features.shape[1] !== bank.shape[1])
    throw new RangeError(
      `${who}: features ${showShape(features.shape)} and bank ${showShape(bank.shape)} must be [batch, d] and [items, d]`,
    );
  if (!isInteger(indices.dtype) || indices.shape.join() !== `${features.shape[0]}`)
    throw new RangeError(
      `${who}: indices ${indices.dtype}${showShape(indices.shape)} must be integers [${features.shape[0]}]`,
    );
}

function requireTemperature(who: string, temperature: number): void {
  if (!(temperature > 0)) throw new RangeError(`${who}: temperature ${temperature} must be above 0`);
}

export interface InstanceDiscriminationOptions<P> {
  /** Features of x, [batch, dimension], of any length: they are normalised. */
  readonly embed: (params: P, x: Tensor) => Tensor;
  readonly optimizer: GradientTransformation;
  /** Number of training items. */
  readonly items: number;
  /** Of the features (d). Default 128. */
  readonly dimension?: number;
  /** Noise items for each feature (m). Default 0: the full softmax. */
  readonly noise?: number;
  /** Default 0.07. */
  readonly temperature?: number;
  /** Of the bank. Default 0.5. */
  readonly momentum?: number;
  /** Weight of the proximal term (lambda). Default 0. */
  readonly proximalWeight?: number;
}

/** All that instance discrimination carries from step to step; Z is 0 until the first batch has set it. */
export interface InstanceDiscriminationState<P, T> {
  readonly params: P;
  readonly moments: unknown;
  readonly bank: T;
  readonly normalizer: T;
}

/**
 * Training by instance discrimination: one step of the optimizer on {@link instanceSoftmax}, or with noise on {@link instanceNce}, plus the
 * weighted {@link proximalTerm}; then the bank takes the features that the loss saw. Wu et al. 2018. A step is written in tensors, to be
 * compiled.
 */
export function instanceDiscrimination<P>(options: InstanceDiscriminationOptions<P>) {
  const { embed, optimizer, items, dimension = 128, noise: m = 0, temperature, momentum, proximalWeight = 0 } = options;
  if (!Number.isInteger(m) || m < 0)
    throw new RangeError(`instanceDiscrimination: noise ${m} must be an integer of at least 0`);
  const minimizer = firstOrder(optimizer);
  return {
    /** The state before the first step. */
    init: (key: Key, params: MapTree<P, Tensor, NDArray>): InstanceDiscriminationState<typeof params, NDArray> => ({
      params,
      moments: optimizer.init(params),
      bank: initialBank(key, items, dimension),
      normalizer: zerosArray([]),
    }),
    /** @param indices which items x holds, [batch]; `key` draws the noise. */
    step: (state: InstanceDiscriminationState<P, Tensor>, x: Tensor, indices: Tensor, key: Tensor) => {
      const { bank } = state;
      const draws = m > 0 ? randint(foldIn(key, 0), [indices.shape[0], m], { high: items }) : undefined;
      const objective = (params: P) => {
        const features = embed(params, x).normalize(-1);
        const known = state.normalizer;
        const normalizer = draws
          ? known.equal(0).where(instanceNormalizer(features, indices, draws, bank, { temperature }), known)
          : known;
        const contrast = draws
          ? instanceNce(features, indices, draws, bank, normalizer, { temperature })
          : instanceSoftmax(features, indices, bank, { temperature });
        const loss = contrast.add(proximalTerm(features, indices, bank).mul(proximalWeight));
        return [loss, features, normalizer] as const;
      };
      const { params, state: moments, value } = minimizer.step(objective, state.params, state.moments);
      const [loss, features, normalizer] = value;
      return { state: { params, moments, bank: updateBank(bank, indices, features, { momentum }), normalizer }, loss };
    },
  };
}
