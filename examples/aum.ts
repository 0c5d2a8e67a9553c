import { compile, ndarray, type Tensor, toNumbers } from 'cotangent';
import { key, normal, randint } from 'cotangent/random';
import {
  areaUnderMargin,
  findMislabeled,
  type Margins,
  noMargins,
  recordMargins,
  thresholdSamples,
} from 'cotangent/samplers';

const [examples, classes] = [200, 10];
const threshold = thresholdSamples(key(0), { examples, classes }); // examples that training gives the label of an extra class
const labels = randint(key(1), [examples], { high: classes });
const indices = ndarray(Int32Array.from({ length: examples }, (_, i) => i));
const record = compile((s: Margins, z: Tensor, y: Tensor, i: Tensor) => recordMargins(s, z, y, i));
let margins = noMargins(examples);
for (let epoch = 0; epoch < 4; epoch++) {
  const logits = normal(key(2 + epoch), [examples, classes + 1]); // of the model in training
  margins = await record(margins, logits, labels, indices);
}
const judge = compile((s: Margins, t: Tensor) => findMislabeled([{ areas: areaUnderMargin(s), threshold: t }]));
const { flagged } = await judge(margins, threshold);
console.log('taken for mislabelled', toNumbers(flagged).filter(Boolean).length, 'of', examples);
