import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { arcFace, subCenterOutliers } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [embeddings, labels] = [normal(key(0), [32, 64]), randint(key(1), [32], { high: 100 })];
const loss = (w: Tensor, x: Tensor, y: Tensor) => arcFace(x, w, y, { margin: 0.5, scale: 64 });
const weights = normal(key(2), [100, 64]); // one row for each class
const [value, gradient] = await compile(valueAndGrad(loss))(weights, embeddings, labels);
console.log('loss', item(value), 'gradient', gradient.shape);

const subCenters = normal(key(3), [100, 3, 64]); // three for each class
const suspect = await compile((x: Tensor, y: Tensor, w: Tensor) => subCenterOutliers(x, y, w, { angle: 75 }))(
  embeddings,
  labels,
  subCenters,
);
console.log('suspect', suspect.shape);
