import { requireLabels } from '../../losses/checks.js';
import { showShape, type Tensor } from '../../tensor/index.js';

export interface OrthogonalFrameOptions {
  /** Features of each class (n_k), [K], positive. */
  readonly counts: readonly number[];
  /** Weight decay of each linear layer (lambda_W), the first first; as many as there are layers (M). Positive. */
  readonly weightDecays: readonly number[];
  /** Decay of the features (lambda_H), of their sum of squares over all samples. Positive. */
  readonly featureDecay: number;
}

/** What the best deep linear classifier and its features look like, a number a class. */
export interface GeneralOrthogonalFrame {
  /** s_k^2, the squared singular value of class k: in every layer, where all decay alike; else its geometric mean over layers. */
  readonly squaredSingularValues: readonly number[];
  /** Length of the class's row of the product of all layers, s_k^M. */
  readonly classifierLengths: readonly number[];
  /** Length of each of the class's features, s_k^M / (s_k^(2M) + N lambda_H). */
  readonly featureLengths: readonly number[];
  /** Row over feature, s_k^(2M) + N lambda_H: larger for larger classes. */
  readonly ratios: readonly number[];
  /** Minority collapse: classes with too few samples to be told from nothing. */
  readonly collapsed: readonly boolean[];
  /** The least value of {@link unconstrainedFeaturesLoss}. */
  readonly loss: number;
}

/**
 * The global minimum of {@link unconstrainedFeaturesLoss} with the squared loss and no bias, for balanced and imbalanced classes: features of a
 * class coincide, class means and rows of the product of all layers are orthogonal and point the same way, and their lengths depend on the
 * number of samples (a general orthogonal frame). The squared singular value x = s_k^2 of class k minimises
 *
 *   phi(x) = 1/2 n_k lambda_H / (x^M + N lambda_H) + M/2 lambda_W x   over x >= 0,   N = sum of n_k,
 *
 * with lambda_W the geometric mean of the layers' decays. With one layer x = max(0, sqrt(n_k lambda_H / lambda_W) - N lambda_H): a class
 * collapses where n_k <= N^2 lambda_H lambda_W. With more it is the larger root of phi', or 0 where phi is less there.
 * Dang et al. 2023, the theorems of the imbalanced case (arXiv 2301.00437).
 *
 * @throws RangeError for counts or decays that are not positive, or none.
 */
export function generalOrthogonalFrame({
  counts,
  weightDecays,
  featureDecay,
}: OrthogonalFrameOptions): GeneralOrthogonalFrame {
  for (const [name, values] of Object.entries({ counts, weightDecays, featureDecay: [featureDecay] }))
    if (values.length === 0 || values.some((v) => !(v > 0 && v < Infinity)))
      throw new RangeError(`generalOrthogonalFrame: ${name} ${showShape(values)} must be positive, and some`);
  const M = weightDecays.length;
  const N = counts.reduce((a, b) => a + b, 0);
  const ridge = N * featureDecay;
  const decay = Math.exp(weightDecays.reduce((total, v) => total + Math.log(v), 0) / M);
  const minima = counts.map((n) => leastOf({ n, M, N, ridge, decay, featureDecay }));
  const products = minima.map(({ x }) => x ** M);
  return {
    squaredSingularValues: minima.map(({ x }) => x),
    classifierLengths: products.map(Math.sqrt),
    featureLengths: products.map((p) => Math.sqrt(p) / (p + ridge)),
    ratios: products.map((p) => p + ridge),
    collapsed: minima.map(({ x }) => x === 0),
    loss: minima.reduce((total, { value }) => total + value, 0),
  };
}

interface ScalarProblem {
  readonly n: number;
  readonly M: number;
  readonly N: number;
  readonly ridge: number;
  readonly decay: number;
  readonly featureDecay: number;
}

/** Where phi is least, and its value. */
function leastOf({ n, M, N, ridge, decay, featureDecay }: ScalarProblem): { x: number; value: number } {
  const phi = (x: number) => (n * featureDecay) / (2 * (x ** M + ridge)) + (M * decay * x) / 2;
  // -2 / M phi' + lambda_W: rises up to `peak`, falls to 0 behind it.
  const pull = (x: number) => (n * featureDecay * x ** (M - 1)) / (x ** M + ridge) ** 2;
  const none = { x: 0, value: n / (2 * N) };
  const peak = ((ridge * (M - 1)) / (M + 1)) ** (1 / M);
  if (pull(peak) <= decay) return none;
  let [low, high] = [peak, ((n * featureDecay) / decay) ** (1 / (M + 1))];
  for (let middle = (low + high) / 2; low < middle && middle < high; middle = (low + high) / 2) {
    if (pull(middle) > decay) low = middle;
    else high = middle;
  }
  return phi(low) < none.value ? { x: low, value: phi(low) } : none;
}

/** Features that are free, and the linear layers on top of them. */
export interface UnconstrainedFeatures {
  /** H, [n, d]. */
  readonly features: Tensor;
  /** W_1 [d_1, d], ..., W_M [K, d_(M-1)], as `linear` takes them: one at least. */
  readonly layers: readonly Tensor[];
  /** Of the last layer, [K]; does not decay. Default: none. */
  readonly bias?: Tensor;
}

export interface UnconstrainedFeaturesOptions extends Omit<OrthogonalFrameOptions, 'counts'> {
  /** The mean loss of outputs [n, K] with labels [n]. Default: 1/(2 n) times the squared error of all outputs with one-hot labels. */
  readonly loss?: (outputs: Tensor, labels: Tensor) => Tensor;
}

/**
 * The objective of the unconstrained-features model with M linear layers, whose minima show neural collapse: the features of a net that can fit
 * anything, as variables of their own,
 *
 *   loss(H W_1^T ... W_M^T + b, y) + sum over j of lambda_Wj / 2 ||W_j||_F^2 + lambda_H / 2 ||H||_F^2.
 *
 * See {@link generalOrthogonalFrame} for its least value without bias. Balanced classes with a bias (then 1/K each), or with cross-entropy, end
 * in simplex equiangular tight frames. From small random weights it starts near saddle points; deviations of about 1/sqrt(d) do. With several
 * layers there are other stationary points than the global minimum (with cross-entropy one start of five ended there): take the best of some.
 * Dang et al. 2023 (arXiv 2301.00437).
 *
 * @param labels integers [n].
 * @returns a scalar.
 * @throws RangeError where shapes or the number of decays do not fit.
 */
export function unconstrainedFeaturesLoss(
  { features, layers, bias }: UnconstrainedFeatures,
  labels: Tensor,
  { weightDecays, featureDecay, loss = halfSquaredError }: UnconstrainedFeaturesOptions,
): Tensor {
  const shapes = [features, ...layers].map(({ shape }) => showShape(shape)).join(', ');
  if (layers.length === 0 || weightDecays.length !== layers.length)
    throw new RangeError(
      `unconstrainedFeaturesLoss: ${layers.length} layers and ${weightDecays.length} weightDecays must be as many, at least one`,
    );
  if (
    features.rank !== 2 ||
    layers.some((w, j) => w.rank !== 2 || w.shape[1] !== [features, ...layers][j].shape[j ? 0 : 1])
  )
    throw new RangeError(
      `unconstrainedFeaturesLoss: features and layers ${shapes} must be [n, d], [d_1, d], ..., [K, d_(M-1)]`,
    );
  const product = layers.reduce((h, w) => h.matmul(w.transpose()), features);
  const outputs = bias ? product.add(bias) : product;
  requireLabels('unconstrainedFeaturesLoss', outputs, labels);
  const decayed = layers.map((w, j) =>
    w
      .square()
      .sum()
      .mul(weightDecays[j] / 2),
  );
  return [
    ...decayed,
    features
      .square()
      .sum()
      .mul(featureDecay / 2),
  ].reduce((total, term) => total.add(term), loss(outputs, labels));
}

function halfSquaredError(outputs: Tensor, labels: Tensor): Tensor {
  const [n, K] = outputs.shape;
  return outputs
    .sub(labels.oneHot(K).cast(outputs.dtype))
    .square()
    .sum()
    .div(2 * n);
}
