import { describe } from 'vitest';
import { instanceNce } from '../../src/algorithms/index.js';
import type { Tensor } from '../../src/index.js';
import * as losses from '../../src/losses/index.js';
import { squaredDistances } from '../../src/numerics/index.js';
import { agreesWithPyTorch, c64 } from '../support/losses.js';

interface Options extends losses.ReductionOptions, losses.CircleOptions {
  readonly weights: Tensor;
  readonly features: Tensor;
  readonly covariance: Tensor;
  readonly pairs: Tensor;
  readonly mean: number;
  readonly deviation: number;
  readonly there: Tensor;
  readonly bank: Tensor;
  readonly noise: Tensor;
  readonly z: number;
}

describe('margins, metric and self-supervised losses agree with PyTorch', () => {
  agreesWithPyTorch(
    'metric',
    {
      ...losses,
      arcFace: (x: Tensor, y: Tensor, o: Options) => losses.arcFace(x, o.weights, y, o),
      arcFaceOfWeights: (w: Tensor, y: Tensor, o: Options) => losses.arcFace(o.features, w, y, o),
      adaFace: (x: Tensor, y: Tensor, { mean, deviation, ...o }: Options) =>
        losses.adaFace(x, o.weights, y, { mean: c64(mean), deviation: c64(deviation) }, o),
      tico: (x: Tensor, y: Tensor, o: Options) => losses.tico(x, y, o.covariance, o).loss,
      intl: (x: Tensor, y: Tensor, o: losses.IntlOptions) => losses.intl([x, y], o),
      harmonicLoss: (x: Tensor, y: Tensor, o: Options) => losses.harmonicLoss(x, o.weights, y, o),
      harmonicOfWeights: (w: Tensor, y: Tensor, o: Options) => losses.harmonicLoss(o.features, w, y, o),
      sFace: (x: Tensor, y: Tensor, o: Options) => losses.sFace(x, o.weights, y, o),
      'sigmoidPairLoss, pairs': (x: Tensor, y: Tensor, { reduction, pairs }: Options) =>
        losses.sigmoidPairLoss(x, y, { reduction, pairs: pairs.greater(0.5) }),
      sphereFace2: (x: Tensor, y: Tensor, o: Options) => losses.sphereFace2(x, o.weights, y, o),
      sphereFace2OfWeights: (w: Tensor, y: Tensor, o: Options) => losses.sphereFace2(o.features, w, y, o),
      unpg: (x: Tensor, y: Tensor, o: Options) =>
        losses.unpg(losses.cosFaceLogits(losses.classCosines(x, o.weights), y, { scale: 1 }), y, x, o),
      cosFace: (x: Tensor, y: Tensor, o: Options) => losses.cosFace(x, o.weights, y, o),
      circleOfClasses: (x: Tensor, y: Tensor, o: Options) =>
        losses.crossEntropy(losses.circleLogits(losses.classCosines(x, o.weights), y, o), y, {
          reduction: o.reduction,
        }),
      neuralNdcg: (x: Tensor, y: Tensor, { there, ...o }: Options) =>
        losses.neuralNdcg(x, y, { ...o, mask: there.cast('bool') }),
      instanceNce: (x: Tensor, y: Tensor, { bank, noise, z, ...o }: Options) =>
        instanceNce(x.normalize(-1), y, noise.cast('int32'), bank, c64(z), o),
      'contrastiveLoss, cosine': (x: Tensor, y: Tensor, o: Options) =>
        losses.contrastiveLoss(x, y, { ...o, distance: losses.cosineDistances }),
      'tripletLoss, semi-hard, squared': (x: Tensor, y: Tensor, o: Options) =>
        losses.tripletLoss(x, y, { ...o, distance: squaredDistances, miner: losses.semiHardTriplets({ margin: 5 }) }),
      'tripletLoss, 3-norm': (x: Tensor, y: Tensor, o: Options) =>
        losses.tripletLoss(x, y, { ...o, distance: losses.lpDistances(3) }),
      'tripletLoss, signal to noise': (x: Tensor, y: Tensor, o: Options) =>
        losses.tripletLoss(x, y, { ...o, distance: losses.signalToNoiseDistances }),
    },
    1e-10,
  );
});
