import { compile, item, type Tensor } from 'cotangent';
import {
  clusterKernel,
  cosineDistances,
  gaussianKernel,
  iCon,
  labelKernel,
  mixUniform,
  neighbourKernel,
} from 'cotangent/losses';
import { squaredDistances } from 'cotangent/numerics';
import { key, normal, randint } from 'cotangent/random';

const [features, labels] = [normal(key(0), [32, 16]), randint(key(1), [32], { high: 4 })];
const losses = compile((z: Tensor, assignments: Tensor, y: Tensor) => {
  const near = mixUniform(neighbourKernel(squaredDistances(z, z), 8), 0.2);
  return {
    clustering: iCon(clusterKernel(assignments.softmax()), near),
    supCon: iCon(gaussianKernel(cosineDistances(z, z), { width: 0.5 }), labelKernel(y)),
  };
});
const { clustering, supCon } = await losses(features, normal(key(2), [32, 4]), labels);
console.log('clustering', item(clustering), 'SupCon', item(supCon));
