import { compile, constant, item, type Tensor, valueAndGrad } from 'cotangent';
import { boundaryLabelSmoothing, crossEntropy, jaccardLoss, jaccardMetricLoss } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

// Classes of pixels: labels that are less sure at boundaries.
const [logits, labels] = [normal(key(0), [2, 3, 16, 16]), randint(key(1), [2, 16, 16], { high: 3 })];
const loss = (z: Tensor, y: Tensor) => {
  const soft = boundaryLabelSmoothing(y, { classes: 3 });
  return crossEntropy(z, soft)
    .mul(0.25)
    .add(jaccardMetricLoss(z.softmax(1), soft, { smooth: 1 }).mul(0.75));
};
const [value, gradient] = await compile(valueAndGrad(loss))(logits, labels);
console.log('loss', item(value), 'gradient', gradient.shape);

// Of a target of 0.8 the Jaccard loss likes 1 better than the target itself; the metric loss does not.
const target = constant([[[0.8]]]);
for (const prediction of [0.8, 1]) {
  const at = await compile((p: Tensor) => [jaccardLoss(p, target), jaccardMetricLoss(p, target, { smooth: 0 })])(
    constantOf(prediction),
  );
  console.log('prediction', prediction, 'jaccardLoss', item(at[0]), 'jaccardMetricLoss', item(at[1]));
}

function constantOf(p: number) {
  return { data: Float32Array.of(p), shape: [1, 1, 1], dtype: 'float32' as const };
}
