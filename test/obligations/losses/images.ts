import * as losses from '../../../src/losses/index.js';
import { type Example, loss, quantity } from '../differentiable.js';
import { bools, fixed, floats, positives, shares } from '../given.js';

const image = ['n', 1, 6, 6] as const;
const pair = { predictions: shares(image), targets: fixed(shares(image)) };
const window = { windowSize: 3, sigma: 1, weights: [0.3, 0.7] };
const depths = { predictions: positives(['n', 2, 3]), targets: fixed(positives(['n', 2, 3])) };

export const images: Record<string, Example> = {
  'ssimMaps: luminance': quantity(
    pair,
    ['n', 1, 4, 4],
    ({ predictions, targets }) => losses.ssimMaps(predictions, targets, window).luminance,
  ),
  'ssimMaps: contrast': quantity(
    pair,
    ['n', 1, 4, 4],
    ({ predictions, targets }) => losses.ssimMaps(predictions, targets, window).contrast,
  ),
  ssim: quantity(pair, ['n'], ({ predictions, targets }) => losses.ssim(predictions, targets, window)),
  msSsim: quantity(pair, ['n'], ({ predictions, targets }) => losses.msSsim(predictions, targets, window)),
  pixelwiseMsSsim: quantity(pair, ['n'], ({ predictions, targets }) =>
    losses.pixelwiseMsSsim(predictions, targets, window),
  ),
  ssimLoss: loss(pair, ['n'], ({ predictions, targets }, o) =>
    losses.ssimLoss(predictions, targets, { ...window, ...o }),
  ),
  msSsimLoss: loss(pair, ['n'], ({ predictions, targets }, o) =>
    losses.msSsimLoss(predictions, targets, { ...window, ...o }),
  ),
  msSsimL1Loss: loss(pair, ['n'], ({ predictions, targets }, o) =>
    losses.msSsimL1Loss(predictions, targets, { ...window, ...o }),
  ),
  photometricLoss: loss(
    { predictions: shares(['n', 2, 3, 3]), targets: fixed(shares(['n', 2, 3, 3])) },
    ['n', 3, 3],
    ({ predictions, targets }, o) => losses.photometricLoss(predictions, targets, o),
  ),
  minimumReprojection: loss(
    { first: positives(['n', 2]), second: positives(['n', 2]) },
    ['n', 2],
    ({ first, second }, o) => losses.minimumReprojection([first, second], o),
  ),
  edgeAwareSmoothness: loss(
    { disparities: positives(['n', 1, 3, 4]), images: fixed(shares(['n', 2, 3, 4])) },
    ['n'],
    ({ disparities, images }, o) => losses.edgeAwareSmoothness(disparities, images, o),
  ),
  leftRightConsistency: loss(
    { left: positives(['n', 1, 2, 4], 0.2, 0.8), right: positives(['n', 1, 2, 4], 0.2, 0.8) },
    ['n'],
    ({ left, right }, o) => losses.leftRightConsistency(left, right, o),
  ),
  scaleInvariantLog: loss(depths, ['n'], ({ predictions, targets }, o) =>
    losses.scaleInvariantLog(predictions, targets, o),
  ),
  'scaleInvariantLog: of some pixels': loss(
    { ...depths, mask: bools(['n', 2, 3]) },
    ['n'],
    ({ predictions, targets, mask }, o) =>
      losses.scaleInvariantLog(predictions, targets, { mask, scaleInvariance: 1, ...o }),
    { least: -1e-12 },
  ),
  alignScaleShift: quantity(depths, ['n', 2, 3], ({ predictions, targets }) =>
    losses.alignScaleShift(predictions, targets),
  ),
  scaleShiftInvariantLoss: loss({ ...depths, mask: bools(['n', 2, 3]) }, ['n'], ({ predictions, targets, mask }, o) =>
    losses.scaleShiftInvariantLoss(predictions, targets, { mask, ...o }),
  ),
  gradientLoss: loss(
    { predictions: floats(['n', 1, 4, 4]), targets: fixed(floats(['n', 1, 4, 4])) },
    ['n'],
    ({ predictions, targets }, o) => losses.gradientLoss(predictions, targets, { scales: 2, ...o }),
  ),
};
