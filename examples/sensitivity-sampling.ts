import { compile, item, type Tensor } from 'cotangent';
import { key, normal, uniform } from 'cotangent/random';
import {
  clusterRepresentatives,
  sensitivityProbabilities,
  sensitivitySample,
  weightedMeanLoss,
} from 'cotangent/samplers';

const [embeddings, losses] = [normal(key(0), [500, 8]), uniform(key(1), [500])];
const estimate = compile((x: Tensor, all: Tensor, k: Tensor) => {
  const clusters = clusterRepresentatives(x, { clusters: 20, key: key(2) });
  const p = sensitivityProbabilities(all.gather(clusters.representatives), clusters, { slack: 0.1 });
  const { indices, weights } = sensitivitySample(p, k, { samples: 100 });
  return { estimated: weightedMeanLoss(all.gather(indices), weights, { points: 500 }), mean: all.mean() };
});
const { estimated, mean } = await estimate(embeddings, losses, key(3));
console.log('mean loss', item(mean), 'from 100 of 500', item(estimated));
