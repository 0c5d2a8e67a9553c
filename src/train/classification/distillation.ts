import { z } from 'zod';
import { classFeatureMeans } from '../../diagnostics/index.js';
import { classDirectionLoss, distillationLoss, type LabelledOptions, ndLoss } from '../../losses/index.js';
import { Context } from '../../nn/index.js';
import { compile } from '../../runtime/index.js';
import { castArray, constant, mapTree, type NDArray, type Tensor } from '../../tensor/index.js';
import { imagesInOrder, overBatches } from '../batches.js';
import { overTargets } from '../options/augmentations.js';
import { type Choice, choice } from '../options/choice.js';
import { importOnnxFile } from '../storage/onnx-file.js';
import { lastLayer } from './last-layer.js';
import type { ClassifierRegularizer, RegularizerInput } from './regularizer.js';

/** From images [n, channels, height, width] in [0, 1] to logits. */
type Teacher = (images: Tensor) => Tensor;

/** The first output of an ONNX model, in evaluation mode, with the weights that the file holds. @throws Error where it cannot be read. */
async function teacherOf(name: string, path: string): Promise<Teacher> {
  const model = await importOnnxFile(path).catch((error: Error) => {
    throw new Error(`train: regularizer ${name}: teacher ${error.message}`);
  });
  const variables = model.init();
  return (images) => {
    const weights = mapTree(variables, (array: NDArray) => constant(array)) as Readonly<Record<string, Tensor>>;
    return model.apply(weights, images, new Context());
  };
}

function featuresOf(name: string, whose: string, logits: Tensor): Tensor {
  const layer = lastLayer(logits);
  if (!layer)
    throw new TypeError(`train: regularizer ${name} is of models that end in a linear layer; ${whose} does not`);
  return layer.features;
}

const teacher = z.string();
const weight = z.number().min(0).optional();

/** What is added for the features of a student, given a teacher and the means of the teacher's features of each class. */
type OfMeans = (student: Tensor, teacher: Tensor, means: Tensor, labels: Tensor, options: LabelledOptions) => Tensor;

/** A loss of features against the class means of a teacher's, which are of all training images as they are, before augmentations. */
const ofMeans = (name: string, loss: OfMeans): Choice<ClassifierRegularizer> =>
  choice({ teacher, weight }, ({ teacher: path, weight: factor = 1 }) =>
    fittedTo(async (train) => {
      const logitsOf = await teacherOf(name, path);
      const features = (x: Tensor) => featuresOf(name, `the teacher ${path}`, logitsOf(x));
      const run = compile(features, { name: 'teacher' });
      const seen = await overBatches(imagesInOrder(train, 256), async (batch) => ({
        features: await run(batch.images),
      }));
      await run.release();
      const means = castArray(classFeatureMeans(seen.features, train.labels, train.classes.length).means, 'float32');
      return ({ batch, logits, ignoreIndex }) => {
        const student = featuresOf(name, 'the model', logits);
        const wanted = features(batch.images);
        if (student.shape[1] !== wanted.shape[1])
          throw new RangeError(
            `train: regularizer ${name}: features of the model [${student.shape.join(', ')}] and of the teacher [${wanted.shape.join(', ')}] must be of one length`,
          );
        return overTargets(batch, (y) => loss(student, wanted, constant(means), y, { ignoreIndex })).mul(factor);
      };
    }),
  );

type Fit = Required<ClassifierRegularizer>['fitted'];
type Fitted = (data: Parameters<Fit>[0]) => Promise<(input: RegularizerInput) => Tensor>;

/** One that reads its teacher before the first step. */
const fittedTo = (made: Fitted): ClassifierRegularizer => ({
  fitted: async (data) => {
    const value = await made(data);
    return { penalty: (input) => ({ value: value(input) }) };
  },
  penalty: () => {
    throw new Error('distillation: the teacher must be read first');
  },
});

/** Regularisers against a trained model, `teacher`, an ONNX file whose first output are logits of images in [0, 1], as runs export it. */
export const distillationRegularizers: Readonly<Record<string, Choice<ClassifierRegularizer>>> = {
  classDirectionLoss: ofMeans('classDirectionLoss', (student, _, means, y, options) =>
    classDirectionLoss(student, means, y, options),
  ),
  distillationLoss: choice(
    { teacher, weight, temperature: z.number().positive().optional() },
    ({ teacher: path, weight: factor = 1, temperature }) =>
      fittedTo(async () => {
        const logitsOf = await teacherOf('distillationLoss', path);
        return ({ batch, logits }) => distillationLoss(logits, logitsOf(batch.images), { temperature }).mul(factor);
      }),
  ),
  ndLoss: ofMeans('ndLoss', ndLoss),
};
