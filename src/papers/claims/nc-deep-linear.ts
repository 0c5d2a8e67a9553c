import { mnist, subset } from '../../data/index.js';
import {
  classFeatureMeans,
  generalOrthogonalFrame,
  neuralCollapse,
  orthogonalFrameDistance,
  selfDualityDistance,
  unconstrainedFeaturesLoss,
} from '../../diagnostics/index.js';
import { Context, mlp, type Symbolic, type Variables } from '../../nn/index.js';
import { adam, cosine, firstOrder } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, normal, permutation } from '../../runtime/random/index.js';
import { constant, type NDArray, ndarray, type Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { scaled } from '../experiments/digits.js';
import type { Labelled } from '../experiments/gaussians.js';

const counts = [600, 300, 150];
const [width, weightDecay, featureDecay] = [64, 5e-3, 1e-5];
const backbone = mlp({ sizes: [196, 128, 128, width] });

type Model<L, V> = { readonly backbone: V; readonly layers: readonly L[] };
type SymbolicModel = Model<Tensor, Symbolic<Variables>>;

const featuresOf = (model: SymbolicModel, x: Tensor) => backbone.apply(model.backbone, x, new Context()).relu();
const productOf = ({ layers }: SymbolicModel) => layers.reduce((product, layer) => layer.matmul(product));

export const claim: Claim = {
  statement:
    'Trained by the squared loss without bias on classes of different size, linear layers on top of a net end in orthogonal directions, whose lengths are those that theory gives for the number of samples.',
  effect:
    'distance of the classifier from orthogonal directions of equal length over that from the lengths predicted, one linear layer',
  unit: 'ratio, 1 for no difference',
  threshold: 3,
  neutral: 1,
  data: '600, 300 and 150 digits of three classes of MNIST at 14 by 14 pixels, all in one batch',
  seeds: 3,
  remarks:
    'A ReLU net 196-128-128-64 without decay of its own, one or three linear layers (decay 0.005) on its features (decay 0.00001), Adam for 2,500 steps. The net stands for features that are free: with these the minimum is the prediction to five digits (test/diagnostics/neural-collapse).',
  async measure(seed, note) {
    const { x, y } = await digitsOfThreeClasses(seed);
    const arms: Record<string, Arm> = {};
    for (const depth of [1, 3]) {
      const weightDecays = new Array<number>(depth).fill(weightDecay);
      const predicted = generalOrthogonalFrame({ counts, weightDecays, featureDecay });
      const look = compile((m: SymbolicModel) => ({ features: featuresOf(m, constant(x)), product: productOf(m) }));
      const measured = async (model: unknown): Promise<Arm> => {
        const { features, product } = await look(model as never);
        const nc = neuralCollapse(features, y, { weights: product, centred: false });
        const { means } = classFeatureMeans(features, y);
        return {
          'log10 of within-class variability (NC1)': Math.log10(nc.withinClassVariability),
          'classifier, from orthogonal and equal (NC2)': nc.classifier.orthogonal,
          'classifier, from orthogonal of the predicted lengths (NC2)': orthogonalFrameDistance(
            product,
            predicted.classifierLengths,
          ),
          'means, from orthogonal of the predicted lengths (NC2)': orthogonalFrameDistance(
            means,
            predicted.featureLengths,
          ),
          'classifier from scaled means (NC3)': selfDualityDistance(product, means, predicted.ratios),
          'nearest mean disagrees (NC4)': nc.nearestMeanDisagreement,
        };
      };
      const layers = depth === 1 ? 'one layer' : 'three layers';
      const { before, after, loss } = await trainedModel(seed, { x, y }, weightDecays);
      arms[`${layers}, before`] = await measured(before);
      arms[`${layers}, after`] = {
        ...(await measured(after)),
        'training loss over the predicted': loss / predicted.loss,
      };
      note(
        `${layers}: ${Object.values(arms[`${layers}, after`])
          .map((v) => v.toPrecision(3))
          .join(', ')}`,
      );
      await look.release();
    }
    const after = arms['one layer, after'];
    return {
      effect:
        after['classifier, from orthogonal and equal (NC2)'] /
        after['classifier, from orthogonal of the predicted lengths (NC2)'],
      arms,
    };
  },
};

/** Digits of three classes that the seed draws, means over squares of four pixels. */
async function digitsOfThreeClasses(seed: number): Promise<Labelled> {
  const all = await mnist({ split: 'train' });
  const root = key(270_000 + seed);
  const classes = permutation(foldIn(root, 0), 10).data.slice(0, counts.length);
  const order = Array.from(permutation(foldIn(root, 1), all.labels.shape[0]).data);
  const chosen = counts.flatMap((n, k) => order.filter((i) => all.labels.data[i] === classes[k]).slice(0, n));
  const { x } = scaled(subset(all, chosen));
  const small = Float32Array.from({ length: chosen.length * 196 }, (_, at) => {
    const [i, row, column] = [Math.floor(at / 196), Math.floor((at % 196) / 14), at % 14];
    const corner = i * 784 + 56 * row + 2 * column;
    return (x.data[corner] + x.data[corner + 1] + x.data[corner + 28] + x.data[corner + 29]) / 4;
  });
  const y = Int32Array.from(counts.flatMap((n, k) => new Array<number>(n).fill(k)));
  return { x: ndarray(small, { shape: [chosen.length, 196] }), y: ndarray(y) };
}

async function trainedModel(seed: number, { x, y }: Labelled, weightDecays: readonly number[]) {
  const root = key(280_000 + seed);
  const depth = weightDecays.length;
  const steps = 2500;
  const minimizer = firstOrder(adam({ learningRate: cosine(2e-3, { steps }) }));
  const before = {
    backbone: backbone.init(foldIn(root, 0)),
    layers: weightDecays.map((_, j): NDArray => {
      const drawn = normal(foldIn(root, 1 + j), [j === depth - 1 ? counts.length : width, width]);
      return { ...drawn, data: drawn.data.map((v) => v / Math.sqrt(width)) };
    }),
  };
  const step = compile(
    (m: SymbolicModel, moments: unknown, xs: Tensor, ys: Tensor) => {
      const objective = (p: SymbolicModel) =>
        unconstrainedFeaturesLoss({ features: featuresOf(p, xs), layers: p.layers }, ys, {
          weightDecays,
          featureDecay,
        });
      const made = minimizer.step(objective, m, moments);
      return { model: made.params, moments: made.state, loss: made.value };
    },
    { donate: [1] },
  );
  let model = before as never;
  let moments = minimizer.init(model) as never;
  let loss = 0;
  for (let i = 0; i < steps; i++) {
    const made = await step(model, moments, x, y);
    model = made.model as never;
    moments = made.moments as never;
    loss = Number(made.loss.data[0]);
  }
  await step.release();
  return { before, after: model as unknown, loss };
}
