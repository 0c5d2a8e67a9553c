import { alignment, crossEntropy, uniformity } from '../../losses/index.js';
import { knnAccuracy, meanAveragePrecisionAtR, normalizedMutualInformation, recallAtK } from '../../metrics/index.js';
import { kMeans } from '../../numerics/index.js';
import { lbfgs } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { key } from '../../runtime/random/index.js';
import { linear, type NDArray, ndarray, type Tensor, zerosArray } from '../../tensor/index.js';

/** Embeddings [n, d] with their labels [n]. */
export interface Labelled {
  readonly embeddings: NDArray;
  readonly labels: NDArray;
}

/** How well embeddings tell classes apart, without labels having been fitted and with a linear classifier. */
export interface EmbeddingScores {
  /** Share of test images whose class their 20 nearest training images name, by votes weighted with cosines. */
  readonly knnAccuracy: number;
  /** Test accuracy of a logistic regression of the training embeddings. */
  readonly linearProbe: number;
  /** Share of test images with one of their class among the nearest 1, 5, 10 other test images. */
  readonly recallAt1: number;
  readonly recallAt5: number;
  readonly recallAt10: number;
  readonly meanAveragePrecisionAtR: number;
  /** Of clusters found by k-means, as many as classes, and the labels. */
  readonly normalizedMutualInformation: number;
  /** Mean squared distance of two test images of one class, of embeddings of length 1. Lower is closer. */
  readonly alignment: number;
  /** Logarithm of the mean Gaussian potential of test embeddings of length 1. Lower is more even. */
  readonly uniformity: number;
}

/** Test accuracy by the nearest training images; the number that is followed during training. */
export const byNeighbours = (train: Labelled, test: Labelled): number => knnAccuracy(train, test, { k: 20 });

/** All scores. @throws RangeError when there are fewer test embeddings than classes. */
export async function embeddingScores(train: Labelled, test: Labelled, classes: number): Promise<EmbeddingScores> {
  const { embeddings, labels } = test;
  const recall = (k: number) => recallAtK(embeddings, labels, { k });
  return {
    knnAccuracy: byNeighbours(train, test),
    linearProbe: await linearProbe(train, test, classes),
    recallAt1: recall(1),
    recallAt5: recall(5),
    recallAt10: recall(10),
    meanAveragePrecisionAtR: meanAveragePrecisionAtR(embeddings, labels),
    normalizedMutualInformation: normalizedMutualInformation(await clustersOf(embeddings, classes), labels),
    ...(await spread(test)),
  };
}

/**
 * Test accuracy of multinomial logistic regression on embeddings that are standardised by the training set, its weights penalised by 1e-4 times
 * their squares, fitted by L-BFGS to the end.
 */
export async function linearProbe(train: Labelled, test: Labelled, classes: number): Promise<number> {
  const d = train.embeddings.shape[1];
  const scaled = compile((x: Tensor, y: Tensor) => {
    const deviation = x.variance(0).add(1e-12).sqrt();
    return [x, y].map((z) => z.sub(x.mean(0)).div(deviation));
  });
  const [x, xTest] = await scaled(train.embeddings, test.embeddings);
  type Probe = { readonly weight: Tensor; readonly bias: Tensor };
  const loss = ({ weight, bias }: Probe, z: Tensor, y: Tensor) =>
    crossEntropy(linear(z, weight, bias), y).add(weight.square().sum().mul(1e-4));
  const start = { weight: zerosArray([classes, d]), bias: zerosArray([classes]) };
  const { x: fitted } = await lbfgs(loss, start, [x, train.labels], { iterations: 200, gradientTolerance: 1e-5 });
  const right = compile(({ weight, bias }: Probe, z: Tensor, y: Tensor) =>
    linear(z, weight, bias).argmax(1).equal(y.cast('int32')).cast('float32').mean(),
  );
  const accuracy = await right(fitted, xTest, test.labels);
  for (const compiled of [scaled, right]) await compiled.release();
  return Number(accuracy.data[0]);
}

async function clustersOf(embeddings: NDArray, clusters: number): Promise<NDArray> {
  const run = compile((x: Tensor) => kMeans(x.normalize(-1), { clusters, key: key(0) }).assignments);
  const assignments = await run(embeddings);
  await run.release();
  return assignments;
}

/** Alignment of each embedding with the next of its class, and uniformity of all. */
export async function spread({ embeddings, labels }: Labelled): Promise<{ alignment: number; uniformity: number }> {
  const last = new Map<number, number>();
  const pairs = Array.from(labels.data, Number).flatMap((label, i) => {
    const before = last.get(label);
    last.set(label, i);
    return before === undefined ? [] : [[before, i]];
  });
  const run = compile((x: Tensor, a: Tensor, b: Tensor) => {
    const unit = x.normalize(-1);
    return { alignment: alignment(unit.gather(a), unit.gather(b)), uniformity: uniformity(unit, { chunk: 256 }) };
  });
  const side = (k: number) => ndarray(Int32Array.from(pairs, (pair) => pair[k]));
  const got = await run(embeddings, side(0), side(1));
  await run.release();
  return { alignment: Number(got.alignment.data[0]), uniformity: Number(got.uniformity.data[0]) };
}
