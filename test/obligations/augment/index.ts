import * as augment from '../../../src/augment/index.js';
import { constant, type Tensor } from '../../../src/index.js';
import { crossEntropy } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { choice, type Example, type Exceptions, loss, type Named, quantity } from '../differentiable.js';
import { between, fixed, floats, labels, shares } from '../given.js';

/** An augmentation of images [n, 3, 3, 4] in [0, 1], given a key. */
type Keyed = (images: Tensor, key: Tensor) => Tensor;

const images = shares(['n', 3, 3, 4]);
const small = shares(['n', 3, 2, 2]);
const bytes = floats(['n', 3, 2, 2], 20, 230, { edges: { wide: undefined, saturated: between(0, 255) } });
const notEmpty = { none: /must be \[n, channels, height, width\]/ };

/** Every export that changes images at random, each image by numbers of its own unless it says otherwise. */
export const keyed: Record<string, Keyed> = {
  randomHorizontalFlip: (x, k) => augment.randomHorizontalFlip(x, k),
  randomCrop: (x, k) => augment.randomCrop(x, k, { padding: 2 }),
  'randomCrop: reflected': (x, k) => augment.randomCrop(x, k, { padding: 1, border: 'reflect' }),
  cutout: (x, k) => augment.cutout(x, k, { size: 2 }),
  randomErasing: (x, k) => augment.randomErasing(x, k, { probability: 1 }),
  randomBrightness: (x, k) => augment.randomBrightness(x, k),
  randomContrast: (x, k) => augment.randomContrast(x, k),
  randomAffine: (x, k) => augment.randomAffine(x, k, { rotation: [-30, 30], scale: [0.8, 1.2] }),
  cutMix: (x, k) => augment.cutMix(x, k, { perExample: true }).x,
  mixup: (x, k) => augment.mixup(x, k, { perExample: true }).x,
};

const coefficients = (x: Named) => {
  const { luminance, blueDifference, redDifference } = augment.jpegEncode(x.images, 50);
  return luminance
    .sum([1, 2, 3])
    .add(blueDifference.sum([1, 2, 3]))
    .add(redDifference.sum([1, 2, 3]));
};
const regression = { x: floats(['n', 2]), y: fixed(floats(['n', 1])) };
const stepwise = { edges: { wide: undefined, saturated: undefined } } as const;
const model = (weights: Tensor) => (x: Tensor) => x.matmul(weights).tanh();
const ofModel = 'the function of the model says what it takes';
const ofLoss = 'the function of the loss says what it takes';
const anyRank = 'elementwise, of any shape';
const mixture = (x: Named) => ({ partner: x.partner, share: x.share });
const share = fixed(shares(['n']));
const rankings = { logits: floats(['n', 3]), mixed: floats([3, 'n', 3]), shares: fixed(shares([3, 'n'])) };
const elementwise = (fn: (x: Tensor) => Tensor, rest: Exceptions = {}): Example =>
  quantity({ x: floats(['n', 2], 0.1, 2.4, stepwise) }, ['n', 2], ({ x }) => fn(x), {
    anyRank,
    free: { x: 'whoever quantises has checked it' },
    ...rest,
  });

/** The parts of augmentations, and augmentations at one key. */
export const functions: Record<string, Example> = {
  ...Object.fromEntries(
    Object.entries(keyed).map(([name, of]) => [
      name,
      quantity({ images }, ['n', 3, 3, 4], (x) => of(x.images, constant(key(7))), {
        draws: 'each image has its own numbers',
        ...(name === 'mixup' ? { anyRank: 'examples of any shape' } : { refuses: notEmpty }),
      }),
    ]),
  ),
  randomJpeg: quantity({ images: small }, ['n', 3, 2, 2], (x) => augment.randomJpeg(x.images, constant(key(7))), {
    draws: 'each image has its own quality',
    detached: 'its derivatives are those of a smooth JPEG; random-jpeg.test.ts has them',
    refuses: notEmpty,
  }),
  diffJpeg: quantity({ images: bytes }, ['n', 3, 2, 2], (x) => augment.diffJpeg(x.images, 50), {
    refuses: notEmpty,
  }),
  jpegEncode: quantity({ images: bytes }, ['n'], coefficients, { refuses: notEmpty }),
  jpegDecode: quantity(
    {
      luminance: floats(['n', 4, 8, 8], -2, 2, stepwise),
      blueDifference: fixed(floats(['n', 1, 8, 8], -2, 2)),
      redDifference: fixed(floats(['n', 1, 8, 8], -2, 2)),
    },
    ['n', 3],
    ({ luminance, blueDifference, redDifference }) =>
      augment.jpegDecode({ luminance, blueDifference, redDifference }, [2, 2], 50).sum([2, 3]),
  ),
  softRound: elementwise(augment.softRound),
  softFloor: elementwise(augment.softFloor),
  softClip: elementwise((x) => augment.softClip(x, 0.5, 1.5)),
  jpegQualityScale: elementwise((x) => augment.jpegQualityScale(x.mul(5).add(45), augment.softArithmetic)),
  scaledTable: quantity(
    { quality: floats(['n'], 30, 70, { edges: { zero: undefined, equal: undefined, ...stepwise.edges } }) },
    ['n', 1, 8, 8],
    ({ quality }) => augment.scaledTable(augment.luminanceTable, quality, augment.softArithmetic),
    { least: 1, free: { quality: 'whoever encodes has checked it' } },
  ),
  mixExamples: quantity(
    { x: floats(['n', 2]), other: floats(['n', 2]), share: shares(['n']) },
    ['n', 2],
    ({ x, other, share }) => augment.mixExamples(x, other, share),
  ),
  mixedLoss: quantity(
    { predictions: floats(['n']), targets: fixed(floats(['n'])), partner: labels(1), share },
    [],
    (x) => augment.mixedLoss(mixture(x), x.targets, (y) => x.predictions.sub(y).square()),
    {
      ordered: 'partners are places',
      free: { predictions: ofModel, targets: ofModel, partner: 'they come from a mixture' },
    },
  ),
  regMixupLoss: quantity(
    { logits: floats(['n', 3]), mixed: floats(['n', 3]), labels: labels(3), partner: labels(1) },
    [],
    ({ logits, mixed, labels, partner }) =>
      augment.regMixupLoss(logits, mixed, labels, { partner, share: constant(0.3, logits.dtype) }),
    {
      ordered: 'partners are places',
      least: 0,
      free: { logits: ofLoss, mixed: ofLoss, labels: ofLoss, partner: 'they come from a mixture' },
    },
  ),
  regMixup: quantity(
    { x: fixed(floats(['n', 2])), weights: floats([2, 3]), labels: labels(3) },
    [],
    ({ x, weights, labels }) => augment.regMixup(model(weights), x, labels, constant(key(3))),
    { draws: 'a permutation of the batch', least: 0, free: { x: ofModel, weights: ofModel, labels: ofLoss } },
  ),
  barrierEntropy: quantity(
    { x: fixed(floats(['n', 2])), other: fixed(floats(['n', 2])), weights: floats([2, 3]) },
    [3],
    ({ x, other, weights }) => augment.barrierEntropy(model(weights), x, other, [0, 0.5, 1]),
    { least: 0, free: { x: ofModel, other: ofModel, weights: ofModel } },
  ),
  midpointMixup: quantity({ x: floats(['n', 2]) }, ['n', 2], ({ x }) => augment.midpointMixup(x, constant(key(4))).x, {
    draws: 'each example has its own partner',
    anyRank: 'examples of any shape',
  }),
  allPairsMixupLoss: quantity(
    { x: fixed(floats(['n', 2])), weights: floats([2, 3]), labels: labels(3) },
    [],
    ({ x, weights, labels }) => augment.allPairsMixupLoss(model(weights), x, labels, crossEntropy),
    { least: 0, free: { x: ofModel, weights: ofModel, labels: ofLoss }, refuses: { none: /one or more/ } },
  ),
  generalMixup: quantity(
    { x: floats(['n', 2]) },
    ['n', 2],
    ({ x }) => augment.generalMixup(x, constant(key(4)), { examples: 3 }).x,
    { draws: 'permutations of the batch', anyRank: 'examples of any shape' },
  ),
  generalMixedLoss: quantity(
    {
      predictions: floats(['n']),
      targets: fixed(floats(['n'])),
      partners: labels(1, [2, 'n']),
      shares: fixed(shares([2])),
    },
    [],
    (x) => augment.generalMixedLoss(x as never, x.targets, (y) => x.predictions.sub(y).square()),
    {
      ordered: 'partners are places',
      free: { predictions: ofModel, targets: ofModel, partners: 'they come from a mixture' },
    },
  ),
  largestShares: quantity(
    { labels: labels(3), partner: labels(1), share: shares(['n']) },
    [1, 'n'],
    (x) => augment.largestShares(x.labels, [mixture(x)]),
    { ordered: 'partners are places' },
  ),
  mixupViews: quantity(
    { x: floats(['n', 2]) },
    [2],
    ({ x }) =>
      augment
        .mixupViews(x, constant(key(5)))
        .x.square()
        .sum(0),
    {
      draws: 'permutations of the batch',
      anyRank: 'examples of any shape',
    },
  ),
  mixupRankingLoss: loss(rankings, [3, 'n'], ({ logits, mixed, shares }, o) =>
    augment.mixupRankingLoss(logits, mixed, shares, o),
  ),
  'mixupRankingLoss: of probabilities': loss(rankings, [3, 'n'], ({ logits, mixed, shares }, o) =>
    augment.mixupRankingLoss(logits, mixed, shares, { margin: 0.3, space: 'probability', ...o }),
  ),
  mixupNdcg: loss(rankings, ['n'], ({ logits, mixed, shares }, o) => augment.mixupNdcg(logits, mixed, shares, o)),
  rankMixup: quantity(
    { x: fixed(floats(['n', 2])), weights: floats([2, 3]), labels: labels(3) },
    [],
    ({ x, weights, labels }) => augment.rankMixup(model(weights), x, labels, constant(key(3))),
    { draws: 'permutations of the batch', least: 0, free: { x: ofModel, weights: ofModel, labels: ofLoss } },
  ),
  misalignedPairs: choice(
    { confidences: shares(['n', 3]), shares: shares(['n', 3]) },
    ['n'],
    undefined,
    (x) => augment.misalignedPairs(x.confidences, x.shares),
    { least: 0 },
  ),
  labelKernel: quantity(
    { y: floats(['n', 1]), pool: floats([5, 1]) },
    ['n', 5],
    ({ y, pool }) => augment.labelKernel(y, pool, { bandwidth: 0.5 }),
    { least: 0, refuses: { none: /not empty/ } },
  ),
  cMixupPartners: choice(
    { y: floats(['n', 1]), pool: floats([5, 1]) },
    ['n'],
    'int32',
    ({ y, pool }) => augment.cMixupPartners(y, pool, constant(key(2)), { bandwidth: 0.5 }),
    { draws: 'each example has its own draw', least: 0, refuses: { none: /not empty/ } },
  ),
  cMixup: quantity(
    regression,
    ['n', 2],
    ({ x, y }) => augment.cMixup({ x, y }, { x, y }, constant(key(2)), { bandwidth: 1, perExample: true }).x,
    {
      draws: 'each example has its own partner',
      refuses: { none: /not empty/ },
      detached: 'targets choose partners, without a derivative',
      anyRank: 'examples of any shape',
    },
  ),
  partnerStatistics: quantity(
    { probabilities: shares(['n', 5]), y: floats(['n', 1]), pool: floats([5, 1]) },
    ['n'],
    ({ probabilities, y, pool }) => {
      const { labelGap, effectivePartners } = augment.partnerStatistics(probabilities, y, pool);
      return effectivePartners.add(labelGap);
    },
    { least: 0, refuses: { none: /not empty/ } },
  ),
};
